"""The configuration of a vault that can change while a scenario runs: access policies and network rules."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from localazure.scenarios.roles import Role
from localazure.scenarios.vaults import NetworkAccess, Permission, Vault

PERMISSION_KINDS = ("keys", "secrets", "certificates", "storage")


@dataclass(frozen=True, kw_only=True)
class AccessPolicy:
    tenant_id: str
    object_id: str
    application_id: str | None = None
    permissions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Kind (`secrets`, `keys`, `certificates`, `storage`) -> permissions, in lower case."""

    def allows(self, kind: str, permission: str) -> bool:
        """Whether the policy grants a permission, directly or by `all`."""
        return bool({permission, "all"} & set(self.permissions.get(kind, ())))


@dataclass(frozen=True, kw_only=True)
class VaultSettings:
    vault: Vault
    created_on: int
    """Seconds since the epoch."""
    rbac: bool
    """Whether the vault uses Azure RBAC instead of access policies."""
    access_policies: tuple[AccessPolicy, ...] = ()
    public_network_access: bool = True
    default_action: str = "Allow"
    """What happens to addresses without a rule: Allow or Deny."""
    bypass: str = "AzureServices"
    ip_rules: tuple[str, ...] = ()
    """CIDR ranges."""
    virtual_network_rules: tuple[str, ...] = ()
    """Subnet IDs."""
    tags: Mapping[str, str] = field(default_factory=dict)
    flags: Mapping[str, bool] = field(default_factory=dict)
    """enabledForDeployment, enabledForDiskEncryption, enabledForTemplateDeployment, enablePurgeProtection."""
    sku: str = "standard"
    retention_days: int = 90
    """How long a deleted vault can be recovered; set when the vault is created."""
    deleted_on: int | None = None
    """When the vault was soft-deleted, in seconds since the epoch."""

    def policies_of(self, object_id: str) -> tuple[AccessPolicy, ...]:
        return tuple(policy for policy in self.access_policies if policy.object_id.lower() == object_id.lower())

    def policy_allows(self, object_id: str, app_id: str, kind: str, permission: str) -> bool:
        """Whether an access policy of this principal, or of it together with this application, allows the operation."""
        return any(
            policy.application_id in (None, app_id) and policy.allows(kind, permission)
            for policy in self.policies_of(object_id)
        )

    def firewall_allows(self, address: str) -> bool:
        """Whether the vault's firewall accepts connections from this address."""
        if self.default_action == "Allow":
            return True
        return any(ipaddress.ip_address(address) in ipaddress.ip_network(rule, strict=False) for rule in self.ip_rules)


def initial_settings(vault: Vault, now_s: int) -> VaultSettings:
    """Return the settings that the scenario defines for `vault`."""
    tenant_id = vault.subscription.tenant.id
    policies = (_policy(tenant_id, *grant) for grant in vault.grants.items()) if vault.access_policies else ()
    return VaultSettings(
        vault=vault,
        created_on=now_s,
        rbac=not vault.access_policies,
        tags=vault.tags,
        access_policies=tuple(policies),
        **network_settings(vault.network),
    )


def network_settings(network: NetworkAccess) -> dict[str, Any]:
    """Return the fields of VaultSettings that this network access means."""
    is_public = network is NetworkAccess.PUBLIC
    return {
        "public_network_access": network is not NetworkAccess.PRIVATE,
        "default_action": "Allow" if is_public else "Deny",
        "bypass": "AzureServices" if is_public else "None",
    }


def _policy(tenant_id: str, object_id: str, permissions: frozenset[Permission] | Role) -> AccessPolicy:
    """The policy of an initial grant. An identity that reads secrets also reads certificates."""
    if isinstance(permissions, Role):
        raise TypeError(f"Role {permissions.name!r} in a vault with access policies: use permissions.")
    certificates = ("get", "list") if Permission.GET in permissions else ()
    granted = {"secrets": tuple(sorted(permissions)), "certificates": certificates, "keys": ()}
    return AccessPolicy(tenant_id=tenant_id, object_id=object_id, permissions=granted)
