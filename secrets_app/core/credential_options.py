"""The choice of a credential and an identity as data: frozen values, stdlib only."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto

PROCESS_TIMEOUT_SHARE = 0.8
"""Part of a reading's deadline that Azure CLI and the other tools may take by default."""


class CredentialGroup(Enum):
    """When a kind of credential is tried."""

    CHAIN = auto()
    """Several credentials, tried in order."""
    PROD = auto()
    """A member of DefaultAzureCredential's half for deployed services."""
    DEV = auto()
    """A member of DefaultAzureCredential's half for developer machines."""
    INTERACTIVE = auto()
    """Waits for a user to sign in."""
    EXPLICIT = auto()
    """Only when selected by name."""


@dataclass(frozen=True, kw_only=True)
class CredentialRow:
    """The properties of one kind of credential; credentials/factories.py creates it."""

    class_name: str
    """Of azure-identity."""
    label: str
    """For tables and headings."""
    phrase: str
    """For the middle of a sentence."""
    notes: str = ""
    """What it needs besides the settings in `requires`, or what it stands for, Markdown. For docs/settings.md."""
    group: CredentialGroup = CredentialGroup.EXPLICIT
    aliases: tuple[str, ...] = ()
    """Other accepted values of KVSITE_CREDENTIAL, in lower case without hyphens."""
    exclude_argument: str = ""
    """DefaultAzureCredential's argument that excludes it; empty for what is not a member of the chain."""
    token_credentials: bool = False
    """Whether azure-identity 1.27 accepts the class name in AZURE_TOKEN_CREDENTIALS."""
    uses_authority: bool = False
    """Whether it signs in at the authority host. Managed identities use a local endpoint; tools have their own."""
    relevance: int | None = None
    """Rank of its failure among those of a chain, 1 first; None for credentials that are rarely expected to work."""
    requires: tuple[tuple[str, str], ...] = ()
    """(attribute of CredentialOptions, setting) that it requires."""


_CHAIN, _PROD, _DEV = CredentialGroup.CHAIN, CredentialGroup.PROD, CredentialGroup.DEV
_TENANT, _CLIENT = ("tenant_id", "KVSITE_TENANT_ID"), ("client_id", "KVSITE_CLIENT_ID")


class CredentialKind(StrEnum):
    """A value of KVSITE_CREDENTIAL. A new kind is one row here and one factory.

    The members of DefaultAzureCredential are in its own order:
    https://learn.microsoft.com/azure/developer/python/sdk/authentication/credential-chains
    """

    row: CredentialRow

    def __new__(cls, value: str, row: CredentialRow) -> "CredentialKind":
        member = str.__new__(cls, value)
        member._value_ = value
        member.row = row
        return member

    DEFAULT = (
        "default",
        CredentialRow(
            notes="All credentials of the chain; `AZURE_TOKEN_CREDENTIALS` can restrict it.",
            class_name="DefaultAzureCredential", label="Default chain", phrase="the default chain", group=_CHAIN,
        ),
    )  # fmt: skip
    DEV = (
        "dev",
        CredentialRow(
            notes="The credentials of the chain for developer machines.",
            class_name="DefaultAzureCredential", label="Developer tools", phrase="the developer tools", group=_CHAIN,
        ),
    )  # fmt: skip
    PROD = (
        "prod",
        CredentialRow(
            notes="The credentials of the chain for deployed services.",
            class_name="DefaultAzureCredential", label="Deployed service", phrase="the deployed service's credentials",
            group=_CHAIN,
        ),
    )  # fmt: skip
    ENVIRONMENT = (
        "environment",
        CredentialRow(
            notes="`AZURE_CLIENT_ID`, `AZURE_TENANT_ID`, and `AZURE_CLIENT_SECRET` or `AZURE_CLIENT_CERTIFICATE_PATH`.",
            class_name="EnvironmentCredential", label="Environment variables",
            phrase="the environment's service principal", group=_PROD,
            exclude_argument="exclude_environment_credential", token_credentials=True, uses_authority=True, relevance=1,
        ),
    )  # fmt: skip
    WORKLOAD_IDENTITY = (
        "workload-identity",
        CredentialRow(
            notes="A Kubernetes pod with the workload identity webhook, which sets `AZURE_FEDERATED_TOKEN_FILE`.",
            class_name="WorkloadIdentityCredential", label="Workload identity", phrase="workload identity", group=_PROD,
            exclude_argument="exclude_workload_identity_credential", token_credentials=True, uses_authority=True,
            relevance=2,
        ),
    )  # fmt: skip
    MANAGED_IDENTITY = (
        "managed-identity",
        CredentialRow(
            notes="An Azure host; `KVSITE_MANAGED_IDENTITY_...` for a user-assigned identity.",
            class_name="ManagedIdentityCredential", label="Managed identity", phrase="the managed identity",
            group=_PROD, aliases=("msi",),
            exclude_argument="exclude_managed_identity_credential", token_credentials=True, relevance=3,
        ),
    )  # fmt: skip
    SHARED_CACHE = (
        "shared-cache",
        CredentialRow(
            notes="The token cache of Visual Studio in the user's folder.",
            class_name="SharedTokenCacheCredential", label="Shared token cache", phrase="the shared token cache",
            group=_DEV, exclude_argument="exclude_shared_token_cache_credential",
        ),
    )  # fmt: skip
    VISUAL_STUDIO_CODE = (
        "visual-studio-code",
        CredentialRow(
            notes="Windows or WSL, and the package azure-identity-broker.",
            class_name="VisualStudioCodeCredential", label="VS Code", phrase="VS Code", group=_DEV, aliases=("vscode",),
            exclude_argument="exclude_visual_studio_code_credential", token_credentials=True, relevance=7,
        ),
    )  # fmt: skip
    AZURE_CLI = (
        "azure-cli",
        CredentialRow(
            notes="az on `PATH` or in `AzureCLIPath`, and `az login`.",
            class_name="AzureCliCredential", label="Azure CLI", phrase="Azure CLI", group=_DEV, aliases=("az", "cli"),
            exclude_argument="exclude_cli_credential", token_credentials=True, relevance=4,
        ),
    )  # fmt: skip
    AZURE_POWERSHELL = (
        "azure-powershell",
        CredentialRow(
            notes="pwsh on `PATH` with the module Az.Accounts, and `Connect-AzAccount`.",
            class_name="AzurePowerShellCredential", label="Azure PowerShell", phrase="Azure PowerShell", group=_DEV,
            aliases=("powershell",),
            exclude_argument="exclude_powershell_credential", token_credentials=True, relevance=6,
        ),
    )  # fmt: skip
    AZURE_DEVELOPER_CLI = (
        "azure-developer-cli",
        CredentialRow(
            notes="azd on `PATH`, and `azd auth login`.",
            class_name="AzureDeveloperCliCredential", label="Azure Developer CLI", phrase="azd", group=_DEV,
            aliases=("azd",),
            exclude_argument="exclude_developer_cli_credential", token_credentials=True, relevance=5,
        ),
    )  # fmt: skip
    BROKER = (
        "broker",
        CredentialRow(
            notes="Windows or WSL, and the package azure-identity-broker.",
            class_name="BrokerCredential", label="Authentication broker", phrase="the authentication broker",
            group=_DEV, exclude_argument="exclude_broker_credential",
        ),
    )  # fmt: skip
    INTERACTIVE_BROWSER = (
        "interactive-browser",
        CredentialRow(
            notes="A terminal: `manage.py principal` waits five minutes; the pages do not use it.",
            class_name="InteractiveBrowserCredential", label="Interactive browser",
            phrase="interactive browser sign-in", group=CredentialGroup.INTERACTIVE, aliases=("browser",),
            token_credentials=True, uses_authority=True,
        ),
    )  # fmt: skip
    DEVICE_CODE = (
        "device-code",
        CredentialRow(
            notes="A terminal: `manage.py principal` waits five minutes; the pages do not use it.",
            class_name="DeviceCodeCredential", label="Device code", phrase="device code sign-in",
            group=CredentialGroup.INTERACTIVE, uses_authority=True,
        ),
    )  # fmt: skip
    CLIENT_SECRET = (
        "client-secret",
        CredentialRow(
            class_name="ClientSecretCredential", label="Client secret from the settings",
            phrase="the service principal with a client secret", uses_authority=True,
            requires=(_TENANT, _CLIENT, ("client_secret", "KVSITE_CLIENT_SECRET")),
        ),
    )  # fmt: skip
    CLIENT_CERTIFICATE = (
        "client-certificate",
        CredentialRow(
            class_name="CertificateCredential", label="Certificate from the settings",
            phrase="the service principal with a certificate", uses_authority=True,
            requires=(_CLIENT, ("certificate", "KVSITE_CERTIFICATE"), _TENANT),
        ),
    )  # fmt: skip
    AZURE_PIPELINES = (
        "azure-pipelines",
        CredentialRow(
            notes="The task AzureCLI@2 or AzurePowerShell@5, and `SYSTEM_ACCESSTOKEN: $(System.AccessToken)`.",
            class_name="AzurePipelinesCredential", label="Azure Pipelines",
            phrase="the Azure Pipelines service connection", aliases=("pipelines",), uses_authority=True,
            requires=(
                _TENANT, _CLIENT, ("service_connection_id", "KVSITE_PIPELINES_SERVICE_CONNECTION_ID"),
                ("system_access_token", "SYSTEM_ACCESSTOKEN"),
            ),
        ),
    )  # fmt: skip

    @property
    def class_name(self) -> str:
        return self.row.class_name

    @property
    def is_chain(self) -> bool:
        """Whether it consists of several credentials, tried in order."""
        return self.row.group is _CHAIN


def _in_group(group: CredentialGroup) -> tuple[CredentialKind, ...]:
    return tuple(kind for kind in CredentialKind if kind.row.group is group)


INTERACTIVE = frozenset(_in_group(CredentialGroup.INTERACTIVE))
PROD_MEMBERS, DEV_MEMBERS = _in_group(_PROD), _in_group(_DEV)
MEMBERS = PROD_MEMBERS + DEV_MEMBERS
CHAINS: Mapping[CredentialKind, tuple[CredentialKind, ...]] = {
    CredentialKind.DEFAULT: MEMBERS,
    CredentialKind.DEV: DEV_MEMBERS,
    CredentialKind.PROD: PROD_MEMBERS,
}
"""The members of each chain, in order."""


def _normalize(name: str) -> str:
    return re.sub(r"[-_ ]", "", name.lower()).removesuffix("credential")


_BY_NAME: Mapping[str, CredentialKind] = {
    _normalize(name): kind
    for kind in reversed(CredentialKind)  # the default chain keeps the class name that it shares with its halves
    for name in (kind.class_name, kind.value, *kind.row.aliases)
}


def parse_kind(word: str) -> CredentialKind | None:
    """The kind that `word` names: a value of KVSITE_CREDENTIAL, an alias or azure-identity's class name, any case."""
    return _BY_NAME.get(_normalize(word))


_BY_TOKEN_CREDENTIALS: Mapping[str, CredentialKind] = {
    "dev": CredentialKind.DEV,
    "prod": CredentialKind.PROD,
    **{kind.class_name.lower(): kind for kind in CredentialKind if kind.row.token_credentials},
}


def parse_token_credentials(text: str) -> CredentialKind | None:
    """The kind that AZURE_TOKEN_CREDENTIALS selects; None if it is empty or azure-identity rejects it.

    azure-identity 1.27, _internal/utils.py: dev, prod, or the name of one class, in any case.
    """
    return _BY_TOKEN_CREDENTIALS.get(text.strip().lower())


class IdentityKind(StrEnum):
    """Which ID names a user-assigned managed identity: a key of azure-identity's `identity_config`."""

    CLIENT_ID = "client_id"
    RESOURCE_ID = "resource_id"
    OBJECT_ID = "object_id"


@dataclass(frozen=True, kw_only=True)
class ManagedIdentityId:
    """The ID of a user-assigned managed identity."""

    kind: IdentityKind
    value: str


class CertificateStore(StrEnum):
    """The Windows certificate stores that the .NET library supported."""

    CURRENT_USER = "CurrentUser"
    LOCAL_MACHINE = "LocalMachine"


@dataclass(frozen=True, kw_only=True)
class CertificateFile:
    """A PEM or PFX file with a certificate and its private key."""

    path: str
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class CertificateInStore:
    """A certificate with its private key in a folder, selected by either its thumbprint or its subject."""

    store: CertificateStore
    folder: str | None
    """The folder with the store's files; None when no setting names it."""
    thumbprint: str | None = None
    """SHA-1 of the certificate: 40 hex digits in upper case."""
    subject: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class CertificateInVault:
    """A certificate stored as a secret in a vault, read with the developer's credential or a managed identity."""

    vault_url: str
    secret_name: str
    secret_version: str | None = None
    reader_client_id: str | None = None
    """Client ID of the user-assigned managed identity that reads it."""


Certificate = CertificateFile | CertificateInStore | CertificateInVault


@dataclass(frozen=True, kw_only=True)
class CredentialOptions:
    """The settings that determine how a token is obtained. azure-identity's default applies to what is None."""

    kinds: tuple[CredentialKind, ...] = (CredentialKind.DEFAULT,)
    """Tried in this order. A chain is always the only entry."""
    chosen_by: str | None = field(default=None, compare=False)
    """The setting or argument that selected `kinds`; None for the default."""
    interactive: bool = False
    """A user at a terminal can sign in when prompted. Set by the command, not by a setting."""
    excluded: tuple[CredentialKind, ...] = ()
    """Members excluded from the chain in `kinds`."""
    tenant_id: str | None = None
    additional_tenants: tuple[str, ...] = ()
    """Further tenants in which tokens may be requested; `*` for all."""
    authority_host: str | None = None
    """Host name only: login.microsoftonline.com."""
    process_timeout_s: float | None = None
    """For Azure CLI and the other tools."""
    az_subscription: str | None = None
    az_folder: str | None = None
    """The folder that contains az: AzureCLIPath."""
    client_id: str | None = None
    """Of the service principal, or of the federated identity."""
    client_secret: str | None = field(default=None, repr=False)
    certificate: Certificate | None = None
    managed_identity: ManagedIdentityId | None = None
    """None: the system-assigned identity, or in a chain the one that AZURE_CLIENT_ID names."""
    retry_timeout_s: float | None = None
    """How long requests to the managed identity endpoint are retried: MsiRetryTimeout."""
    service_connection_id: str | None = None
    """Of Azure Pipelines."""
    system_access_token: str | None = field(default=None, repr=False)
