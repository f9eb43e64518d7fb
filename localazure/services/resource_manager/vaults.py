"""Vaults: https://learn.microsoft.com/rest/api/keyvault/keyvault/vaults"""

from collections.abc import Iterable
from dataclasses import replace

from starlette.responses import Response

from localazure.scenarios.directory import Subscription
from localazure.services.resource_manager import errors
from localazure.services.resource_manager.call import Call, Operation, json_response, require_group
from localazure.services.resource_manager.vault_json import deleted_vault_json, vault_json
from localazure.services.resource_manager.vault_request import requested_policies, requested_settings
from localazure.state.emulator_state import EmulatorState
from localazure.state.vault_settings import VaultSettings

TYPE = "Microsoft.KeyVault/vaults"
IN_GROUP = f"/subscriptions/{{subscription}}/resourceGroups/{{group}}/providers/{TYPE}"
IN_SUBSCRIPTION = f"/subscriptions/{{subscription}}/providers/{TYPE}"


def vaults_of(state: EmulatorState, subscription: Subscription) -> Iterable[VaultSettings]:
    """The vaults of a subscription that are not deleted."""
    found = (item for item in state.vaults.values() if item.vault.subscription == subscription)
    return tuple(item for item in found if item.deleted_on is None)


def list_vaults(call: Call) -> Response:
    """The vaults that the caller can read."""
    if "group" in call.parameters:
        require_group(call)
    found = vaults_of(call.state, call.subscription)
    return json_response(
        {"value": [vault_json(item) for item in found if call.allows(f"{TYPE}/read", item.vault.scope)]}
    )


def get(call: Call) -> Response:
    return json_response(vault_json(_existing(call, f"{TYPE}/read")))


def put(call: Call) -> Response:
    """Create a vault, or replace the settings of an existing one."""
    call.require(f"{TYPE}/write", _scope(call))
    require_group(call)
    existing = call.state.vaults.get(call.parameters["name"].lower())
    changed = requested_settings(call, existing)
    if existing is not None and existing.deleted_on is None and changed.rbac is not existing.rbac:
        # https://learn.microsoft.com/azure/key-vault/general/rbac-migration#prerequisites
        call.require("Microsoft.Authorization/roleAssignments/write", existing.vault.scope)
    call.state.set_vault(changed)
    return json_response(vault_json(changed), 200 if existing else 201)


def patch(call: Call) -> Response:
    """Change some settings of a vault."""
    existing = _existing(call, f"{TYPE}/write")
    changed = requested_settings(call, existing, partial=True)
    if changed.rbac is not existing.rbac:
        call.require("Microsoft.Authorization/roleAssignments/write", existing.vault.scope)
    call.state.set_vault(changed)
    return json_response(vault_json(changed))


def update_access_policies(call: Call) -> Response:
    """Add, replace or remove access policies."""
    existing = _existing(call, f"{TYPE}/accessPolicies/write")
    changed = requested_policies(call, existing, call.parameters["operation"].lower())
    call.state.set_vault(changed)
    policies = vault_json(changed)["properties"]["accessPolicies"]
    return json_response(
        {
            "id": f"{existing.vault.scope}/accessPolicies/",
            "type": f"{TYPE}/accessPolicies",
            "properties": {"accessPolicies": policies},
        }
    )


def delete(call: Call) -> Response:
    """Soft-delete a vault; its name stays reserved until it is purged."""
    call.require(f"{TYPE}/delete", _scope(call))
    require_group(call)
    found = call.state.vaults.get(call.parameters["name"].lower())
    if found is None or found.deleted_on is not None or found.vault.subscription != call.subscription:
        return Response(status_code=204)
    call.state.set_vault(replace(found, deleted_on=call.state.now_s()))
    return Response(status_code=200)


def list_deleted(call: Call) -> Response:
    call.require("Microsoft.KeyVault/deletedVaults/read", call.subscription.scope)
    found = (item for item in call.state.vaults.values() if item.vault.subscription == call.subscription)
    return json_response({"value": [deleted_vault_json(item) for item in found if item.deleted_on is not None]})


def list_deleted_modules(call: Call) -> Response:
    """There is no managed HSM; `az keyvault list-deleted` lists both."""
    call.require("Microsoft.KeyVault/deletedManagedHsms/read", call.subscription.scope)
    return json_response({"value": []})


def get_deleted(call: Call) -> Response:
    return json_response(deleted_vault_json(_deleted(call, "Microsoft.KeyVault/locations/deletedVaults/read")))


def purge(call: Call) -> Response:
    """Delete a soft-deleted vault and its secrets permanently."""
    deleted = _deleted(call, "Microsoft.KeyVault/locations/deletedVaults/purge/action")
    if deleted.flags.get("enablePurgeProtection"):
        text = "Operation 'DeletedVaultPurge' is not allowed because purge protection is enabled for this vault."
        raise errors.error(400, "MethodNotAllowed", text)
    call.state.remove_vault(deleted)
    return Response(status_code=200)


def _deleted(call: Call, action: str) -> VaultSettings:
    """Return the deleted vault in the path. Raises ServiceError."""
    name, location = call.parameters["name"], call.parameters["location"]
    call.require(action, call.subscription.scope)
    found = call.state.vaults.get(name.lower())
    is_here = found is not None and found.vault.subscription == call.subscription and found.vault.location == location
    if found is None or not is_here or found.deleted_on is None:
        text = f"The specified deleted vault '{name}' does not exist."
        raise errors.error(404, "DeletedVaultNotFound", text)
    return found


def list_private_endpoint_connections(call: Call) -> Response:
    """No vault has an approved private endpoint: the address of this machine is public."""
    _existing(call, f"{TYPE}/privateEndpointConnections/read")
    return json_response({"value": []})


def _existing(call: Call, action: str) -> VaultSettings:
    """Return the vault in the path. Raises ServiceError when it does not exist or the caller lacks `action`."""
    call.require(action, _scope(call))
    require_group(call)
    name, group = call.parameters["name"], call.parameters["group"]
    found = call.state.vaults.get(name.lower())
    if found is None or found.deleted_on is not None or found.vault.subscription != call.subscription:
        raise errors.resource_not_found(f"{TYPE}/{name}", group)
    return found


def _scope(call: Call) -> str:
    parameters = call.parameters
    group = f"/subscriptions/{parameters['subscription']}/resourceGroups/{parameters['group']}"
    return f"{group}/providers/{TYPE}/{parameters['name']}"


_PROVIDER = "/subscriptions/{subscription}/providers/Microsoft.KeyVault"
_DELETED = f"{_PROVIDER}/locations/{{location}}/deletedVaults/{{name}}"
OPERATIONS = (
    Operation("GET", IN_SUBSCRIPTION, list_vaults, TYPE),
    Operation("GET", IN_GROUP, list_vaults, TYPE),
    Operation("GET", f"{IN_GROUP}/{{name}}", get, TYPE),
    Operation("PUT", f"{IN_GROUP}/{{name}}", put, TYPE),
    Operation("PATCH", f"{IN_GROUP}/{{name}}", patch, TYPE),
    Operation("DELETE", f"{IN_GROUP}/{{name}}", delete, TYPE),
    Operation("GET", f"{_PROVIDER}/deletedVaults", list_deleted, TYPE),
    Operation("GET", f"{_PROVIDER}/deletedManagedHSMs", list_deleted_modules, TYPE),
    Operation("GET", _DELETED, get_deleted, TYPE),
    Operation("POST", f"{_DELETED}/purge", purge, TYPE),
    Operation("PUT", f"{IN_GROUP}/{{name}}/accessPolicies/{{operation}}", update_access_policies, TYPE),
    Operation("GET", f"{IN_GROUP}/{{name}}/privateEndpointConnections", list_private_endpoint_connections, TYPE),
)
