"""Results and background work shared by concurrent callers, and results cached for a short time."""

import math
import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from contextlib import suppress
from contextvars import copy_context
from typing import Any, Generic, TypeVar

from secrets_app.core.runtime import shared

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


class ResultCache(Generic[K, T]):
    """The last few results, each for `life_s` seconds. Concurrent callers wait for one computation.

    A cached result is returned without the lock, for which a hundred threads would queue; cachetools needs one.
    """

    def __init__(self, size: int, life_s: float = math.inf) -> None:
        self._size, self._life_s = size, life_s
        self._results: dict[K, tuple[T, float]] = {}
        """With the end of its life; the oldest first."""
        self._lock = threading.Lock()

    def get(self, key: K, compute: Callable[[], T]) -> T:
        """The cached result, or that of `compute`, which must be quick: other callers wait for it."""
        cached = self._results.get(key)
        if cached is None or cached[1] <= time.monotonic():
            with self._lock:
                cached = self._results.get(key)
                if cached is None or cached[1] <= time.monotonic():
                    result = compute()
                    cached = result, time.monotonic() + self._life_s
                    _put_last(self._results, key, cached, self._size)
        return cached[0]


def _put_last(entries: dict[K, T], key: K, value: T, size: int) -> None:
    """Add the entry as the newest one, and drop the oldest ones beyond `size`."""
    entries.pop(key, None)
    while len(entries) >= size:
        del entries[next(iter(entries))]
    entries[key] = value


class SingleFlight(Generic[K, T]):
    """One call in progress, or one recent result, for each key."""

    def __init__(self, size: int = 8) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._calls: dict[K, _Call[T]] = {}
        """The latest call of each key; the oldest first."""

    def get(
        self, key: K, work: Callable[[], T], *, life_s: float, refresh: bool = False, min_interval_s: float = 0.0
    ) -> T:
        """The result of the call in progress or younger than `life_s` seconds, or what `work` returns now.

        With `refresh`, join only a call that was itself a refresh; within `min_interval_s` seconds after such a call
        `refresh` returns its result. An exception of `work` is raised in every caller that shares the call.
        """
        call, is_new = self._call(key, life_s, refresh=refresh, min_interval_s=min_interval_s)
        return call.run(work) if is_new else call.result.result()

    def start(
        self, key: K, work: Callable[[], T], *, life_s: float, refresh: bool = False, min_interval_s: float = 0.0
    ) -> Future[T]:
        """Like `get`, without waiting: a new call runs in a thread of its own."""
        call, is_new = self._call(key, life_s, refresh=refresh, min_interval_s=min_interval_s)
        if is_new:
            try:
                context = copy_context()  # the request's, to which spans of its readings belong
                threading.Thread(
                    target=context.run, args=(call.run_quietly, work), name="single flight", daemon=True
                ).start()
            except RuntimeError:  # the system has no more threads for this process
                call.run_quietly(work)
        return call.result

    def _call(
        self, key: K, life_s: float, *, refresh: bool = False, min_interval_s: float = 0.0
    ) -> tuple["_Call[T]", bool]:
        """The call to join, without the lock if there is one, or a new one to run."""
        call = self._calls.get(key)
        if call is not None and call.is_joinable(life_s, refresh=refresh, min_interval_s=min_interval_s):
            return call, False
        with self._lock:
            call = self._calls.get(key)
            if call is not None and call.is_joinable(life_s, refresh=refresh, min_interval_s=min_interval_s):
                return call, False
            self.admit()
            call = _Call(refresh=refresh, previous=call)
            _put_last(self._calls, key, call, self._size)
            return call, True

    def admit(self) -> None:
        """Called before a new call; a subclass raises here to refuse it. Must be quick: other callers wait."""


class _Call(Generic[T]):
    def __init__(self, *, refresh: bool, previous: "_Call[T] | None") -> None:
        self.result: Future[T] = Future()
        self._refresh = refresh
        self._ended = -math.inf
        self._last_refresh = previous.last_refresh() if previous else -math.inf

    def last_refresh(self) -> float:
        """When the last refresh ended, on the monotonic clock."""
        return self._ended if self._refresh else self._last_refresh

    def is_joinable(self, life_s: float, *, refresh: bool, min_interval_s: float) -> bool:
        now = time.monotonic()
        if refresh:
            return (self._refresh and not self.result.done()) or now - self.last_refresh() < min_interval_s
        return now - self._ended < life_s or not self.result.done()

    def run_quietly(self, work: Callable[[], T]) -> None:
        """Run it; an exception is raised only in the callers that wait for the result."""
        with suppress(BaseException):
            self.run(work)

    def run(self, work: Callable[[], T]) -> T:
        try:
            result = work()
        except BaseException as error:
            self._ended = time.monotonic()
            self.result.set_exception(error)
            raise
        self._ended = time.monotonic()
        self.result.set_result(result)
        return result


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
        thread = threading.Thread(target=self._run, args=(key, work, future), name=f"background: {key[0]}", daemon=True)
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
