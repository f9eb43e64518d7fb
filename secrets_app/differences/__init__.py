"""What differs between two readings, for example of a laptop and of Azure: the most likely cause first."""

from secrets_app.differences.compare import Difference, Differences, compare
from secrets_app.differences.saved_reading import (
    MAX_BYTES,
    InvalidDocumentError,
    SavedReading,
    parse_document,
    parse_reading,
)

__all__ = [
    "MAX_BYTES",
    "Difference",
    "Differences",
    "InvalidDocumentError",
    "SavedReading",
    "compare",
    "parse_document",
    "parse_reading",
]
