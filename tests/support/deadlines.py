"""Readings that reach their deadline: a short deadline first, a longer one if the machine is too busy."""

from collections.abc import Callable
from dataclasses import replace

from secrets_app import conf
from secrets_app.core.reading import Reading
from tests.support.readings import get_reading

LONGER = (1, 4, 16)
"""Factors of the deadline, tried in this order."""
BUSY_S = 20.0
"""The time by which a reading may exceed its deadline on a busy machine."""


def read_as(expected: Callable[[Reading], bool], deadline_s: float) -> Reading:
    """The first reading that is as expected, else the last one; each must end by its deadline.

    Every timeout of the product is a share of the deadline. On a busy machine, a share of half a second may
    be too short, and then another timeout is reported. A defect of the product is reported with every deadline.
    """
    for times in LONGER:
        limit_s = deadline_s * times
        reading = get_reading(replace(conf.current(), deadline_s=limit_s))
        assert reading.elapsed_s < limit_s + BUSY_S
        if expected(reading):
            break
    return reading
