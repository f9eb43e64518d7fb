"""The audit log of sign-ins and displayed secret values, and the client IP address of a request."""

import json
import logging
from datetime import UTC, datetime

from django.conf import settings
from django.http import HttpRequest

from secrets_app.access import Viewer
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


def client_address(request: HttpRequest) -> str:
    """The visitor's IP address: from X-Forwarded-For on App Service, otherwise REMOTE_ADDR.

    The App Service front end appends the address it saw to the end of X-Forwarded-For, as `203.0.113.9:50123`. Earlier
    entries are set by the client and must not be trusted.
    https://learn.microsoft.com/aspnet/core/host-and-deploy/proxy-load-balancer
    """
    forwarded_for = request.META.get("HTTP_X_FORWARDED_FOR", "") if settings.TRUST_X_FORWARDED_FOR else ""
    return _without_port(forwarded_for.rpartition(",")[2].strip()) or str(request.META.get("REMOTE_ADDR", ""))


def _quoted(text: str) -> str:
    return json.dumps(printable(well_formed(text))[:_MAX_FIELD_LENGTH])


def _without_port(address: str) -> str:
    if address.startswith("["):
        return address[1:].partition("]")[0]
    return address.partition(":")[0] if address.count(":") == 1 else address
