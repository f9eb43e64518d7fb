"""A wall clock that a test sets while the site runs: Python imports this module at its start if it is on PYTHONPATH.

The file ATTACKS_CLOCK contains the seconds to add. The monotonic clock and TLS are not affected, as when an
administrator or NTP sets the clock. libfaketime 0.9.10 makes `time.sleep` of Python 3.11 fail.
"""

import datetime
import mmap
import os
import struct
import time

with open(os.environ["ATTACKS_CLOCK"], "r+b") as _file:  # noqa: PTH123 - before anything else is imported
    _offset = mmap.mmap(_file.fileno(), 8)
_time, _time_ns, _datetime = time.time, time.time_ns, datetime.datetime


def _offset_s() -> float:
    offset_s: float = struct.unpack_from("d", _offset)[0]
    return offset_s


class _Kind(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, _datetime)

    def __subclasscheck__(cls, other: type) -> bool:
        return issubclass(other, _datetime)


class _Datetime(_datetime, metaclass=_Kind):
    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> "_Datetime":
        return cls.fromtimestamp(time.time(), tz)

    @classmethod
    def utcnow(cls) -> "_Datetime":
        return cls.now(datetime.UTC).replace(tzinfo=None)


time.time = lambda: _time() + _offset_s()
time.time_ns = lambda: _time_ns() + int(_offset_s() * 1e9)
datetime.datetime = _Datetime  # type: ignore[misc]
