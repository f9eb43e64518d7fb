"""The OpenAPI 3.1 document of the JSON of this app, derived from the dataclasses that it serializes."""

from functools import cache
from typing import Any

from fleet.document import Fleet
from fleet.filters import PARAMETERS
from fleet.timeline import RANGES, Timeline
from secrets_app.core.reading import SCHEMA_VERSION
from secrets_app.openapi.dataclass_schema import Components, object_schema, reference

_TEXT = {"type": "string"}
_HISTORY = (
    ("range", f"{', '.join(RANGES)}; default 24h."),
    ("target", "The number of a target; default: the site's own secret."),
    ("format", "`csv`: the observations as CSV."),
)
_FLEET = (
    *PARAMETERS.items(),
    ("group", "The label of the groups; default: none."),
    ("page", "The page of the targets, from 1."),
    ("range", "24h or 7d: adds the states of each target of the page in this time."),
)
_ERRORS = {400: "Invalid request", 403: "Access denied", 404: "No such target", 503: "The database is not available"}


@cache
def openapi_document() -> dict[str, Any]:
    """The document."""
    components = Components()
    components.add(Fleet)
    components.add(Timeline)
    components.schemas["Error"] = object_schema("Why there is no answer.", {"error": _TEXT})
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Principal Used: history and fleet",
            "version": str(SCHEMA_VERSION),
            "description": "No answer contains an access token or a secret value. Times are ISO 8601.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "paths": {
            "/api/fleet": {"get": _operation("The targets, the worst first, in pages of 100", "Fleet", _FLEET)},
            "/api/history": {"get": _operation("The history of one target", "Timeline", _HISTORY)},
        },
        "components": {"schemas": dict(sorted(components.schemas.items()))},
    }


def _operation(summary: str, schema: str, parameters: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    return {
        "summary": summary,
        "parameters": [
            {"name": name, "in": "query", "description": text, "schema": _TEXT} for name, text in parameters
        ],
        "responses": {
            "200": _response("The answer", schema),
            **{str(status): _response(text, "Error") for status, text in _ERRORS.items()},
        },
    }


def _response(description: str, schema: str) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": reference(schema)}}}
