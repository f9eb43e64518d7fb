"""The table of all operations but those of deployments, which call the others."""

from collections.abc import Sequence

from localazure.services.resource_manager import (
    api_versions,
    clusters,
    errors,
    generic,
    groups,
    resource_graph,
    resources,
    role_assignments,
    role_definitions,
    sites,
    subscriptions,
    user_assigned_identities,
    vault_secrets,
    vaults,
    virtual_machines,
)
from localazure.services.resource_manager.call import Operation

OPERATIONS: tuple[Operation, ...] = (
    *subscriptions.OPERATIONS,
    *role_definitions.OPERATIONS,
    *role_assignments.OPERATIONS,
    *vaults.OPERATIONS,
    *vault_secrets.OPERATIONS,
    *sites.OPERATIONS,
    *generic.OPERATIONS,
    *virtual_machines.OPERATIONS,
    *user_assigned_identities.OPERATIONS,
    *clusters.OPERATIONS,
    *resources.OPERATIONS,
    *resource_graph.OPERATIONS,
    *groups.OPERATIONS,
)


def find(table: Sequence[Operation], method: str, path: str) -> tuple[Operation, dict[str, str]]:
    """Return the operation and the placeholders of its path. Raises ServiceError."""
    known_path = False
    for operation in table:
        match = operation.pattern.fullmatch(path)
        if match and operation.method == method:
            return operation, match.groupdict()
        known_path = known_path or match is not None
    raise errors.method_not_allowed(method) if known_path else errors.not_emulated(path)


def check_api_version(operation: Operation, version: str) -> None:
    """Raises ServiceError unless the resource type supports the version."""
    supported = api_versions.SUPPORTED[operation.type]
    if version.lower() in supported:
        return
    if operation.type in (api_versions.SUBSCRIPTIONS, api_versions.RESOURCES):
        raise errors.invalid_api_version(version, supported)
    raise errors.unsupported_api_version(operation.type, version, supported)
