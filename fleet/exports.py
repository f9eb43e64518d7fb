"""Observations as CSV."""

import csv
import io
from dataclasses import asdict, fields
from datetime import datetime

from fleet.timeline import ObservationRow, Timeline

_COLUMNS = tuple(field.name for field in fields(ObservationRow))
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def observations_csv(history: Timeline) -> str:
    """The observations, one a line, with a header."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("target", *_COLUMNS))
    for row in history.observations:
        writer.writerow((_cell(history.target), *(_cell(value) for value in asdict(row).values())))
    return text.getvalue()


def _cell(value: object) -> str:
    """The value as text. A spreadsheet would run a text that begins like a formula: it gets an apostrophe."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text
