"""The definition of a vault: its address, access configuration and initial secrets."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from localazure.scenarios.directory import PRODUCTION, Subscription
from localazure.scenarios.roles import Role


class Permission(StrEnum):
    """A secret permission, named as in an access policy."""

    GET = "get"
    LIST = "list"
    SET = "set"
    DELETE = "delete"
    RECOVER = "recover"
    PURGE = "purge"
    BACKUP = "backup"
    RESTORE = "restore"


RBAC_ACTIONS = {
    Permission.GET: "Microsoft.KeyVault/vaults/secrets/getSecret/action",
    Permission.LIST: "Microsoft.KeyVault/vaults/secrets/readMetadata/action",
    Permission.SET: "Microsoft.KeyVault/vaults/secrets/setSecret/action",
    Permission.DELETE: "Microsoft.KeyVault/vaults/secrets/delete",
    Permission.RECOVER: "Microsoft.KeyVault/vaults/secrets/recover/action",
    Permission.PURGE: "Microsoft.KeyVault/vaults/secrets/purge/action",
    Permission.BACKUP: "Microsoft.KeyVault/vaults/secrets/backup/action",
    Permission.RESTORE: "Microsoft.KeyVault/vaults/secrets/restore/action",
}
"""The RBAC data action of each secret permission: https://learn.microsoft.com/azure/role-based-access-control/permissions/security#microsoftkeyvault"""

SECRETS_USER = frozenset({Permission.GET, Permission.LIST})
"""The role Key Vault Secrets User, 4633458b-17de-408a-b874-0445c86b69e6."""
SECRETS_OFFICER = frozenset(Permission)
"""The role Key Vault Secrets Officer, b86a8fe4-44ce-4948-aee5-eccb2c155cd7."""
ROLES = {"Key Vault Secrets User": SECRETS_USER, "Key Vault Secrets Officer": SECRETS_OFFICER}


class NetworkAccess(StrEnum):
    """The network access of a vault."""

    PUBLIC = "public"
    FIREWALL = "firewall"
    """Selected networks only; this machine is not in any of them."""
    PRIVATE = "private"
    """Private endpoints only."""


@dataclass(frozen=True, kw_only=True)
class Secret:
    """An initial secret. Without a value, one is generated when the scenario starts."""

    name: str
    value: str | None = None
    enabled: bool = True
    content_type: str | None = None
    deleted: bool = False
    """Soft-deleted: can be recovered."""
    expires_in_s: int | None = None
    """Seconds after the start of the scenario; negative values are in the past."""
    starts_in_s: int | None = None
    """Not-before date, in seconds after the start of the scenario."""

    def __repr__(self) -> str:
        return f"Secret(name={self.name!r})"


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """An initial certificate. A secret of the same name contains the certificate and its private key."""

    name: str
    common_name: str
    """For a certificate that an application signs in with: the client ID."""
    content_type: str = "application/x-pkcs12"
    """The format of the secret: this or application/x-pem-file."""


@dataclass(frozen=True, kw_only=True)
class Vault:
    name: str
    location: str = "westeurope"
    subscription: Subscription = PRODUCTION
    secrets: tuple[Secret, ...] = ()
    grants: Mapping[str, frozenset[Permission] | Role] = field(default_factory=dict)
    """Object ID -> permissions for secrets, or a role."""
    roles: tuple[tuple[str, Role], ...] = ()
    """Object ID and role of further role assignments, in a vault that uses Azure RBAC."""
    tags: Mapping[str, str] = field(default_factory=dict)
    access_policies: bool = False
    """Whether the vault uses access policies instead of Azure RBAC."""
    network: NetworkAccess = NetworkAccess.PUBLIC
    throttled: bool = False
    certificates: tuple[Certificate, ...] = ()

    @property
    def host(self) -> str:
        return f"{self.name}.vault.azure.net"

    @property
    def uri(self) -> str:
        return f"https://{self.host}"

    @property
    def scope(self) -> str:
        """The vault's resource ID, as Resource Manager writes it."""
        return f"{self.subscription.group_scope}/providers/Microsoft.KeyVault/vaults/{self.name}"

    @property
    def resource_id(self) -> str:
        """In lower case, as in the vault's error messages."""
        return self.subscription.resource_id(f"Microsoft.KeyVault/vaults/{self.name}").lower()
