"""Role assignments and the access decisions that follow from them."""

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from localazure.scenarios.roles import BUILT_IN_ROLES, SECRETS_OFFICER_ROLE, SECRETS_USER_ROLE, Role
from localazure.scenarios.vaults import RBAC_ACTIONS, SECRETS_OFFICER, SECRETS_USER, Permission

ROLE_OF_PERMISSIONS = {SECRETS_USER: SECRETS_USER_ROLE, SECRETS_OFFICER: SECRETS_OFFICER_ROLE}
_IDS = uuid.UUID("6f1cf2b4-6a0a-4d7c-a5f6-14a25d2a4e0c")
"""Namespace of the IDs of initial assignments and custom roles, so that they are the same in every run."""


@dataclass(frozen=True, kw_only=True)
class RoleAssignment:
    name: str
    """A GUID."""
    role: Role
    principal_id: str
    """Object ID."""
    principal_type: str
    scope: str
    """The ID of a subscription, resource group, resource, or secret of a vault."""
    created_on: int
    """Seconds since the epoch."""
    created_by: str = ""
    """Object ID of who assigned the role; empty for initial assignments."""
    description: str | None = None
    condition: str | None = None
    condition_version: str | None = None

    @property
    def id(self) -> str:
        return f"{self.scope}/providers/Microsoft.Authorization/roleAssignments/{self.name}"

    def covers(self, scope: str) -> bool:
        """Whether the assignment applies to `scope`: assignments are inherited from parent scopes."""
        return is_within(scope, self.scope)


def is_within(scope: str, parent: str) -> bool:
    """Whether `scope` is `parent` or below it. Resource IDs are case-insensitive."""
    scope, parent = scope.rstrip("/").lower(), parent.rstrip("/").lower()
    return scope == parent or scope.startswith(f"{parent}/")


@dataclass
class RoleAssignments:
    """The role definitions and role assignments of a running scenario."""

    roles: dict[str, Role] = field(default_factory=lambda: {role.id: role for role in BUILT_IN_ROLES})
    """Role ID -> role."""
    _assignments: dict[str, RoleAssignment] = field(default_factory=dict)
    _of_principal: dict[str, dict[str, RoleAssignment]] = field(default_factory=dict)
    """Object ID in lower case -> the assignments of that principal."""

    def __iter__(self) -> Iterator[RoleAssignment]:
        return iter(tuple(self._assignments.values()))

    def get(self, name: str) -> RoleAssignment | None:
        return self._assignments.get(name.lower())

    def add(self, assignment: RoleAssignment) -> None:
        self.remove(assignment.name)
        self._assignments[assignment.name.lower()] = assignment
        self._of_principal.setdefault(assignment.principal_id.lower(), {})[assignment.name.lower()] = assignment

    def remove(self, name: str) -> RoleAssignment | None:
        """Remove and return the assignment; None when it does not exist."""
        removed = self._assignments.pop(name.lower(), None)
        if removed is not None:
            del self._of_principal[removed.principal_id.lower()][name.lower()]
        return removed

    def add_initial(self, role: Role, principal_id: str, principal_type: str, scope: str, created_on: int) -> None:
        """Add an assignment that exists when the scenario starts."""
        name = str(uuid.uuid5(_IDS, f"{role.id} {principal_id} {scope}".lower()))
        self.add(
            RoleAssignment(
                name=name,
                role=role,
                principal_id=principal_id,
                principal_type=principal_type,
                scope=scope,
                created_on=created_on,
            )
        )

    def of_principal(self, object_id: str) -> Iterable[RoleAssignment]:
        return tuple(self._of_principal.get(object_id.lower(), {}).values())

    def allows(self, object_id: str, action: str, scope: str) -> bool:
        """Whether a role allows this principal a management action at `scope`."""
        return any(item.covers(scope) and item.role.allows(action) for item in self.of_principal(object_id))

    def data_assignment(self, object_id: str, action: str, scope: str) -> RoleAssignment | None:
        """The assignment that allows this principal a data action at `scope`; None when there is none."""
        found = (item for item in self.of_principal(object_id) if item.covers(scope) and item.role.allows_data(action))
        return next(found, None)

    def role_for(self, permissions: frozenset[Permission] | Role) -> Role:
        """Return the role with exactly these secret permissions; a custom role unless a built-in one has them."""
        if isinstance(permissions, Role):
            return permissions
        if permissions in ROLE_OF_PERMISSIONS:
            return ROLE_OF_PERMISSIONS[permissions]
        names = ", ".join(sorted(permissions)) or "nothing"
        actions = tuple(RBAC_ACTIONS[permission] for permission in sorted(permissions))
        role = Role(
            id=str(uuid.uuid5(_IDS, names)),
            name=f"Secrets: {names}",
            description=f"Custom role of a seed: {names}.",
            data_actions=actions,
            built_in=False,
        )
        return self.roles.setdefault(role.id, role)
