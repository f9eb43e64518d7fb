"""Parses and validates the request body of setting or updating a secret."""

from dataclasses import replace
from typing import Any

from starlette.requests import Request

from localazure.services.keyvault import errors
from localazure.services.request_body import parse_json, read_body
from localazure.state.secret_store import SecretVersion

MAX_VALUE_BYTES = 25 * 1024
"""https://learn.microsoft.com/azure/key-vault/secrets/about-secrets"""
MAX_CONTENT_TYPE = 255
MAX_TAGS, MAX_TAG_LENGTH = 15, 256
ATTRIBUTES = {"enabled": ("enabled", bool), "nbf": ("not_before", int), "exp": ("expires_on", int)}


async def read_fields(request: Request) -> dict[str, Any]:
    """Return the JSON object of the body. Raises ServiceError."""
    try:
        fields = parse_json(await read_body(request))
    except ValueError:
        fields = None
    if not isinstance(fields, dict):
        raise errors.invalid_body("Request body must be specified and must be valid JSON")
    return fields


def read_value(fields: dict[str, Any], maximum: int | None = MAX_VALUE_BYTES) -> str:
    """Return the new value. Raises ServiceError when it is missing or longer than `maximum` bytes."""
    value = fields.get("value")
    if not isinstance(value, str):
        raise errors.invalid_body("Property value must be specified")
    if maximum is not None and len(value.encode()) > maximum:
        raise errors.invalid_body(f"Secret value exceeds the maximum size of {maximum} bytes")
    return value


def with_attributes(secret: SecretVersion, fields: dict[str, Any], now_s: int) -> SecretVersion:
    """Return `secret` with the content type, tags and attributes of the body applied. Raises ServiceError."""
    changes: dict[str, Any] = {"updated_on": now_s}
    if isinstance(fields.get("contentType"), str):
        changes["content_type"] = _limited(fields["contentType"], MAX_CONTENT_TYPE, "contentType")
    if isinstance(fields.get("tags"), dict):
        changes["tags"] = _tags(fields["tags"])
    attributes = fields.get("attributes") or {}
    if not isinstance(attributes, dict):
        raise errors.invalid_body("Property attributes must be an object")
    for name, (field, expected_type) in ATTRIBUTES.items():
        if attributes.get(name) is not None:
            changes[field] = _checked(expected_type, name, attributes[name])
    return replace(secret, **changes)


def _tags(tags: dict[str, Any]) -> dict[str, str]:
    if len(tags) > MAX_TAGS:
        raise errors.invalid_body(f"The number of tags exceeds the maximum of {MAX_TAGS}")
    texts = {str(name): str(value) for name, value in tags.items()}
    for text in (*texts, *texts.values()):
        _limited(text, MAX_TAG_LENGTH, "tags")
    return texts


def _limited(text: str, maximum: int, name: str) -> str:
    if len(text) > maximum:
        raise errors.invalid_body(f"Property {name} exceeds the maximum length of {maximum} characters")
    return text


def _checked(expected_type: type, name: str, value: Any) -> Any:
    if type(value) is not expected_type:
        raise errors.invalid_body(f"Property {name} has an invalid value")
    return value
