"""The audit log of sign-ins and displayed secret values."""

import json
import logging
from datetime import UTC, datetime

from django.http import HttpRequest

from secrets_app.access.viewer import Viewer
from secrets_app.core.redaction import printable, well_formed

log = logging.getLogger("secrets_app.access.audit")

_MAX_FIELD_LENGTH = 300


def record(action: str, outcome: str, request: HttpRequest, viewer: Viewer, **details: str | None) -> None:
    """Log one line of `name="value"` fields; visitor input is quoted and cannot start another line or field."""
    fields = {
        "action": action,
        "outcome": outcome,
        "viewer": viewer.name,
        "access_mode": viewer.access_mode.value,
        "address": request.META.get("REMOTE_ADDR", ""),
        "forwarded_for": request.META.get("HTTP_X_FORWARDED_FOR"),
        **details,
        "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
    }
    log.info("%s", " ".join(f"{name}={_quoted(text)}" for name, text in fields.items() if text is not None))


def _quoted(text: str) -> str:
    return json.dumps(printable(well_formed(text))[:_MAX_FIELD_LENGTH])
