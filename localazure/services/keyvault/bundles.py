"""The JSON of secrets, deleted secrets and pages of them (SecretBundle, SecretItem, DeletedSecretBundle).

https://learn.microsoft.com/rest/api/keyvault/secrets/operation-groups
"""

import base64
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from starlette.requests import Request

from localazure.scenarios.vaults import Vault
from localazure.services.keyvault import errors
from localazure.state.secret_store import DeletedSecret, SecretVersion

RECOVERY = {"recoveryLevel": "Recoverable+Purgeable", "recoverableDays": 90}
MAX_PAGE_SIZE = 25
"""Maximum and default page size."""


def bundle(vault: Vault, secret: SecretVersion) -> dict[str, Any]:
    """A secret with its value (SecretBundle)."""
    return {"value": secret.value, **without_value(vault, secret)}


def without_value(vault: Vault, secret: SecretVersion, *, in_list: bool = False) -> dict[str, Any]:
    """A secret's ID and attributes; with `in_list`, its ID has no version."""
    content_type = {"contentType": secret.content_type} if secret.content_type else {}
    version = "" if in_list else f"/{secret.version}"
    managed = {"managed": True, "kid": f"{vault.uri}/keys/{secret.name}{version}"} if secret.managed else {}
    return {
        **content_type,
        "id": f"{vault.uri}/secrets/{secret.name}{version}",
        **managed,
        "attributes": _attributes(secret),
        **({} if secret.tags is None else {"tags": dict(secret.tags)}),
    }


def deleted_bundle(vault: Vault, deleted: DeletedSecret, *, in_list: bool = False) -> dict[str, Any]:
    """A deleted secret with its recovery ID."""
    newest = deleted.versions[-1]
    return {
        "recoveryId": f"{vault.uri}/deletedsecrets/{newest.name}",
        "deletedDate": deleted.deleted_on,
        "scheduledPurgeDate": deleted.purge_on,
        **without_value(vault, newest, in_list=in_list),
    }


def page(request: Request, vault: Vault, items: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the requested page of `items` with the link to the next one. Raises ServiceError."""
    requested = request.query_params.get("maxresults")
    size = requested or str(MAX_PAGE_SIZE)
    if not size.isdigit() or not 1 <= int(size) <= MAX_PAGE_SIZE:
        raise errors.invalid_body(f"maxresults must be between 1 and {MAX_PAGE_SIZE}")
    start = _start(request.query_params.get("$skiptoken", ""))
    end = start + int(size)
    next_link = None
    if end < len(items):
        version, token = request.query_params["api-version"], base64.urlsafe_b64encode(str(end).encode()).decode()
        query = f"api-version={quote(version)}&$skiptoken={token}" + (f"&maxresults={size}" if requested else "")
        next_link = f"{vault.uri}:443{request.url.path}?{query}"
    return {"value": list(items[start:end]), "nextLink": next_link}


def _start(skip_token: str) -> int:
    """Return the index of the first item of the page. Raises ServiceError."""
    if not skip_token:
        return 0
    try:
        start = base64.b64decode(skip_token, altchars=b"-_", validate=True).decode()
    except ValueError:
        start = ""
    if not start.isascii() or not start.isdigit():
        raise errors.invalid_body("The skiptoken is not valid")
    return int(start)


def _attributes(secret: SecretVersion) -> dict[str, Any]:
    dates = {"nbf": secret.not_before, "exp": secret.expires_on}
    return {
        "enabled": secret.enabled,
        **{name: value for name, value in dates.items() if value is not None},
        "created": secret.created_on,
        "updated": secret.updated_on,
        **RECOVERY,
    }
