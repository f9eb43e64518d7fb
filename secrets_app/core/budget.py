"""How many readings visitors may start in this process."""

import threading
import time
from collections.abc import Callable

READINGS_PER_S = 10
"""New readings of what visitors choose, in all. The metadata service allows 20 requests a second."""


class BudgetExceededError(Exception):
    """Too many new readings; `retry_after_s` is when the next one is allowed."""

    def __init__(self, retry_after_s: float) -> None:
        super().__init__(f"too many readings; the next one in {retry_after_s:.1f} s")
        self.retry_after_s = retry_after_s


class VisitorBudget:
    """A token bucket for all visitors together: one second's readings at once, then READINGS_PER_S."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._left = float(READINGS_PER_S)
        self._at = clock()

    def take(self, count: int = 1) -> None:
        """Take `count` readings that start together. Raises BudgetExceededError unless at least one is left.

        The rest is taken in advance: a comparison of twelve credentials is allowed, and the next one has to wait.
        """
        with self._lock:
            now = self._clock()
            self._left = min(READINGS_PER_S, self._left + (now - self._at) * READINGS_PER_S)
            self._at = now
            if self._left < 1:
                raise BudgetExceededError((1 - self._left) / READINGS_PER_S)
            self._left -= count
