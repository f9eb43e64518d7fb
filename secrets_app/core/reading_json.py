"""The JSON document of a reading."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from secrets_app.core.hops import hops_of
from secrets_app.core.reading import SCHEMA_VERSION, Diagnosis, Reading


def reading_json(reading: Reading, diagnosis: Diagnosis) -> dict[str, Any]:
    """A reading and its diagnosis as plain JSON values: the document of /api/reading and of `principal --json`."""
    document = {"schema_version": SCHEMA_VERSION, "ok": reading.ok, **asdict(reading, dict_factory=_json_object)}
    del document["id"]
    if reading.principal:
        document["principal"]["legacy"] = reading.principal.legacy
    for attempt, cause in zip(document["attempts"], diagnosis.causes, strict=True):
        attempt["cause"] = cause
    hops = [hop.as_json() for hop in hops_of(reading, diagnosis)]
    last = diagnosis.last_readable
    return document | {
        "hops": hops,
        "hints": [asdict(hint) for hint in diagnosis.hints],
        "last_readable": asdict(last, dict_factory=_json_object) if last else None,
    }


def _json_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in pairs}
