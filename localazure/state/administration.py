"""Changes to a running scenario without permission checks, for tests and set-up code."""

import uuid
from dataclasses import replace

from localazure.scenarios.directory import Identity, User
from localazure.scenarios.roles import find_role
from localazure.scenarios.vaults import NetworkAccess
from localazure.state.emulator_state import EmulatorState
from localazure.state.vault_settings import VaultSettings, network_settings


def find_vault(state: EmulatorState, name: str | None) -> VaultSettings:
    """Return a vault, by default the scenario's. Raises LookupError."""
    name = name or state.scenario.vault.name
    if name.lower() not in state.vaults:
        raise LookupError(f"Vault {name!r} does not exist. Vaults: {', '.join(state.vaults)}.")
    return state.vaults[name.lower()]


def grant(state: EmulatorState, principal: Identity | str, role: str, vault: str | None) -> None:
    """Assign a built-in role on a vault. Raises LookupError."""
    object_id, scope = _object_id(state, principal), find_vault(state, vault).vault.scope
    kind = "User" if isinstance(state.directory.find_principal(object_id), User) else "ServicePrincipal"
    state.roles.add_initial(find_role(role), object_id, kind, scope, state.now_s())


def revoke(state: EmulatorState, principal: Identity | str, role: str | None, vault: str | None) -> None:
    """Remove the assignments of a role, by default of every role, on a vault. Raises LookupError."""
    object_id, scope = _object_id(state, principal), find_vault(state, vault).vault.scope
    removed = find_role(role) if role else None
    for assignment in state.roles.of_principal(object_id):
        if assignment.scope == scope and removed in (None, assignment.role):
            state.roles.remove(assignment.name)


def set_network(state: EmulatorState, network: NetworkAccess | str, vault: str | None) -> None:
    """Change the network access of a vault. Raises LookupError."""
    if network not in list(NetworkAccess):
        raise LookupError(f"Network access {network!r} does not exist. Choose from: {', '.join(NetworkAccess)}.")
    state.set_vault(replace(find_vault(state, vault), ip_rules=(), **network_settings(NetworkAccess(network))))


def _object_id(state: EmulatorState, principal: Identity | str) -> str:
    """Return the object ID of an identity, of its name, or an object ID itself. Raises LookupError."""
    if not isinstance(principal, str):
        return principal.object_id
    try:
        return str(uuid.UUID(principal))
    except ValueError:
        known = {_name(item).lower(): item.object_id for item in reversed(state.directory.principals())}
    if principal.lower() not in known:
        raise LookupError(f"Identity {principal!r} does not exist. Identities: {', '.join(sorted(known))}.")
    return known[principal.lower()]


def _name(identity: Identity) -> str:
    return identity.principal_name if isinstance(identity, User) else identity.name
