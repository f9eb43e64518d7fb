"""Process-wide state, owned by one object so that a test can reset it."""

import atexit
import threading
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


class Runtime:
    """The caches, pools and limits of one process, each created on first use by its class."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._state: dict[Callable[[], Any], Any] = {}

    def get(self, create: Callable[[], T]) -> T:
        """The instance that `create` (usually a class) returned in this runtime. `create` must be quick."""
        state: T | None = self._state.get(create)
        if state is None:
            with self._lock:
                state = self._state.get(create)
                if state is None:
                    state = self._state[create] = create()
        return state

    def close(self) -> None:
        """Drop all state, calling `close()` on every instance that has it."""
        with self._lock:
            state, self._state = self._state, {}
        for instance in state.values():
            close = getattr(instance, "close", None)
            if close:
                close()


_runtime = Runtime()


def shared(create: Callable[[], T]) -> T:
    """The one instance of `create` in this process."""
    return _runtime.get(create)


@atexit.register
def reset() -> None:
    """Close and drop all state, as at the end of the process or of a test."""
    _runtime.close()
