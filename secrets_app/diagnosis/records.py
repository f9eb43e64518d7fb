"""Splits a log into its records: a log may contain several errors, each with its own cause."""

import re
from enum import IntEnum
from typing import NamedTuple

from secrets_app.diagnosis.normalize import contains_any

MAX_RECORDS = 40
_MAX_SCANNED = 4000
_MAX_CHARACTERS = 4000
"""Of one record: enough for the message of an error with its stack trace."""

_START = re.compile(
    r"""^[ \t]{0,20}+(?=\S)(?:[\w./-]{1,40}[ \t]{0,10}\|[ \t])?(?:
        \[?\d{4}[-/]\d\d[-/]\d\d[T\s]\d\d:\d\d
      | \[?\d\d:\d\d:\d\d\b
      | [A-Z][a-z]{2}\s{1,2}\d{1,2}\s\d\d:\d\d:\d\d\s
      | [IWEF]\d{4}\s\d\d:\d\d:\d\d
      | time="\d{4}-
      | \[?(?:ERROR|WARN|WARNING|FATAL|CRITICAL|INFO|DEBUG|fail|warn|info|crit)\]?:?\s
      | [╷│]?\s?Error:\s
      | \#\#\[(?:error|warning|section|debug)\]
      | \{"(?:time|ts|level|timestamp|@timestamp)"
    )""",
    re.VERBOSE | re.MULTILINE,
)
_ERROR = re.compile(
    r"[eE][rR][rR]|[fF]ail|FAIL|xception|enied|orbidden|nauthor|efused|imed?[ -]?out|ot\s?found|OTFOUND|o such"
    r"|nreachable|RESET|reset|annot|nable|nvalid|xpired|AADSTS|[45]\d\d"
)
_FATAL = (
    "fatal",
    "panic",
    "critical",
    " crit ",
    "emergency",
    "unhandled exception",
    "application run failed",
    "failed to start",
    "exit code 1",
    "exit code: 1",
    "exit status 1",
    "exited with code",
    "exited with status",
    "process exited",
    "terminating",
    "aborting",
    "giving up",
    "shutting down",
    "crashloopbackoff",
    "back-off restarting",
)
_REPEATED = ("retry", "retries", "try again", "trying again", "attempt 1", "attempt 2", "transient", "backing off")
_PASSING_LEVEL = re.compile(
    r"(?i:\b(?:warn|warning|wrn|info|debug|dbug|trace|notice)\b|\#\#\[(?:warning|debug)\])|\A\s{0,20}[WI]\d{4}\s"
)
_LEVEL = 80
"""Characters at the start of a record in which its level stands."""
_VARIABLE = re.compile(r"[0-9a-f-]{8,}|\d+")


class Weight(IntEnum):
    """How much an error of a log says about why the program failed."""

    PASSING = 0  # a warning, or an attempt that was repeated
    ERROR = 1
    FATAL = 2  # it ended the program


class Record(NamedTuple):
    """One record of a log: its first line starts with a time or a level."""

    text: str
    weight: Weight


def split_records(text: str) -> tuple[Record, ...]:
    """The records of a log that look like errors, without repetitions; empty if the text is not a log of several.

    A line without a time or a level belongs to the record above it, as the lines of a stack trace do.
    """
    starts = [match.start() for match in _START.finditer(text)][:_MAX_SCANNED]
    if len(starts) < 2:
        return ()
    ends = [*starts[1:], len(text)]
    found: dict[str, Record] = {}
    for start, end in zip(starts, ends, strict=True):
        record = text[start : min(end, start + _MAX_CHARACTERS)]
        weight = _weight(record)
        if _ERROR.search(record) or weight is Weight.FATAL:
            found.setdefault(_VARIABLE.sub("", record), Record(record, weight))
    records = tuple(found.values())
    return records[-MAX_RECORDS:] if len(records) > 1 else ()


def _weight(record: str) -> Weight:
    lower = record.lower()
    if contains_any(lower, _FATAL):
        return Weight.FATAL
    is_passing = contains_any(lower, _REPEATED) or _PASSING_LEVEL.search(record[:_LEVEL])
    return Weight.PASSING if is_passing else Weight.ERROR
