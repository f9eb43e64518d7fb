"""What a vault is: its address, who may do what there, and the secrets it starts with."""

from dataclasses import dataclass, field
from enum import StrEnum

from localazure.directory import PRODUCTION, Subscription


class Permission(StrEnum):
    """What a caller may do with secrets; the words are those of an access policy."""

    GET = "get"
    LIST = "list"
    SET = "set"
    DELETE = "delete"
    RECOVER = "recover"
    PURGE = "purge"


RBAC_ACTIONS = {
    Permission.GET: "Microsoft.KeyVault/vaults/secrets/getSecret/action",
    Permission.LIST: "Microsoft.KeyVault/vaults/secrets/readMetadata/action",
    Permission.SET: "Microsoft.KeyVault/vaults/secrets/setSecret/action",
    Permission.DELETE: "Microsoft.KeyVault/vaults/secrets/delete",
    Permission.RECOVER: "Microsoft.KeyVault/vaults/secrets/recover/action",
    Permission.PURGE: "Microsoft.KeyVault/vaults/secrets/purge/action",
}
"""The data action each permission needs: https://learn.microsoft.com/azure/role-based-access-control/permissions/security#microsoftkeyvault"""

SECRETS_USER = frozenset({Permission.GET, Permission.LIST})
"""The role Key Vault Secrets User, 4633458b-17de-408a-b874-0445c86b69e6."""
SECRETS_OFFICER = frozenset(Permission)
"""The role Key Vault Secrets Officer, b86a8fe4-44ce-4948-aee5-eccb2c155cd7."""
ROLES = {"Key Vault Secrets User": SECRETS_USER, "Key Vault Secrets Officer": SECRETS_OFFICER}


class Network(StrEnum):
    """From where a vault may be reached."""

    PUBLIC = "public"
    FIREWALL = "firewall"
    """Selected networks only, and this machine is in none of them."""
    PRIVATE = "private"
    """Private endpoints only."""


@dataclass(frozen=True, kw_only=True)
class Secret:
    """One secret as the world begins; without a value of its own it is given one when the world starts."""

    name: str
    value: str | None = None
    enabled: bool = True
    content_type: str | None = None
    deleted: bool = False
    """Soft-deleted: it can be recovered."""
    expires_in_s: int | None = None
    """Seconds from the world's start; in the past when negative."""
    starts_in_s: int | None = None
    """Not to be used before so many seconds after the world's start."""

    def __repr__(self) -> str:
        return f"Secret(name={self.name!r})"


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """One certificate as the world begins: a secret of the same name holds it with its private key."""

    name: str
    common_name: str
    """Whom it is for; an application's client id when that application signs in with it."""
    content_type: str = "application/x-pkcs12"
    """Or application/x-pem-file: the form of the secret."""


@dataclass(frozen=True, kw_only=True)
class Vault:
    name: str
    location: str = "westeurope"
    subscription: Subscription = PRODUCTION
    secrets: tuple[Secret, ...] = ()
    grants: dict[str, frozenset[Permission]] = field(default_factory=dict)
    """Object id -> what it may do."""
    access_policies: bool = False
    """The older model of access; the other one is Azure's roles (RBAC)."""
    network: Network = Network.PUBLIC
    throttled: bool = False
    certificates: tuple[Certificate, ...] = ()

    @property
    def host(self) -> str:
        return f"{self.name}.vault.azure.net"

    @property
    def uri(self) -> str:
        return f"https://{self.host}"

    @property
    def resource_id(self) -> str:
        """As the vault's refusals spell it: all in lower case."""
        return self.subscription.resource_id(f"Microsoft.KeyVault/vaults/{self.name}").lower()

    def allows(self, object_id: str, permission: Permission) -> bool:
        return permission in self.grants.get(object_id, frozenset())
