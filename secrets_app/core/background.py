"""Runs work in background threads, so that callers can limit how long they wait."""

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")

_lock = threading.Lock()
_under_way: dict[Hashable, Future[Any]] = {}


def run_in_background(name: str, about: Hashable, work: Callable[[], T]) -> Future[T]:
    """The future of `work`, run in its own thread. It is cancelled when `work` raises; the log has the traceback.

    While work with the same name and subject is in progress, callers share its future: work that hangs is not started
    twice.
    """
    key = (name, about)
    with _lock:
        if key in _under_way:
            return _under_way[key]
        future: Future[T] = Future()
        _under_way[key] = future
    # A daemon thread: a DNS server that hangs must not keep a finished command from exiting.
    thread = threading.Thread(target=_run, args=(key, work, future), name=f"environment: {name}", daemon=True)
    try:
        thread.start()
    except RuntimeError:  # no more threads can be started
        _end(key, future)
    return future


def _run(key: Hashable, work: Callable[[], T], future: Future[T]) -> None:
    try:
        result = work()
        _forget(key)
        future.set_result(result)
    finally:
        _end(key, future)


def _end(key: Hashable, future: Future[Any]) -> None:
    """Cancels a future without a result, so that no caller waits forever."""
    if future.cancel():
        _forget(key)


def _forget(key: Hashable) -> None:
    with _lock:
        _under_way.pop(key, None)
