"""Cancels the requests, pauses and processes of a reading that is no longer needed."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_CURRENT: ContextVar["CancellationToken | None"] = ContextVar("cutoff", default=None)
"""The cancellation token of this thread's reading."""


class Cancelled(Exception):  # noqa: N818 - not an error: the result is no longer needed
    """The reading was cancelled."""


class CancellationToken:
    """Cancels from outside what the libraries cannot cancel: a slow read, a pause, a tool that hangs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pulled = threading.Event()
        self._ends: dict[object, Callable[[], None]] = {}

    @property
    def cancelled(self) -> bool:
        return self._pulled.is_set()

    def cancel(self) -> None:
        """Cancel everything that is registered, and prevent anything new from starting."""
        with self._lock:
            self._pulled.set()
            ends, self._ends = tuple(self._ends.values()), {}
        for end in ends:
            end()

    @contextmanager
    def on_cancel(self, end: Callable[[], None]) -> Iterator[None]:
        """`end` is called, in another thread, on cancellation during the block. Raises GivenUp if already cancelled."""
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
        """Sleep. Raises GivenUp on cancellation."""
        self._pulled.wait(seconds)
        self.check()

    def check(self) -> None:
        """Raises GivenUp if cancelled."""
        if self.cancelled:
            raise Cancelled


def current() -> CancellationToken:
    """The cancellation token of this thread's reading; outside a reading, one that is never cancelled."""
    return _CURRENT.get() or CancellationToken()


def use_token(cutoff: CancellationToken) -> None:
    """Use `cutoff` to cancel this thread's work from now on."""
    _CURRENT.set(cutoff)
