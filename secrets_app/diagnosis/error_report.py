"""A pasted error: its size limit, its JSON form, and its explanation."""

from dataclasses import asdict, dataclass
from typing import Any

from secrets_app.diagnosis import Explanation, explain

MAX_BYTES = 256 * 1024
TOO_LONG_MESSAGE = "The text is longer than 256 KiB. Paste only the last part, which contains the error."


class TooLongError(ValueError):
    """The text exceeds MAX_BYTES."""


@dataclass(frozen=True, kw_only=True)
class ErrorReport:
    """An error's text and, where known, its class, HTTP status and error code."""

    message: str
    exception: str | None = None
    """Dotted name of the exception class."""
    http_status: int | None = None
    error_code: str | None = None

    def explanation(self) -> Explanation:
        """Its causes and hints. Raises TooLongError."""
        if len(self.message.encode("utf-8", errors="replace")) > MAX_BYTES:
            raise TooLongError(TOO_LONG_MESSAGE)
        return explain(self.message, exception=self.exception, http_status=self.http_status, error_code=self.error_code)


_FIELDS: dict[str, tuple[type, ...]] = {
    "message": (str,),
    "exception": (str, type(None)),
    "http_status": (int, type(None)),
    "error_code": (str, type(None)),
}


def parse_error_report(document: Any) -> ErrorReport:
    """The error in one JSON object; unknown keys are ignored. Raises ValueError with a message for the user."""
    if not isinstance(document, dict):
        raise ValueError(  # noqa: TRY004 - a ValueError like the other errors in a document
            "The input must be a JSON object with the error text in `message`."
        )
    if "message" not in document:
        raise ValueError("The JSON object has no `message`.")
    for name, types in _FIELDS.items():
        value = document.get(name)
        if name in document and (not isinstance(value, types) or isinstance(value, bool)):
            raise ValueError(f"`{name}` must be {'a number' if int in types else 'a string'}.")
    return ErrorReport(**{name: document[name] for name in _FIELDS if name in document})


def explanation_json(report: ErrorReport) -> dict[str, Any]:
    """The explanation as plain JSON values. Raises TooLongError."""
    explanation = report.explanation()
    return {
        "causes": list(explanation.causes),
        "hints": [asdict(hint) for hint in explanation.hints],
        "text": explanation.text,
    }
