"""The audit log: who did what, when, and what came of it. Never a value, never a pass-phrase."""

import json
import logging
from datetime import UTC, datetime

from django.http import HttpRequest

from secrets_app.access import Viewer
from secrets_app.redaction import printable, well_formed

log = logging.getLogger("secrets_app.audit")

_LONGEST = 300


def note(action: str, outcome: str, request: HttpRequest, viewer: Viewer, **what: str | None) -> None:
    """One line of `name="value"`; nothing that a visitor sends can begin another line or another field."""
    fields = {
        "action": action,
        "outcome": outcome,
        "viewer": viewer.name,
        "way_in": viewer.how.value,
        "address": request.META.get("REMOTE_ADDR", ""),
        "says_forwarded_for": request.META.get("HTTP_X_FORWARDED_FOR"),
        **what,
        "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
    }
    log.info("%s", " ".join(f"{name}={_quoted(text)}" for name, text in fields.items() if text is not None))


def _quoted(text: str) -> str:
    return json.dumps(printable(well_formed(text))[:_LONGEST])
