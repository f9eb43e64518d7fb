"""Who the settings say we should be, and how: the choice of a credential as data. Frozen values, stdlib only."""

from dataclasses import dataclass, field
from enum import StrEnum


class CredentialKind(StrEnum):
    """One way to a token: a word of KVSITE_CREDENTIAL."""

    DEFAULT = "default"
    DEV = "dev"
    PROD = "prod"
    ENVIRONMENT = "environment"
    WORKLOAD_IDENTITY = "workload-identity"
    MANAGED_IDENTITY = "managed-identity"
    SHARED_CACHE = "shared-cache"
    VISUAL_STUDIO_CODE = "visual-studio-code"
    AZURE_CLI = "azure-cli"
    AZURE_POWERSHELL = "azure-powershell"
    AZURE_DEVELOPER_CLI = "azure-developer-cli"
    BROKER = "broker"
    INTERACTIVE_BROWSER = "interactive-browser"
    DEVICE_CODE = "device-code"
    CLIENT_SECRET = "client-secret"  # noqa: S105 - the word, not a secret
    CLIENT_CERTIFICATE = "client-certificate"
    AZURE_PIPELINES = "azure-pipelines"

    @property
    def is_chain(self) -> bool:
        """It stands for several credentials, asked in turn."""
        return self in CHAINS


CHAINS = frozenset({CredentialKind.DEFAULT, CredentialKind.DEV, CredentialKind.PROD})
INTERACTIVE = frozenset({CredentialKind.INTERACTIVE_BROWSER, CredentialKind.DEVICE_CODE})
"""They wait for a person."""
# The members of DefaultAzureCredential in its order; the words of its `exclude_..._credential` arguments are beside
# what builds it (credentials/). https://learn.microsoft.com/azure/developer/python/sdk/authentication/credential-chains
PROD_MEMBERS = (CredentialKind.ENVIRONMENT, CredentialKind.WORKLOAD_IDENTITY, CredentialKind.MANAGED_IDENTITY)
DEV_MEMBERS = (
    CredentialKind.SHARED_CACHE,
    CredentialKind.VISUAL_STUDIO_CODE,
    CredentialKind.AZURE_CLI,
    CredentialKind.AZURE_POWERSHELL,
    CredentialKind.AZURE_DEVELOPER_CLI,
    CredentialKind.BROKER,
)
MEMBERS = PROD_MEMBERS + DEV_MEMBERS


class IdentityKind(StrEnum):
    """By what a user-assigned managed identity is named: a key of azure-identity's `identity_config`."""

    CLIENT_ID = "client_id"
    RESOURCE_ID = "resource_id"
    OBJECT_ID = "object_id"


@dataclass(frozen=True, kw_only=True)
class ManagedIdentityId:
    """Which user-assigned managed identity is meant."""

    kind: IdentityKind
    value: str


class CertificateStore(StrEnum):
    """The certificate stores that the .NET library could name."""

    CURRENT_USER = "CurrentUser"
    LOCAL_MACHINE = "LocalMachine"


@dataclass(frozen=True, kw_only=True)
class CertificateFile:
    """A certificate with its private key in a file, PEM or PFX."""

    path: str
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class CertificateInStore:
    """A certificate with its private key, found in a folder by its thumbprint or its subject: one of them is given."""

    store: CertificateStore
    folder: str | None
    """Where that store's files lie; None when no setting says so."""
    thumbprint: str | None = None
    """40 hex digits: SHA-1 of the certificate, in capitals."""
    subject: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class CertificateInVault:
    """A certificate that is itself a secret of a vault, read with the developer's or a managed identity."""

    vault_url: str
    secret_name: str
    secret_version: str | None = None
    reader_client_id: str | None = None
    """The user-assigned managed identity that reads it."""


Certificate = CertificateFile | CertificateInStore | CertificateInVault


@dataclass(frozen=True, kw_only=True)
class CredentialOptions:
    """Everything the settings say about how to get a token. What is None is left to azure-identity."""

    ways: tuple[CredentialKind, ...] = (CredentialKind.DEFAULT,)
    """Asked in this order. A way that is a chain stands alone."""
    chosen_by: str | None = field(default=None, compare=False)
    """The setting or argument that named `ways`; None where nothing did."""
    interactive: bool = False
    """At a terminal, who can sign in when asked to. No setting says so: only the command does."""
    excluded: tuple[CredentialKind, ...] = ()
    """Members left out of the chain that `ways` names."""
    tenant_id: str | None = None
    additional_tenants: tuple[str, ...] = ()
    """May be asked for tokens too; `*` for all."""
    authority_host: str | None = None
    """Host name alone: login.microsoftonline.com."""
    process_timeout_s: float | None = None
    """For az and the other tools."""
    az_subscription: str | None = None
    az_folder: str | None = None
    """Where az lies: AzureCLIPath."""
    client_id: str | None = None
    """Of the service principal, or of the federated identity."""
    client_secret: str | None = field(default=None, repr=False)
    certificate: Certificate | None = None
    managed_identity: ManagedIdentityId | None = None
    """None: the system-assigned one; in a chain the one that AZURE_CLIENT_ID names, where it names one."""
    retry_timeout_s: float | None = None
    """How long the managed identity's endpoint is asked again: MsiRetryTimeout."""
    service_connection_id: str | None = None
    """Of Azure Pipelines."""
    system_access_token: str | None = field(default=None, repr=False)


TITLES: dict[CredentialKind, str] = {
    CredentialKind.ENVIRONMENT: "Environment variables",
    CredentialKind.WORKLOAD_IDENTITY: "Workload identity",
    CredentialKind.MANAGED_IDENTITY: "Managed identity",
    CredentialKind.SHARED_CACHE: "Shared token cache",
    CredentialKind.VISUAL_STUDIO_CODE: "Visual Studio Code",
    CredentialKind.AZURE_CLI: "Azure CLI",
    CredentialKind.AZURE_POWERSHELL: "Azure PowerShell",
    CredentialKind.AZURE_DEVELOPER_CLI: "Azure Developer CLI",
    CredentialKind.BROKER: "Authentication broker",
    CredentialKind.INTERACTIVE_BROWSER: "Interactive browser",
    CredentialKind.DEVICE_CODE: "Device code",
    CredentialKind.CLIENT_SECRET: "Client secret (settings)",
    CredentialKind.CLIENT_CERTIFICATE: "Certificate (settings)",
    CredentialKind.AZURE_PIPELINES: "Azure Pipelines",
}
CLASSES: dict[CredentialKind, str] = {
    CredentialKind.ENVIRONMENT: "EnvironmentCredential",
    CredentialKind.WORKLOAD_IDENTITY: "WorkloadIdentityCredential",
    CredentialKind.MANAGED_IDENTITY: "ManagedIdentityCredential",
    CredentialKind.SHARED_CACHE: "SharedTokenCacheCredential",
    CredentialKind.VISUAL_STUDIO_CODE: "VisualStudioCodeCredential",
    CredentialKind.AZURE_CLI: "AzureCliCredential",
    CredentialKind.AZURE_POWERSHELL: "AzurePowerShellCredential",
    CredentialKind.AZURE_DEVELOPER_CLI: "AzureDeveloperCliCredential",
    CredentialKind.BROKER: "BrokerCredential",
    CredentialKind.INTERACTIVE_BROWSER: "InteractiveBrowserCredential",
    CredentialKind.DEVICE_CODE: "DeviceCodeCredential",
    CredentialKind.CLIENT_SECRET: "ClientSecretCredential",
    CredentialKind.CLIENT_CERTIFICATE: "CertificateCredential",
    CredentialKind.AZURE_PIPELINES: "AzurePipelinesCredential",
}
