"""Results and background work shared by concurrent callers, and results cached for a short time."""

import math
import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from secrets_app.core.runtime import shared

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


@dataclass(slots=True)
class _Entry(Generic[T]):
    value: T
    used: float
    """When it was last looked up, on the monotonic clock."""


class _Recent(Generic[K, T]):
    """The last `size` values that were looked up.

    `get` needs no lock, for which a hundred threads would queue; cachetools needs one. `put` needs the caller's.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._entries: dict[K, _Entry[T]] = {}

    def get(self, key: K) -> T | None:
        entry = self._entries.get(key)
        if entry is None:
            return None
        entry.used = time.monotonic()
        return entry.value

    def put(self, key: K, value: T) -> None:
        """Add or replace the value, and drop the least recently used one beyond `size`."""
        if key not in self._entries and len(self._entries) >= self._size:
            del self._entries[min(self._entries, key=lambda each: self._entries[each].used)]
        self._entries[key] = _Entry(value, time.monotonic())


class ResultCache(Generic[K, T]):
    """The most recently used results, each for `life_s` seconds. Concurrent callers wait for one computation."""

    def __init__(self, size: int, life_s: float = math.inf) -> None:
        self._life_s = life_s
        self._results: _Recent[K, tuple[T, float]] = _Recent(size)
        """With the end of its life."""
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
                    self._results.put(key, cached)
        return cached[0]


class SingleFlight(Generic[K, T]):
    """One call in progress, or one recent result, for each key."""

    def __init__(self, size: int = 8) -> None:
        self._lock = threading.Lock()
        self._calls: _Recent[K, _Call[T]] = _Recent(size)
        """The latest call of each key."""

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
            self._calls.put(key, call)
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
