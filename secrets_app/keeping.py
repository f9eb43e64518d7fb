"""Keeps what was made of a thing as long as it is asked for of that very thing again."""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

Made = TypeVar("Made")

_KEPT = 64


class Keeping(Generic[Made]):
    """The last few of what was made, each beside the things it was made of.

    Texts are told apart by their words, all else by being the same object: a reading has no key, and two that look
    alike are still two.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[object, ...], tuple[tuple[object, ...], Made, float]] = OrderedDict()

    def get(self, *of: object, make: Callable[[], Made], life_s: float = math.inf) -> Made:
        """What `make` gave for these things less than `life_s` seconds ago, else what it gives now.

        Two who ask at the same time may both make it: unlike a reading of the vault it costs little and harms nobody.
        """
        key = _key(of)
        with self._lock:
            found = self._kept.get(key)
        if found and time.monotonic() < found[2]:
            return found[1]
        ends, made = time.monotonic() + life_s, make()
        with self._lock:
            # `of` is kept too: an id is only told apart from others while its object lives.
            self._kept[key] = (of, made, ends)
            self._kept.move_to_end(key)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return made


def _key(of: tuple[object, ...]) -> tuple[object, ...]:
    return tuple(part if isinstance(part, str) else _key(part) if isinstance(part, tuple) else id(part) for part in of)
