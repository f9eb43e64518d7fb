"""The JSON of Key Vault: secrets with and without their value, deleted secrets, lists in pages.

https://learn.microsoft.com/rest/api/keyvault/secrets/operation-groups
"""

import base64
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from starlette.requests import Request

from localazure.secret_store import DeletedSecret, SecretVersion
from localazure.services import keyvault_refusals as refusals
from localazure.vaults import Vault

RECOVERY = {"recoveryLevel": "Recoverable+Purgeable", "recoverableDays": 90}
PAGE = 25
"""The most a page holds, and what it holds when nobody asks for less."""


def bundle(vault: Vault, secret: SecretVersion) -> dict[str, Any]:
    """A secret with its value."""
    return {"value": secret.value, **without_value(vault, secret)}


def without_value(vault: Vault, secret: SecretVersion, *, in_list: bool = False) -> dict[str, Any]:
    """A secret's id and attributes; `in_list` leaves the version out, as a list of secrets does."""
    content_type = {"contentType": secret.content_type} if secret.content_type else {}
    version = "" if in_list else f"/{secret.version}"
    managed = {"managed": True, "kid": f"{vault.uri}/keys/{secret.name}{version}"} if secret.managed else {}
    return {
        **content_type,
        "id": f"{vault.uri}/secrets/{secret.name}{version}",
        **managed,
        "attributes": _attributes(secret),
        "tags": dict(secret.tags),
    }


def deleted_bundle(vault: Vault, deleted: DeletedSecret, *, in_list: bool = False) -> dict[str, Any]:
    """A deleted secret, with the id it can be recovered by."""
    newest = deleted.versions[-1]
    return {
        "recoveryId": f"{vault.uri}/deletedsecrets/{newest.name}",
        "deletedDate": deleted.deleted_on,
        "scheduledPurgeDate": deleted.purge_on,
        **without_value(vault, newest, in_list=in_list),
    }


def page(request: Request, vault: Vault, items: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The page of `items` the request asks for, with the address of the next. Raises Refusal."""
    size = request.query_params.get("maxresults", str(PAGE))
    if not size.isdigit() or not 1 <= int(size) <= PAGE:
        raise refusals.invalid_body(f"maxresults must be between 1 and {PAGE}")
    start = _start(request.query_params.get("$skiptoken", ""))
    end = start + int(size)
    following = None
    if end < len(items):
        version, mark = request.query_params["api-version"], base64.urlsafe_b64encode(str(end).encode()).decode()
        query = f"api-version={quote(version)}&$skiptoken={mark}&maxresults={size}"
        following = f"{vault.uri}:443{request.url.path}?{query}"
    return {"value": list(items[start:end]), "nextLink": following}


def _start(mark: str) -> int:
    """Where the page begins. Raises Refusal."""
    if not mark:
        return 0
    try:
        start = base64.b64decode(mark, altchars=b"-_", validate=True).decode()
    except ValueError:
        start = ""
    if not start.isascii() or not start.isdigit():
        raise refusals.invalid_body("The skiptoken is not valid")
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
