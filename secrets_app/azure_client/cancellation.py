"""What one reading has open, so that all of it ends when nobody waits for it any more."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_CURRENT: ContextVar["CancellationToken | None"] = ContextVar("cutoff", default=None)
"""The cutoff of the reading that this thread does."""


class Cancelled(Exception):  # noqa: N818 - nothing is wrong: the one who asked has gone
    """Nobody waits for this reading any more."""


class CancellationToken:
    """Ends from outside what the libraries cannot be asked to end: a read that drips, a pause, a tool that hangs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pulled = threading.Event()
        self._ends: dict[object, Callable[[], None]] = {}

    @property
    def cancelled(self) -> bool:
        return self._pulled.is_set()

    def cancel(self) -> None:
        """End all that is held, and let nothing more begin."""
        with self._lock:
            self._pulled.set()
            ends, self._ends = tuple(self._ends.values()), {}
        for end in ends:
            end()

    @contextmanager
    def on_cancel(self, end: Callable[[], None]) -> Iterator[None]:
        """`end` is called, in another thread, when the cutoff is pulled during the block. Raises GivenUp after that."""
        key = object()
        with self._lock:
            self.check()
            self._ends[key] = end
        try:
            yield
        finally:
            with self._lock:
                self._ends.pop(key, None)

    def sleep(self, seconds: float) -> None:
        """Raises GivenUp when the cutoff is pulled meanwhile."""
        self._pulled.wait(seconds)
        self.check()

    def check(self) -> None:
        """Raises GivenUp when the cutoff was pulled."""
        if self.cancelled:
            raise Cancelled


def current() -> CancellationToken:
    """The cutoff of this thread's reading; one that nobody pulls, outside of a reading."""
    return _CURRENT.get() or CancellationToken()


def use_token(cutoff: CancellationToken) -> None:
    """What this thread does from now on is ended by `cutoff`."""
    _CURRENT.set(cutoff)
