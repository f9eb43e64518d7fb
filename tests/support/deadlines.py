"""Readings that wait for their deadline: a short one, and a longer one where the machine that tests is too busy."""

from collections.abc import Callable
from dataclasses import replace

from secrets_app import conf
from secrets_app.core.reading import Reading
from tests.support.readings import get_reading

LONGER = (1, 4, 16)
"""How many times the deadline, one after the other."""
BUSY_S = 2.0
"""How much later than its deadline a reading may end on a busy machine."""


def read_as(expected: Callable[[Reading], bool], deadline_s: float) -> Reading:
    """A reading that is as expected, else the last one; each of them has ended by its deadline.

    Every limit of the product is a share of the deadline. On a busy machine a share of half a second runs out on what
    is at hand, and then another limit speaks; a fault of the product speaks wrongly with every deadline.
    """
    for times in LONGER:
        limit_s = deadline_s * times
        reading = get_reading(replace(conf.current(), deadline_s=limit_s))
        assert reading.elapsed_s < limit_s + BUSY_S
        if expected(reading):
            break
    return reading
