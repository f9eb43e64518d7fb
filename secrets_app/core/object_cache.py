"""Keeps what was made of a thing as long as it is asked for of that very thing again."""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

_CACHE_SIZE = 16


@dataclass(frozen=True)
class _Entry(Generic[T]):
    of: object
    """Kept too: its id tells it apart from others only while it lives."""
    made: T
    ends: float


class ObjectCache(Generic[T]):
    """The last few of what was made, each beside the thing it was made of.

    That has to be the same object again: a reading has no key, and two that look alike are still two.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, _Entry[T]] = OrderedDict()
        self._making = threading.Lock()

    def get(self, of: object, make: Callable[[], T], *, beside: Hashable = None, life_s: float = math.inf) -> T:
        """What `make` gave for this object, and for what it depends on `beside` it, less than `life_s` seconds ago.

        Else what it gives now, and whoever asks meanwhile waits for that: a crowd that all made it at once would be
        served the last of them. `make` must be quick.
        """
        key = id(of), beside
        kept = self._fresh(key)
        if kept is None:
            with self._making:
                kept = self._fresh(key) or self._keep(key, _Entry(of, make(), time.monotonic() + life_s))
        return kept.made

    def _fresh(self, key: Hashable) -> _Entry[T] | None:
        kept = self._kept.get(key)
        return kept if kept and time.monotonic() < kept.ends else None

    def _keep(self, key: Hashable, kept: _Entry[T]) -> _Entry[T]:
        self._kept[key] = kept
        self._kept.move_to_end(key)
        while len(self._kept) > _CACHE_SIZE:
            self._kept.popitem(last=False)
        return kept
