"""The `identity` property of sites and virtual machines.

https://learn.microsoft.com/rest/api/appservice/web-apps/create-or-update#managedserviceidentity
"""

from typing import Any

from localazure.scenarios.directory import ManagedIdentity
from localazure.services.resource_manager import errors
from localazure.services.resource_manager.call import Call, as_object
from localazure.state.emulator_state import EmulatorState
from localazure.state.hosts import HostResource, new_system_identity

ASSIGN = "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action"
TYPES = ("None", "SystemAssigned", "UserAssigned", "SystemAssigned, UserAssigned")


def identity_json(host: HostResource) -> dict[str, Any]:
    """Return `{"identity": ...}`, empty for a host without identities."""
    system, user = host.system_identity, host.user_identities
    if not host.identities:
        return {}
    kinds = [name for name, present in (("SystemAssigned", system), ("UserAssigned", user)) if present]
    own = {"principalId": system.object_id, "tenantId": host.subscription.tenant.id} if system else {}
    block: dict[str, Any] = {"type": ", ".join(kinds), **own}
    if user:
        block["userAssignedIdentities"] = {
            identity_id(item): {"principalId": item.object_id, "clientId": item.client_id} for item in user
        }
    return {"identity": block}


def requested_identities(call: Call, host: HostResource, block: Any) -> tuple[ManagedIdentity, ...]:
    """Return the identities of `host` after a request with this block. Raises ServiceError.

    In `userAssignedIdentities`, a value of null removes an identity; a PUT replaces the set, a PATCH adds to it.
    """
    fields = as_object(block, "identity")
    kinds = {kind.strip().lower() for kind in str(fields.get("type", "")).split(",")}
    if not kinds <= {"none", "systemassigned", "userassigned"} or not any(kinds):
        text = f"The identity type '{fields.get('type')}' is invalid. Supported types: {'; '.join(TYPES)}."
        raise errors.error(400, "InvalidIdentityType", text)
    system = (host.system_identity or new_system_identity(host),) if "systemassigned" in kinds else ()
    if "userassigned" not in kinds:
        return system
    requested = as_object(fields.get("userAssignedIdentities") or {}, "userAssignedIdentities")
    kept = host.user_identities if call.method == "PATCH" else ()
    removed = [find_identity(call.state, key) for key, value in requested.items() if value is None]
    added = [_assignable(call, key) for key, value in requested.items() if value is not None]
    user = dict.fromkeys(item for item in (*kept, *added) if item not in removed)
    if not user:
        text = "The user assigned identities list is empty. At least one user assigned identity must be specified."
        raise errors.error(400, "InvalidIdentityValues", text)
    return (*system, *user)


def identity_id(identity: ManagedIdentity) -> str:
    """The resource ID of a user-assigned identity, as Resource Manager writes it."""
    return identity.resource_id.replace("/resourcegroups/", "/resourceGroups/")


def find_identity(state: EmulatorState, resource_id: str) -> ManagedIdentity | None:
    """Return the user-assigned identity with this resource ID; None when it does not exist."""
    found = (item for item in state.directory.user_assigned.values() if item.resource_id.lower() == resource_id.lower())
    return next(found, None)


def _assignable(call: Call, resource_id: str) -> ManagedIdentity:
    identity = find_identity(call.state, resource_id)
    if identity is None:
        text = (
            f"Resource '{resource_id}' was not found."
            if resource_id.lower().startswith("/subscriptions/")
            else f"The identity ID '{resource_id}' is invalid."
        )
        raise errors.error(400, "FailedIdentityOperation", f"Identity operation for resource failed: {text}")
    call.require(ASSIGN, resource_id)
    return identity
