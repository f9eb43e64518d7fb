"""Keeps what was made of a thing as long as it is asked for of that very thing again."""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Made = TypeVar("Made")

_KEPT = 16


class Keeping(Generic[Made]):
    """The last few of what was made, each beside the thing it was made of.

    That has to be the same object again: a reading has no key, and two that look alike are still two.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, tuple[object, Made, float]] = OrderedDict()

    def get(self, of: object, make: Callable[[], Made], *, beside: Hashable = None, life_s: float = math.inf) -> Made:
        """What `make` gave for this object, and for what it depends on `beside` it, less than `life_s` seconds ago.

        Else what it gives now. Two who ask at the same time may both make it: that costs little and harms nobody.
        """
        key = id(of), beside
        with self._lock:
            found = self._kept.get(key)
        if found and time.monotonic() < found[2]:
            return found[1]
        ends, made = time.monotonic() + life_s, make()
        with self._lock:
            # `of` is kept too: an id tells it apart from others only while it lives.
            self._kept[key] = of, made, ends
            self._kept.move_to_end(key)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return made
