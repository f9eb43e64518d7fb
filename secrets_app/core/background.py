"""Work in threads of its own, waited for no longer than agreed."""

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")

_lock = threading.Lock()
_under_way: dict[Hashable, Future[Any]] = {}


def run_in_background(name: str, about: Hashable, work: Callable[[], T]) -> Future[T]:
    """The future of `work`, which a thread of its own does. One that is cancelled broke; the log says how.

    While work of this name about the same thing is under way, everybody who asks gets that one: nothing that hangs is
    ever started twice.
    """
    key = (name, about)
    with _lock:
        if key in _under_way:
            return _under_way[key]
        future: Future[T] = Future()
        _under_way[key] = future
    # A daemon: a name server that hangs must not keep a finished command from ending.
    thread = threading.Thread(target=_run, args=(key, work, future), name=f"environment: {name}", daemon=True)
    try:
        thread.start()
    except RuntimeError:  # the machine gives us no more threads
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
    """Nobody waits for ever: without a result by now there will be none."""
    if future.cancel():
        _forget(key)


def _forget(key: Hashable) -> None:
    with _lock:
        _under_way.pop(key, None)
