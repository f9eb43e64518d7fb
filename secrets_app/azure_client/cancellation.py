"""Cancels the requests, pauses and processes of a reading that is no longer needed."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_CURRENT: ContextVar["CancellationToken | None"] = ContextVar("cancellation_token", default=None)
"""The cancellation token of this thread's reading."""


class Cancelled(Exception):  # noqa: N818 - not an error: the result is no longer needed
    """The reading was cancelled."""


class CancellationToken:
    """Cancels what the libraries cannot cancel: a slow read, a pause, a tool that does not respond."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._event = threading.Event()
        self._callbacks: dict[object, Callable[[], None]] = {}

    @property
    def cancelled(self) -> bool:
        return self._event.is_set()

    def cancel(self) -> None:
        """Cancel everything that is registered, and prevent anything new from starting."""
        with self._lock:
            self._event.set()
            callbacks, self._callbacks = tuple(self._callbacks.values()), {}
        for callback in callbacks:
            callback()

    @contextmanager
    def on_cancel(self, callback: Callable[[], None]) -> Iterator[None]:
        """On cancellation during the block, `callback` is called in another thread.

        Raises Cancelled if already cancelled.
        """
        key = object()
        with self._lock:
            self.check()
            self._callbacks[key] = callback
        try:
            yield
        finally:
            with self._lock:
                self._callbacks.pop(key, None)

    def sleep(self, seconds: float) -> None:
        """Sleep. Raises Cancelled on cancellation."""
        self._event.wait(seconds)
        self.check()

    def check(self) -> None:
        """Raises Cancelled if cancelled."""
        if self.cancelled:
            raise Cancelled


def current() -> CancellationToken:
    """The cancellation token of this thread's reading; outside a reading, one that is never cancelled."""
    return _CURRENT.get() or CancellationToken()


def use_token(token: CancellationToken) -> None:
    """Use `token` to cancel this thread's work from now on."""
    _CURRENT.set(token)


@contextmanager
def time_limit(seconds: float) -> Iterator[CancellationToken]:
    """Cancel this thread's work after `seconds`. Timeouts of a socket restart with every byte; this one does not."""
    token = CancellationToken()
    previous = _CURRENT.set(token)
    timer = threading.Timer(seconds, token.cancel)
    timer.daemon = True
    timer.start()
    try:
        yield token
    finally:
        timer.cancel()
        _CURRENT.reset(previous)
