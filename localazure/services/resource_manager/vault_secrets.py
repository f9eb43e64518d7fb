"""Secrets that a template creates through Resource Manager: https://learn.microsoft.com/rest/api/keyvault/secrets"""

from typing import Any

from starlette.responses import Response

from localazure.services.resource_manager import errors
from localazure.services.resource_manager.call import Call, Operation, json_response, require_group
from localazure.services.resource_manager.vaults import IN_GROUP, TYPE
from localazure.state.secret_store import SecretVersion, new_version
from localazure.state.vault_settings import VaultSettings

PATH = f"{IN_GROUP}/{{vault}}/secrets/{{name}}"


def put(call: Call) -> Response:
    """Add a version of the secret. The value is not part of the response."""
    vault, properties = _vault(call, f"{TYPE}/secrets/write"), call.properties()
    value = properties.get("value")
    if not isinstance(value, str):
        raise errors.error(400, "BadRequest", "Property value must be specified")
    store, name = call.state.stores[vault.vault.name], call.parameters["name"]
    if store.get_deleted(name):
        text = f"Secret {name} is currently in a deleted but recoverable state, and its name cannot be reused."
        raise errors.error(409, "Conflict", text)
    store.add(new_version(name, value, call.state.now_s(), content_type=properties.get("contentType")))
    return json_response(_json(vault, store.get(name)), 201)


def get(call: Call) -> Response:
    vault = _vault(call, f"{TYPE}/secrets/read")
    secret = call.state.stores[vault.vault.name].get(call.parameters["name"])
    if secret is None:
        item = f"{TYPE}/{vault.vault.name}/secrets/{call.parameters['name']}"
        raise errors.resource_not_found(item, call.parameters["group"])
    return json_response(_json(vault, secret))


def _vault(call: Call, action: str) -> VaultSettings:
    call.require(action, call.path)
    require_group(call)
    vault = call.state.vaults.get(call.parameters["vault"].lower())
    if vault is None or vault.deleted_on is not None:
        raise errors.resource_not_found(f"{TYPE}/{call.parameters['vault']}", call.parameters["group"])
    return vault


def _json(vault: VaultSettings, secret: SecretVersion | None) -> dict[str, Any]:
    assert secret is not None  # noqa: S101 - checked or just added by the callers
    uri = f"{vault.vault.uri}/secrets/{secret.name}"
    return {
        "id": f"{vault.vault.scope}/secrets/{secret.name}",
        "name": secret.name,
        "type": f"{TYPE}/secrets",
        "location": vault.vault.location,
        "properties": {
            "attributes": {"enabled": secret.enabled, "created": secret.created_on, "updated": secret.updated_on},
            "contentType": secret.content_type,
            "secretUri": uri,
            "secretUriWithVersion": f"{uri}/{secret.version}",
        },
    }


OPERATIONS = (Operation("GET", PATH, get, TYPE), Operation("PUT", PATH, put, TYPE))
