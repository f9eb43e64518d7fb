"""The OpenAPI 3.1 document: URLs, parameters, answers and errors."""

from typing import Any

from secrets_app.core.hops import Hop
from secrets_app.core.reading import SCHEMA_VERSION, Attempt, Certainty, Hint, LastReadable, Principal, Reading
from secrets_app.diagnosis.explain import FoundError
from secrets_app.diagnosis.extraction import Layer
from secrets_app.differences import Differences
from secrets_app.doctor import Check
from secrets_app.openapi.dataclass_schema import Components, Schema, array, nullable, object_schema, reference

_TEXT: Schema = {"type": "string"}
_VERSION: Schema = {
    "const": SCHEMA_VERSION,
    "description": "Increased when a key is removed, renamed or changed in meaning; keys may be added.",
}


def build_document() -> dict[str, Any]:
    """The whole document, with every schema derived from the code."""
    components = Components()
    _add_reading(components)
    _add_others(components)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Principal Used",
            "version": str(SCHEMA_VERSION),
            "summary": "Which principal read the secret, why access failed, and how to fix it.",
            "description": "No answer contains an access token or a secret value. Durations are in seconds, times are "
            "ISO 8601. Every error is JSON with one sentence in `error`.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "paths": _paths(),
        "components": {"schemas": dict(sorted(components.schemas.items()))},
    }


def _add_reading(components: Components) -> None:
    text_or_null = nullable(_TEXT)
    legacy = {"legacy": {**_TEXT, "description": "The line that `PrincipalUsed` of the .NET library printed."}}
    components.add(Principal, extra=legacy)
    components.add(Attempt, extra={"cause": {**text_or_null, "description": "Cause key; null if it did not fail."}})
    hop = components.add(Hop, without=("facts",), extra={"detail": text_or_null})
    hint = components.add(Hint)
    last = nullable(components.add(LastReadable))
    first: dict[str, Schema] = {
        "schema_version": _VERSION,
        "ok": {"type": "boolean", "description": "The secret (or the token) was returned, to the expected principal."},
    }
    components.add(Reading, without=("id",), extra={"hops": array(hop), "hints": array(hint), "last_readable": last})
    reading = components.schemas["Reading"]
    reading["properties"] = first | reading["properties"]
    reading["required"] = [*first, *reading["required"]]


def _add_others(components: Components) -> None:
    components.add(Differences)
    differences = components.schemas["Differences"]
    differences["properties"] = {"schema_version": _VERSION, **differences["properties"]}
    differences["required"] = ["schema_version", *differences["required"]]
    fact = object_schema("", {"name": _TEXT, "value": _TEXT})
    components.add(Check, without=("facts",), extra={"facts": array(fact)})
    components.schemas |= {
        "Doctor": object_schema(
            "The checks of this machine, the most severe first: `manage.py doctor --json`.",
            {"schema_version": _VERSION, "ok": {"type": "boolean"}, "checks": array(reference("Check"))},
        ),
        "Explanation": _explanation(components),
        "Identities": array(_identity()) | {"description": "Every credential: `manage.py principal --all --json`."},
        "Readiness": object_schema(
            "Whether the secret can be read.",
            {"ready": {"type": "boolean"}, "cause": nullable(_TEXT)},
            optional=("cause",),
        ),
        "Error": object_schema(
            "Why the request has no result.",
            {
                "error": {**_TEXT, "description": "One sentence."},
                "access": {**_TEXT, "description": "With 403: the access mode."},
                "setting": {**_TEXT, "description": "With 403: the setting that grants access."},
            },
            optional=("access", "setting"),
        ),
    }


def _explanation(components: Components) -> Schema:
    return object_schema(
        "The causes of an error text and their fixes.",
        {
            "schema_version": _VERSION,
            "causes": {**array(_TEXT), "description": "Cause keys, the main cause first."},
            "certainty": nullable(components.of(Certainty)) | {"description": "Of the main cause; or null."},
            "hints": array(reference("Hint")),
            "evidence": _evidence(components),
            "errors": array(components.add(FoundError)) | {"description": "Of a log with several."},
            "text": {**_TEXT, "description": "The text, with tokens and secrets redacted."},
        },
    )


def _evidence(components: Components) -> Schema:
    texts = ("summary", "stack", "service", "object", "action", "code", "exception", "platform", "cloud")
    return object_schema(
        "What the text tells; null where it does not.",
        {
            **{name: nullable(_TEXT) for name in texts},
            "status": nullable({"type": "integer"}) | {"description": "The HTTP status."},
            "codes": array(_TEXT),
            "layers": array(components.add(Layer)) | {"description": "The nested errors, the outermost first."},
        },
    )


def _identity() -> Schema:
    return object_schema(
        "One credential.",
        {
            "way": {**_TEXT, "description": "The name of a credential, such as managed-identity."},
            "credential": _TEXT,
            "identity": {**nullable(_TEXT), "description": "The ID of a user-assigned identity."},
            "picked": {"type": "boolean", "description": "The site uses this credential."},
            "same_as": {**nullable(_TEXT), "description": "An earlier credential with the same principal."},
            "why_not_asked": {**nullable(_TEXT), "description": "Why it was not tried."},
            "reading": {"anyOf": [reference("Reading"), {"type": "null"}]},
        },
    )


_REFRESH = ("refresh", "`1` requests a new token, at most once a second.")
_IDENTITY = (
    ("userAssignedClientId", "Read with the user-assigned managed identity that has this client ID."),
    ("userAssignedResourceId", "The same, by Azure resource ID."),
    ("userAssignedObjectId", "The same, by object ID."),
    ("userassignedid", "The same, by client ID or resource ID."),
)
_FORM: dict[str, Any] = {
    "required": False,
    "description": "The parameters, instead of or in addition to the query.",
    "content": {
        name: {"schema": {"type": "object", "additionalProperties": {"type": "string"}}}
        for name in ("application/json", "application/x-www-form-urlencoded")
    },
}
_POST_READING = (
    "The same, with the parameters in the query or the body, as the Azure Function of the Java sample took them."
)


def _paths() -> dict[str, Any]:
    read = _operation("The reading: read the secret once", "Reading", (_REFRESH, *_IDENTITY))
    posted = _operation(_POST_READING, "Reading", (_REFRESH, *_IDENTITY), body=_FORM, errors=(413, 415))
    return {
        "/api/reading": {"get": read, "post": posted},
        "/api/AcquireTokenMsi": {"post": posted},
        "/api/token": {"get": _operation("Which principal gets a token for a resource", "Reading", (_SCOPE,))},
        "/api/doctor": {"get": _operation("The checks of this machine", "Doctor")},
        "/api/explain": {"post": _operation("Explain an error", "Explanation", body=_ERROR_TEXT, errors=(413,))},
        "/api/compare": {
            "post": _operation("What differs between two readings", "Differences", body=_READINGS, errors=(413, 415))
        },
        "/api/schema": {
            "get": {
                "summary": "The OpenAPI document",
                "responses": {"200": {"description": "OpenAPI 3.1", "content": {"application/json": {"schema": {}}}}},
            }
        },
        "/readyz": {"get": _readiness()},
    }


_SCOPE = ("scope", "A resource, such as https://management.azure.com, or a scope.")
_ERROR_TEXT: dict[str, Any] = {
    "required": True,
    "content": {
        "application/json": {
            "schema": object_schema(
                "",
                {"message": _TEXT, "exception": _TEXT, "http_status": {"type": "integer"}, "error_code": _TEXT},
                optional=("exception", "http_status", "error_code"),
            )
        },
        "text/plain": {"schema": _TEXT},
    },
}
_READINGS: dict[str, Any] = {
    "required": True,
    "content": {
        "application/json": {"schema": object_schema("", {"a": reference("Reading"), "b": reference("Reading")})}
    },
}
_ERRORS = {
    400: "Invalid request",
    403: "Access denied",
    404: "No such URL",
    405: "Method not allowed",
    413: "Request body too long",
    415: "Content type not supported",
    429: "Too many requests",
    500: "Internal server error",
    503: "Unavailable for now",
}


def _operation(
    summary: str,
    schema: str,
    parameters: tuple[tuple[str, str], ...] = (),
    *,
    body: dict[str, Any] | None = None,
    errors: tuple[int, ...] = (),
) -> dict[str, Any]:
    """One operation. The status of a reading is 200 whether the secret was read or not; `ok` is the result."""
    statuses = sorted({400, 403, 405, 429, 500, 503, *errors})
    operation: dict[str, Any] = {
        "summary": summary,
        "responses": {"200": _response("The answer", schema)}
        | {str(status): _response(_ERRORS[status], "Error") for status in statuses},
    }
    if parameters:
        operation["parameters"] = [
            {"name": name, "in": "query", "description": description, "schema": _TEXT}
            for name, description in parameters
        ]
    return operation | ({"requestBody": body} if body else {})


def _response(description: str, schema: str) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": reference(schema)}}}


def _readiness() -> dict[str, Any]:
    return {
        "summary": "Readiness probe",
        "responses": {
            "200": _response("The secret can be read", "Readiness"),
            "503": _response("It cannot; `cause` is the cause key", "Readiness"),
        },
    }
