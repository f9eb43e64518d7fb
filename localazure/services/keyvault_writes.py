"""What a client may write into a secret: the body of a set or an update, checked."""

import json
from dataclasses import replace
from typing import Any

from starlette.requests import Request

from localazure.secret_store import SecretVersion
from localazure.services import keyvault_refusals as refusals
from localazure.services.requests import body_of

VALUE_LIMIT = 25 * 1024
"""https://learn.microsoft.com/azure/key-vault/secrets/about-secrets"""
ATTRIBUTES = {"enabled": ("enabled", bool), "nbf": ("not_before", int), "exp": ("expires_on", int)}


async def fields_of(request: Request) -> dict[str, Any]:
    """The JSON object of the body. Raises Refusal."""
    try:
        fields = json.loads(await body_of(request))
    except ValueError:
        fields = None
    if not isinstance(fields, dict):
        raise refusals.invalid_body("Request body must be specified and must be valid JSON")
    return fields


def value_of(fields: dict[str, Any]) -> str:
    """The new value. Raises Refusal when there is none, or too much of it."""
    value = fields.get("value")
    if not isinstance(value, str):
        raise refusals.invalid_body("Property value must be specified")
    if len(value.encode()) > VALUE_LIMIT:
        raise refusals.invalid_body(f"Secret value exceeds the maximum size of {VALUE_LIMIT} bytes")
    return value


def with_attributes(secret: SecretVersion, fields: dict[str, Any], now_s: int) -> SecretVersion:
    """`secret` with the content type, tags and attributes of the body; what is absent stays. Raises Refusal."""
    changes: dict[str, Any] = {"updated_on": now_s}
    if isinstance(fields.get("contentType"), str):
        changes["content_type"] = fields["contentType"]
    if isinstance(fields.get("tags"), dict):
        changes["tags"] = {str(name): str(value) for name, value in fields["tags"].items()}
    attributes = fields.get("attributes") or {}
    if not isinstance(attributes, dict):
        raise refusals.invalid_body("Property attributes must be an object")
    for name, (field, kind) in ATTRIBUTES.items():
        if attributes.get(name) is not None:
            changes[field] = _of_kind(kind, name, attributes[name])
    return replace(secret, **changes)


def _of_kind(kind: type, name: str, value: Any) -> Any:
    if type(value) is not kind:
        raise refusals.invalid_body(f"Property {name} has an invalid value")
    return value
