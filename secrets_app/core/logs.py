"""What the site logs: everything secret is taken out of the finished line, and no answer's body is ever in it."""

import copy
import logging
import re
import sys
import threading
import traceback
from typing import Any

from secrets_app.core.redaction import redact

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")

# A body may be the secret itself, which no pattern knows. Found in azure-core 1.41 and msal 1.39, each with its text:
_BODY_TEMPLATES = (
    "IMDS emits unexpected payload: %s",  # msal/managed_identity.py
    "Token response is not in json format: %s",  # msal/oauth2cli/oauth2.py, at ERROR
    "Unsuccessful WsTrust request receives: %s",  # msal/wstrust_request.py
    "Got auth response: %s",  # msal/oauth2cli/authcode.py
)
_BODY_LOGGER = "azure.core.pipeline.policies._universal"  # what `logging_enable=True` writes
# `str()` of azure-core's errors ends in the body wherever that is no error object of the service.
_BODY_OF_AN_ERROR = re.compile(
    r"\nContent: .*?(?=\n(?:Traceback |During handling of |The above exception |  File \")|\Z)", re.DOTALL
)
# What a terminal or a viewer obeys instead of showing; lines and tabs are a traceback's own.
_CONTROL_CHARACTERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
NOT_LOGGED = "[the body is not logged]"


class RedactingFormatter(logging.Formatter):
    """Formats like any other; then the message, its arguments and the traceback go through the one redaction."""

    def format(self, record: logging.LogRecord) -> str:
        """The finished text of `record`. The record itself stays as it is, for other handlers."""
        return _safe(super().format(_without_body(record)))


class StderrHandler(logging.StreamHandler[Any]):
    """Standard error, whichever it is at the time. A line that cannot be made says where, and not what."""

    def __init__(self) -> None:
        super().__init__(sys.stderr)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the standard library's name
        """The standard library would print the arguments as they are."""
        try:
            self.stream.write(f"A log line could not be written: {record.pathname}, line {record.lineno}.\n")
        except (OSError, ValueError):  # nobody is there to read it
            return


def _safe(text: str) -> str:
    safe = redact(_BODY_OF_AN_ERROR.sub(f"\nContent: {NOT_LOGGED}", text))
    return _CONTROL_CHARACTERS.sub("?", safe)


def _without_body(record: logging.LogRecord) -> logging.LogRecord:
    if record.name == _BODY_LOGGER:
        changed: dict[str, Any] = {"msg": "A request or an answer in full: %s", "args": (NOT_LOGGED,)}
    elif str(record.msg) in _BODY_TEMPLATES:
        changed = {"args": (NOT_LOGGED,)}
    else:
        changed = {}
    if getattr(record, "status_code", 500) < 500:  # Django says it: a refusal is no fault of ours
        changed["exc_info"] = None
    # What another handler's formatter left here went through no redaction, and ours is not for the others.
    formatted = copy.copy(record)
    vars(formatted).update(changed, exc_text=None)
    return formatted


def redact_uncaught() -> None:
    """What nobody catches, in the main thread or another, goes to standard error through the same redaction."""
    sys.excepthook = lambda _kind, error, _trace: _write_uncaught(error)
    threading.excepthook = lambda ended: _write_uncaught(ended.exc_value)


def _write_uncaught(error: BaseException | None) -> None:
    if error is None or sys.stderr is None:
        return
    sys.stderr.write(_safe("".join(traceback.format_exception(error)).rstrip()) + "\n")


def logging_settings(level: str, *, no_probes: Any) -> dict[str, Any]:
    """Django's LOGGING: one handler for every logger. `DEBUG` lets the Azure libraries speak too."""
    debug = level == "DEBUG"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": RedactingFormatter, "format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
        "filters": {"no_probes": {"()": "django.utils.log.CallbackFilter", "callback": no_probes}},
        "handlers": {"stderr": {"()": StderrHandler, "formatter": "line", "filters": ["no_probes"]}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # The chain's own log repeats what every reading already tells, attempt by attempt.
            "azure": {"level": "DEBUG" if debug else "ERROR"},
            "msal": {"level": level},
            # Django's own handlers would print what the redaction has not seen; its DEBUG is about templates and files.
            "django": {"level": "INFO" if debug else level, "handlers": []},
            "django.server": {"level": "INFO" if debug else level, "handlers": [], "propagate": True},
            "secrets_app.access.audit": {"level": "INFO"},  # who saw a value is written down whatever else is not
            "asyncio": {"level": "INFO" if debug else level},
        },
    }
