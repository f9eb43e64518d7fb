"""The tenants, subscriptions, users, applications and managed identities of Local Azure."""

import re
import uuid
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Tenant:
    """A Microsoft Entra tenant."""

    id: str
    name: str
    domain: str

    @property
    def issuer(self) -> str:
        """The `iss` of the tenant's v1 tokens."""
        return f"https://sts.windows.net/{self.id}/"

    @property
    def issuer_v2(self) -> str:
        """The `iss` of the tenant's v2 tokens."""
        return f"https://login.microsoftonline.com/{self.id}/v2.0"


@dataclass(frozen=True, kw_only=True)
class Subscription:
    id: str
    name: str
    tenant: Tenant
    resource_group: str

    @property
    def scope(self) -> str:
        """The subscription's ID as a scope of role assignments."""
        return f"/subscriptions/{self.id}"

    @property
    def group_scope(self) -> str:
        """The ID of its resource group, as Resource Manager writes it."""
        return f"{self.scope}/resourceGroups/{self.resource_group}"

    def resource_id(self, provider_path: str) -> str:
        """The ID of a resource in this resource group, in the lower-case form of the `xms_mirid` claim."""
        return f"/subscriptions/{self.id}/resourcegroups/{self.resource_group}/providers/{provider_path}"


@dataclass(frozen=True, kw_only=True)
class ManagedIdentity:
    name: str
    client_id: str
    object_id: str
    resource_id: str
    """The resource ID of the identity (user-assigned) or of its host (system-assigned)."""

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
    guest_of: str | None = None
    """The principal name in the home tenant, for a guest."""


@dataclass(frozen=True, kw_only=True)
class Application:
    """An app registration and its service principal."""

    name: str
    client_id: str
    object_id: str
    """Object ID of the service principal, which roles are assigned to."""
    identifier_uri: str | None = None
    """Application ID URI: the resource that other applications request tokens for."""

    @property
    def registration_id(self) -> str:
        """Object ID of the app registration."""
        return str(uuid.uuid5(uuid.UUID(self.client_id), "application"))


Identity = ManagedIdentity | User | Application

AZURE_CLI_CLIENT_ID = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
MICROSOFT_CLIENTS = frozenset(
    (
        AZURE_CLI_CLIENT_ID,
        "1950a258-227b-4e31-a9cf-717495945fc2",  # Azure PowerShell
        "aebc6443-996d-45c2-90f0-388ff96faa56",  # Visual Studio Code
        "872cd9fa-d31f-45e0-9eab-6e460a02d1f1",  # Visual Studio
    )
)
"""Public clients of Microsoft, which exist in every tenant and share refresh tokens."""
KEY_VAULT_AUDIENCE = "https://vault.azure.net"
KEY_VAULT_APP_ID = "cfa8b339-82a2-471a-a3c9-0fc0be7a4093"
GRAPH_RESOURCE = "https://graph.microsoft.com"

# Requested resource -> audience of the token.
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
    "https://storage.azure.com": "https://storage.azure.com",
    "https://storage.azure.com/": "https://storage.azure.com/",
    "https://database.windows.net": "https://database.windows.net",
    "https://database.windows.net/": "https://database.windows.net/",
    "https://servicebus.azure.net": "https://servicebus.azure.net",
    "https://servicebus.azure.net/": "https://servicebus.azure.net/",
    "https://tokenvault.azure.net": "https://tokenvault.azure.net",
    "https://contoso.westcentralus.tokenvault.azure.net": "https://contoso.westcentralus.tokenvault.azure.net",
    "https://contoso.tokenstore.azure.net": "https://contoso.tokenstore.azure.net",
    "api://kvsite": "2f6d1c0b-6f5e-4a6c-9b39-5f0b1f6f2c11",
    KEY_VAULT_APP_ID: KEY_VAULT_APP_ID,
    "499b84ac-1321-427f-aa17-267ca6975798": "499b84ac-1321-427f-aa17-267ca6975798",
}
# Hosts of other Azure services that have a service principal in every tenant; tokens carry the requested resource.
_SERVICE = re.compile(
    r"https://(azconfig\.io|[a-z0-9-]+\.azconfig\.io|cognitiveservices\.azure\.com|ai\.azure\.com|ml\.azure\.com"
    r"|eventhubs\.azure\.net|eventgrid\.azure\.net|[a-z0-9-]+\.servicebus\.windows\.net|cosmos\.azure\.com"
    r"|[a-z0-9-]+\.documents\.azure\.com|search\.azure\.com|monitor\.azure\.com|api\.loganalytics\.io"
    r"|ossrdbms-aad\.database\.windows\.net|redis\.azure\.com|batch\.core\.windows\.net|datalake\.azure\.net"
    r"|[a-z0-9]{3,24}\.(blob|queue|table|file|dfs)\.core\.windows\.net|signalr\.azure\.com|webpubsub\.azure\.com"
    r"|communication\.azure\.com|digitaltwins\.azure\.net|attest\.azure\.net|dev\.azuresynapse\.net)/?",
    re.IGNORECASE,
)
_VAULT = re.compile(r"https://[a-z][a-z0-9-]{1,22}[a-z0-9]\.vault\.azure\.net/?", re.IGNORECASE)


def audience_of(resource: str) -> str | None:
    """Return the `aud` of tokens for a requested resource; None when the tenant has no such resource."""
    return AUDIENCES.get(resource, resource if _SERVICE.fullmatch(resource) else None)


def managed_identity_audience(resource: str) -> str | None:
    """The same for managed identities, which also get a token for the URL of a vault; the vault then refuses it.

    https://github.com/MicrosoftDocs/azure-docs/issues/109562
    """
    return audience_of(resource) or (resource if _VAULT.fullmatch(resource) else None)


V2_AUDIENCES = frozenset({"2f6d1c0b-6f5e-4a6c-9b39-5f0b1f6f2c11"})
"""Audiences whose app registration has `requestedAccessTokenVersion` 2; Azure's own resources use v1 tokens."""

CONTOSO = Tenant(id="8b7a232e-7db2-4618-9223-c1d922beb033", name="Contoso", domain="contoso.onmicrosoft.com")
FABRIKAM = Tenant(id="5d0e7c1a-93f2-4c4b-8a53-6f3f1f0c7b21", name="Fabrikam", domain="fabrikam.onmicrosoft.com")
PRODUCTION = Subscription(
    id="e3890b48-3fb8-4e1d-b243-c500a0d0c2a4",
    name="Contoso Production",
    tenant=CONTOSO,
    resource_group="kvsite-rg",
)

SANDBOX = Subscription(
    id="7c1f2b9e-0f63-4c39-9f0b-2a6d1f5e8b44",
    name="Fabrikam Sandbox",
    tenant=FABRIKAM,
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
WRITER_IDENTITY = ManagedIdentity(
    name="kvsite-writer",
    client_id="c3a9f6d2-71b4-4f0e-8d5c-0e2f9b6a4d17",
    object_id="a8e5d3f1-2c46-4b79-9e0d-6f1b8c5a2e93",
    resource_id=PRODUCTION.resource_id("Microsoft.ManagedIdentity/userAssignedIdentities/kvsite-writer"),
)
ARC_IDENTITY = ManagedIdentity(
    name="kvsite-server",
    client_id="8d2f5b7c-4e19-4a36-90b1-5c7e3d8f1a42",
    object_id="1b6c9e0f-7a2d-4d58-8e43-9f0a5b2c7d16",
    resource_id=PRODUCTION.resource_id("Microsoft.HybridCompute/machines/kvsite-server"),
)
POD_IDENTITY = ManagedIdentity(
    name="kvsite-pod",
    client_id="d6b0e4a8-5c13-47f9-a2e6-9b8f0d1c3e75",
    object_id="4f7a1d9c-8e02-4365-b1c8-2d5e6f9a0b37",
    resource_id=PRODUCTION.resource_id("Microsoft.ManagedIdentity/userAssignedIdentities/kvsite-pod"),
)
FABRIKAM_IDENTITY = ManagedIdentity(
    name="kvsite-demo",
    client_id="0b9d4c7e-6a58-4e21-8f3d-1c7a5e9b2d60",
    object_id="e1c6a5f0-3b7d-48e9-9a24-7d0f2b8c6e51",
    resource_id=SANDBOX.resource_id("Microsoft.Web/sites/kvsite-demo"),
)
SITE_APPLICATION = Application(
    name="kvsite-app",
    client_id="6e2f8b1d-4a97-4c05-b3d8-8f6a0c9e7d12",
    object_id="b7d2e9f4-1c5a-4e83-a6f0-3e9d8c7b5a26",
)
DEVELOPER = User(
    name="Dana Doe",
    given_name="Dana",
    family_name="Doe",
    principal_name="dana@contoso.onmicrosoft.com",
    object_id="f912eb33-d4e2-4b36-887c-3beb1922ba72",
    puid="10032002E4A1C5F7",
)

GUEST_DEVELOPER = User(
    name="Dana Doe",
    given_name="Dana",
    family_name="Doe",
    principal_name="dana_contoso.onmicrosoft.com#EXT#@fabrikam.onmicrosoft.com",
    object_id="3f8b6a0d-7c25-4e91-b1d4-5a9c0e7f2d68",
    puid="1003200311B7D2E4",
    guest_of="dana@contoso.onmicrosoft.com",
)
"""The developer as a guest of Fabrikam."""

PRINCIPALS: tuple[Identity, ...] = (
    *(SITE_IDENTITY, MACHINE_IDENTITY, SHARED_IDENTITY, WRITER_IDENTITY, ARC_IDENTITY, POD_IDENTITY),
    *(FABRIKAM_IDENTITY, SITE_APPLICATION, DEVELOPER, GUEST_DEVELOPER),
)
"""Everyone whom roles can be assigned to."""

CLUSTER_ISSUER = f"https://westeurope.oic.prod-aks.azure.com/{CONTOSO.id}/6b0d4b35-9c26-4a0f-8e53-1f1a7c2d9e80/"
"""Issuer of the service account tokens of Contoso's cluster; the trailing slash is part of it."""

SERVICE_CONNECTION_ID = "f3a1d7c5-08e2-4b6f-9d34-7e5c2b10a896"
"""The service connection kvsite-production in Contoso's Azure DevOps project."""
PIPELINES_ISSUER = "https://vstoken.dev.azure.com/2b9e6d14-a5c7-4f03-8d12-e4f7b0c96a35"
PIPELINES_SUBJECT = "sc://contoso/kvsite/kvsite-production"
