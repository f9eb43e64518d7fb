"""Logging: finished lines are redacted, and response bodies are never logged."""

import copy
import logging
import re
import sys
import threading
import traceback
from typing import Any

from secrets_app.core.redaction import external_text

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")

# A response body may contain the secret, which no pattern matches. Log messages of azure-core 1.41 and msal 1.39:
_BODY_TEMPLATES = (
    "IMDS emits unexpected payload: %s",  # msal/managed_identity.py
    "Token response is not in json format: %s",  # msal/oauth2cli/oauth2.py, at ERROR
    "Unsuccessful WsTrust request receives: %s",  # msal/wstrust_request.py
    "Got auth response: %s",  # msal/oauth2cli/authcode.py
)
_BODY_LOGGER = "azure.core.pipeline.policies._universal"  # logs bodies with `logging_enable=True`
# `str()` of an azure-core error ends with the body where that is not a JSON error object.
_BODY_OF_AN_ERROR = re.compile(
    r"\nContent: .*?(?=\n(?:Traceback |During handling of |The above exception |  File \")|\Z)", re.DOTALL
)
NOT_LOGGED = "[body not logged]"
_MAX_LINE_CHARACTERS = 32 * 1024
"""Of a log record with its traceback, which may contain text from outside."""


class RedactingFormatter(logging.Formatter):
    """Formatter that redacts the finished text: message, arguments and traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """The redacted text of `record`. The record itself is not changed, for other handlers."""
        return _safe(super().format(_without_body(record)))


class StderrHandler(logging.StreamHandler[Any]):
    """Handler for standard error. If formatting fails, only the source location is written."""

    def __init__(self) -> None:
        super().__init__(sys.stderr)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the standard library's name
        """Replaces the standard library's handler, which prints the unredacted arguments."""
        try:
            self.stream.write(f"A log line could not be written: {record.pathname}, line {record.lineno}.\n")
        except (OSError, ValueError):  # standard error is closed
            return


def _safe(text: str) -> str:
    return external_text(_BODY_OF_AN_ERROR.sub(f"\nContent: {NOT_LOGGED}", text), _MAX_LINE_CHARACTERS)


def _without_body(record: logging.LogRecord) -> logging.LogRecord:
    if record.name == _BODY_LOGGER:
        changed: dict[str, Any] = {"msg": "HTTP request or response body: %s", "args": (NOT_LOGGED,)}
    elif str(record.msg) in _BODY_TEMPLATES:
        changed = {"args": (NOT_LOGGED,)}
    else:
        changed = {}
    if getattr(record, "status_code", 500) < 500:  # set by Django; a 4xx response needs no traceback
        changed["exc_info"] = None
    # `exc_text` may hold an unredacted traceback cached by another handler's formatter.
    formatted = copy.copy(record)
    vars(formatted).update(changed, exc_text=None)
    return formatted


def redact_uncaught() -> None:
    """Redact uncaught exceptions, in the main thread and others, before they go to standard error."""
    sys.excepthook = lambda _kind, error, _trace: _write_uncaught(error)
    threading.excepthook = lambda args: _write_uncaught(args.exc_value)


def _write_uncaught(error: BaseException | None) -> None:
    if error is None or sys.stderr is None:
        return
    sys.stderr.write(_safe("".join(traceback.format_exception(error)).rstrip()) + "\n")


def logging_settings(level: str, *, log_filter: Any) -> dict[str, Any]:
    """Django's LOGGING setting: one handler for all loggers. `DEBUG` includes the Azure libraries."""
    debug = level == "DEBUG"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": RedactingFormatter, "format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
        "handlers": {"stderr": {"()": StderrHandler, "formatter": "line", "filters": [log_filter]}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # The credential chain logs each attempt, which every reading already shows.
            "azure": {"level": "DEBUG" if debug else "ERROR"},
            "msal": {"level": level},
            # Logs malformed headers of a response with a traceback; the reading shows the failure.
            "urllib3.connection": {"level": "DEBUG" if debug else "ERROR"},
            # Django's own handlers would bypass the redaction; its DEBUG output is about templates and files.
            "django": {"level": "INFO" if debug else level, "handlers": []},
            "django.server": {"level": "INFO" if debug else level, "handlers": [], "propagate": True},
            "secrets_app.access.audit": {"level": "INFO"},  # access to secret values is always logged
            "asyncio": {"level": "INFO" if debug else level},
        },
    }
