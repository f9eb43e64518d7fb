"""Work in background threads, which callers wait for only for a limited time."""

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Any, TypeVar

from secrets_app.core.runtime import shared

T = TypeVar("T")


def run_in_background(name: str, subject: Hashable, work: Callable[[], T]) -> Future[T]:
    """The future of `work`, which runs in its own thread. Cancelled if `work` fails; the log has the traceback.

    Calls with the same `name` and `subject` share the work in progress: nothing that blocks is started twice.
    """
    return shared(_Tasks).start((name, subject), work)


class _Tasks:
    """The work in progress in this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[Hashable, Future[Any]] = {}

    def start(self, key: tuple[str, Hashable], work: Callable[[], T]) -> Future[T]:
        with self._lock:
            if key in self._running:
                return self._running[key]
            future: Future[T] = Future()
            self._running[key] = future
        # A daemon: a name server that does not respond must not prevent a finished command from exiting.
        thread = threading.Thread(target=self._run, args=(key, work, future), name=f"doctor: {key[0]}", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # the system has no more threads for this process
            self._cancel(key, future)
        return future

    def _run(self, key: Hashable, work: Callable[[], T], future: Future[T]) -> None:
        try:
            result = work()
            self._remove(key)
            future.set_result(result)
        finally:
            self._cancel(key, future)

    def _cancel(self, key: Hashable, future: Future[Any]) -> None:
        """Cancel the future if it has no result, so that no caller waits forever."""
        if future.cancel():
            self._remove(key)

    def _remove(self, key: Hashable) -> None:
        with self._lock:
            self._running.pop(key, None)
