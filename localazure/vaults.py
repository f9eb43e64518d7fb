"""What a vault is: its address, who may do what there, and the secrets it starts with."""

from dataclasses import dataclass, field
from enum import StrEnum

from localazure.directory import PRODUCTION, Subscription


class Permission(StrEnum):
    """What a caller may do with secrets; the words are those of an access policy."""

    GET = "get"
    LIST = "list"


RBAC_ACTIONS = {
    Permission.GET: "Microsoft.KeyVault/vaults/secrets/getSecret/action",
    Permission.LIST: "Microsoft.KeyVault/vaults/secrets/readMetadata/action",
}
"""The data action each permission needs: https://learn.microsoft.com/azure/role-based-access-control/permissions/security#microsoftkeyvault"""

SECRETS_USER = frozenset({Permission.GET, Permission.LIST})
"""The role Key Vault Secrets User, 4633458b-17de-408a-b874-0445c86b69e6."""


@dataclass(frozen=True, kw_only=True)
class Secret:
    """One secret as the world begins; its value is made when the world starts."""

    name: str
    enabled: bool = True
    content_type: str | None = None


@dataclass(frozen=True, kw_only=True)
class Vault:
    name: str
    location: str = "westeurope"
    subscription: Subscription = PRODUCTION
    secrets: tuple[Secret, ...] = ()
    grants: dict[str, frozenset[Permission]] = field(default_factory=dict)
    """Object id -> what it may do."""

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
