"""Splits a log into its records: a log may contain several errors, each with its own cause."""

import re

MAX_RECORDS = 40
_MAX_SCANNED = 4000
_MAX_CHARACTERS = 4000
"""Of one record: enough for the message of an error with its stack trace."""

_START = re.compile(
    r"""^[ \t]{0,20}(?:[\w./-]{1,40}[ \t]{0,10}\|[ \t])?(?:
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
    r"err|fail|exception|denied|forbidden|unauthor|refused|timed?[ -]?out|not found|invalid|expired|AADSTS|[45]\d\d",
    re.IGNORECASE,
)
_VARIABLE = re.compile(r"[0-9a-f-]{8,}|\d+")


def split_records(text: str) -> tuple[str, ...]:
    """The records of a log that look like errors, without repetitions; empty if the text is not a log of several.

    A line without a time or a level belongs to the record above it, as the lines of a stack trace do.
    """
    starts = [match.start() for match in _START.finditer(text)][:_MAX_SCANNED]
    if len(starts) < 2:
        return ()
    ends = [*starts[1:], len(text)]
    found: dict[str, str] = {}
    for start, end in zip(starts, ends, strict=True):
        record = text[start : min(end, start + _MAX_CHARACTERS)]
        if _ERROR.search(record):
            found.setdefault(_VARIABLE.sub("", record), record)
    records = tuple(found.values())
    return records[-MAX_RECORDS:] if len(records) > 1 else ()
