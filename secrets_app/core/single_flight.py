"""Single flight: concurrent and immediately following callers share one result."""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

_CACHE_SIZE = 8


class SingleFlight(Generic[K, T]):
    """One pending or recent result for each key."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flights: OrderedDict[K, _Call[T]] = OrderedDict()

    def get(self, asked: K, work: Callable[[], T], *, life_s: float, anew: bool = False, rest_s: float = 0.0) -> T:
        """The result that is pending or younger than `life_s` seconds, else the result of calling `work`.

        `anew` joins only a pending call that was started with `anew` too. Within `rest_s` seconds after the result of
        such a call, `anew` also returns the last result. An exception of `work` is raised in every caller.
        """
        with self._lock:
            flight = self._flights.get(asked)
            joins = flight is not None and flight.can_join(life_s, anew=anew, rest_s=rest_s)
            if flight is None or not joins:
                flight = _Call(anew=anew, before=flight)
                self._flights[asked] = flight
                self._flights.move_to_end(asked)
                while len(self._flights) > _CACHE_SIZE:
                    self._flights.popitem(last=False)
        return flight.answer.result() if joins else flight.fly(work)

    def forget(self) -> None:
        with self._lock:
            self._flights.clear()


class _Call(Generic[T]):
    def __init__(self, *, anew: bool, before: "_Call[T] | None") -> None:
        self.answer: Future[T] = Future()
        self._anew = anew
        self._landed = -math.inf
        self._landed_anew = before.refreshed_at() if before else -math.inf

    def refreshed_at(self) -> float:
        """When the last call started with `anew` ended, by the monotonic clock."""
        return self._landed if self._anew else self._landed_anew

    def can_join(self, life_s: float, *, anew: bool, rest_s: float) -> bool:
        under_way, now = not self.answer.done(), time.monotonic()
        if anew:
            return (under_way and self._anew) or now - self.refreshed_at() < rest_s
        return under_way or now - self._landed < life_s

    def fly(self, work: Callable[[], T]) -> T:
        try:
            answer = work()
        except BaseException as error:
            self._landed = time.monotonic()
            self.answer.set_exception(error)
            raise
        self._landed = time.monotonic()
        self.answer.set_result(answer)
        return answer
