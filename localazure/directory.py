"""Who exists in Local Azure: one tenant, one subscription, its people and its managed identities."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Tenant:
    """An Entra directory."""

    id: str
    name: str
    domain: str

    @property
    def issuer(self) -> str:
        """The `iss` of the tenant's v1 tokens."""
        return f"https://sts.windows.net/{self.id}/"


@dataclass(frozen=True, kw_only=True)
class Subscription:
    id: str
    name: str
    tenant: Tenant
    resource_group: str

    def resource_id(self, provider_path: str) -> str:
        """The id of a resource of this group, in the lower-case form Entra writes into `xms_mirid`."""
        return f"/subscriptions/{self.id}/resourcegroups/{self.resource_group}/providers/{provider_path}"


@dataclass(frozen=True, kw_only=True)
class ManagedIdentity:
    name: str
    client_id: str
    object_id: str
    resource_id: str
    """The identity's own resource when user-assigned, the host's when system-assigned."""

    @property
    def user_assigned(self) -> bool:
        return "/userAssignedIdentities/" in self.resource_id


@dataclass(frozen=True, kw_only=True)
class User:
    name: str
    given_name: str
    family_name: str
    principal_name: str
    object_id: str
    puid: str


Identity = ManagedIdentity | User

AZURE_CLI_CLIENT_ID = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
KEY_VAULT_AUDIENCE = "https://vault.azure.net"

# The resources a token can be asked for, as the client writes them, and the audience Entra answers with.
# https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/managed-identities-status
AUDIENCES = {
    "https://vault.azure.net": KEY_VAULT_AUDIENCE,
    "https://vault.azure.net/": "https://vault.azure.net/",
    "https://management.azure.com": "https://management.azure.com",
    "https://management.azure.com/": "https://management.azure.com/",
    "https://management.core.windows.net": "https://management.core.windows.net",
    "https://management.core.windows.net/": "https://management.core.windows.net/",
    "https://graph.microsoft.com": "https://graph.microsoft.com",
    "https://graph.microsoft.com/": "https://graph.microsoft.com/",
}

CONTOSO = Tenant(id="8b7a232e-7db2-4618-9223-c1d922beb033", name="Contoso", domain="contoso.onmicrosoft.com")
PRODUCTION = Subscription(
    id="e3890b48-3fb8-4e1d-b243-c500a0d0c2a4",
    name="Contoso Production",
    tenant=CONTOSO,
    resource_group="kvsite-rg",
)

SITE_IDENTITY = ManagedIdentity(
    name="kvsite-demo",
    client_id="e7700589-93a1-43e0-86c2-3b2ae9cef7c9",
    object_id="f1ca3ee6-14e4-4286-994e-4ea68d1a79d8",
    resource_id=PRODUCTION.resource_id("Microsoft.Web/sites/kvsite-demo"),
)
MACHINE_IDENTITY = ManagedIdentity(
    name="kvsite-vm",
    client_id="5f816df8-cc06-4b2e-ac0c-05ae541a8c6a",
    object_id="3d0c7a3b-3d4e-4957-9339-dd4200a9a9fc",
    resource_id=PRODUCTION.resource_id("Microsoft.Compute/virtualMachines/kvsite-vm"),
)
SHARED_IDENTITY = ManagedIdentity(
    name="kvsite-reader",
    client_id="91bc4621-2e5a-436e-bb44-75d5e0f13b45",
    object_id="7db97b91-b383-4839-82ef-17a178f3f522",
    resource_id=PRODUCTION.resource_id("Microsoft.ManagedIdentity/userAssignedIdentities/kvsite-reader"),
)
DEVELOPER = User(
    name="Dana Doe",
    given_name="Dana",
    family_name="Doe",
    principal_name="dana@contoso.onmicrosoft.com",
    object_id="f912eb33-d4e2-4b36-887c-3beb1922ba72",
    puid="10032002E4A1C5F7",
)
