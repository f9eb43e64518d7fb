"""Which service refused, and what it was asked to do: read from an error text."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from secrets_app.diagnosis.normalize import contains_any

T = TypeVar("T")


class Service(StrEnum):
    """The service that returned the error; the values are the names on the page."""

    KEY_VAULT = "Key Vault"
    ENTRA = "Microsoft Entra ID"
    RESOURCE_MANAGER = "Azure Resource Manager"
    IMDS = "Instance Metadata Service (IMDS)"
    IDENTITY_ENDPOINT = "Managed identity endpoint"
    GRAPH = "Microsoft Graph"
    STORAGE = "Azure Storage"
    SQL = "Azure SQL"
    SERVICE_BUS = "Service Bus or Event Hubs"
    COSMOS = "Azure Cosmos DB"
    CONTAINER_REGISTRY = "Azure Container Registry"
    APP_CONFIGURATION = "App Configuration"
    APPLICATION_GATEWAY = "Application Gateway"
    AI_SERVICES = "Azure AI services"
    AZURE_DEVOPS = "Azure DevOps"
    GITHUB = "GitHub"
    DATABRICKS = "Azure Databricks"
    KUBERNETES = "Kubernetes"


class ObjectKind(StrEnum):
    """What a request to Key Vault is about."""

    SECRET = "secrets"  # noqa: S105 - a kind of object
    KEY = "keys"
    CERTIFICATE = "certificates"
    VAULT = "vaults"


class Action(StrEnum):
    """What a request does with the object."""

    READ = "read"
    LIST = "list"
    WRITE = "write"
    DELETE = "delete"
    PURGE = "purge"
    RECOVER = "recover"
    IMPORT = "import"
    BACKUP = "backup"
    USE = "use"
    """Encrypt, decrypt, wrap, unwrap, sign or verify with a key."""


@dataclass(frozen=True, kw_only=True)
class Operation:
    """A request to Key Vault, as far as the text tells."""

    object: ObjectKind | None = None
    action: Action | None = None

    def __str__(self) -> str:
        """For example `secrets, read`; empty if nothing is known."""
        return ", ".join(part for part in (self.object, self.action) if part)


UNKNOWN_OPERATION = Operation()

_ANSWERS: tuple[tuple[Service, tuple[str, ...]], ...] = (
    (
        Service.KEY_VAULT,
        (
            "akv10",
            "forbiddenby",
            "permission on key vault",
            "in this key vault",
            "on a disabled secret",
            "microsoft.keyvault/vaults/secrets/",
            "microsoft.keyvault/vaults/keys/",
            "microsoft.keyvault/vaults/certificates/",
            "authorized to access this key vault",
            "keyvaulterrorexception",
            "caller is not a trusted service",
            "caller is not authorized to perform action on resource",
            "not found on any access policy",
            "objectisdeletedbutrecoverable",
            "objectisbeing",
            "keyoperationforbidden",
            "secretdisabled",
            "request is missing a bearer or pop token",
            "vaultrequesttypelimitreached",
        ),
    ),
    (
        Service.RESOURCE_MANAGER,
        (
            "authorizationfailed",
            "does not have authorization to perform action",
            "does not have permission to perform action",
            "vaultalreadyexists",
            "resourcegroupnotfound",
            "subscriptionnotfound",
            "missingsubscriptionregistration",
            "requestdisallowedbypolicy",
            "invalidauthenticationtokentenant",
            "readonlydisabledsubscription",
            "subscriptionrequeststhrottled",
            "scopelocked",
            "resourcerequeststhrottled",
            "number of requests for action '",
            "associated with this subscription",
            "microsoft.keyvault/vaults/write",
            "vaultsclient#",
            "missingidentityids",
            "the subscription of '",
            "expiredauthenticationtoken",
            "access token expiry utc time",
        ),
    ),
    (
        Service.IMDS,
        (
            "identity not found",
            "multiple user assigned identities",
            "imds endpoint",
            "imds responded",
            "instance metadata service",
            "response in metadata from",
            "the requested identity isn't assigned to this resource",
            "the requested identity has not been assigned to this resource",
        ),
    ),
    (
        Service.IDENTITY_ENDPOINT,
        (
            "msi responsecode",
            "msi/token",
            "no managed identity found",
            "app service managed identity",
            "managed identity found for specified",
            "msi_endpoint",
            "identity_endpoint",
        ),
    ),
    (
        Service.GRAPH,
        (
            "authorization_requestdenied",
            "insufficient privileges to complete the operation",
            "authentication_missingormalformed",
            "graphrbac",
            "authentication_unauthorized",
            "odataerror",
        ),
    ),
    (
        Service.STORAGE,
        (
            "authorizationpermissionmismatch",
            "x-ms-error-code",
            "storageerrorcode",
            "storageexception",
            "this request is not authorized to perform this operation using this permission",
            "nonauthenticationerror",
            "keybasedauthenticationnotpermitted",
            "blobs.client",
            "containers.client",
            "abfsrestoperationexception",
        ),
    ),
    (
        Service.SQL,
        ("login failed for user", "token-identified principal", "sqlexception", "mssql:", "sqlserverexception"),
    ),
    (
        Service.SERVICE_BUS,
        (
            "claim(s) are required",
            "claims are required to perform this operation",
            "servicebusexception",
            "eventhubsexception",
            "amqp:unauthorized-access",
        ),
    ),
    (Service.COSMOS, ("cosmosexception", "cosmoshttpresponseerror", "microsoft.documentdb/databaseaccounts/readmeta")),
    (
        Service.CONTAINER_REGISTRY,
        (
            "failed to fetch anonymous token",
            "failed to fetch oauth token",
            "failed to pull image",
            "denied: requested access to the resource is denied",
            "imagepullbackoff",
            "errimagepull",
        ),
    ),
)
"""Words of this service's own answers. The last occurrence wins."""

_CONTEXT: tuple[tuple[Service, tuple[str, ...]], ...] = (
    (
        Service.RESOURCE_MANAGER,
        (
            "-azkeyvaultaccesspolicy",
            "new-azkeyvault ",
            "new-azkeyvault:",
            "update-azkeyvault ",
            "az keyvault create",
            "az keyvault set-policy",
            "az keyvault update",
        ),
    ),
    (
        Service.APP_CONFIGURATION,
        (
            "keyvaultreferenceexception",
            "azureappconfiguration",
            "azure.data.appconfiguration",
            "app configuration",
            "keyvaultreferenceerror",
        ),
    ),
    (Service.APPLICATION_GATEWAY, ("for application gateway", "applicationgateway")),
    (Service.AI_SERVICES, ("principal does not have access to api/operation", "cognitiveservices/accounts/")),
    (
        Service.GITHUB,
        ("actions_id_token_request", "failed to fetch federated token from github", "using auth-type:"),
    ),
    (
        Service.AZURE_DEVOPS,
        (
            "service connection",
            "connectedservicename",
            "system_accesstoken",
            "system_oidcrequesturi",
            "vssunauthorized",
            "tf400813",
            "could not fetch access token for azure",
        ),
    ),
    (
        Service.DATABRICKS,
        ("databricks", "dbutils.secrets", "secret does not exist with scope"),
    ),
)
"""Words of programs that call this service. The last occurrence wins, where no answer is quoted."""

_HOSTS: tuple[tuple[Service, tuple[str, ...]], ...] = (
    (
        Service.KEY_VAULT,
        (
            ".vault.azure.net",
            ".vault.azure.cn",
            ".vault.usgovcloudapi.net",
            ".vault.microsoftazure.de",
            ".managedhsm.azure.net",
            ".vaultcore.azure.net",
        ),
    ),
    (
        Service.ENTRA,
        ("login.microsoftonline.", "login.windows.net", "login.chinacloudapi.cn", "login.partner.microsoftonline.cn"),
    ),
    (
        Service.RESOURCE_MANAGER,
        (
            "management.azure.com",
            "management.chinacloudapi.cn",
            "management.usgovcloudapi.net",
            "management.core.windows.net",
        ),
    ),
    (Service.IMDS, ("169.254.169.254", "metadata/identity")),
    (Service.GRAPH, ("graph.microsoft.com", "graph.microsoft.us", "graph.windows.net")),
    (
        Service.STORAGE,
        (
            ".blob.core.",
            ".table.core.",
            ".queue.core.",
            ".file.core.",
            ".dfs.core.",
        ),
    ),
    (Service.SQL, ("database.windows.net", "database.usgovcloudapi.net")),
    (Service.SERVICE_BUS, ("servicebus.windows.net", "servicebus.usgovcloudapi.net", "amqp://", "amqps://")),
    (Service.COSMOS, ("documents.azure.com",)),
    (Service.CONTAINER_REGISTRY, (".azurecr.",)),
    (Service.APP_CONFIGURATION, (".azconfig.io",)),
    (Service.AI_SERVICES, (".openai.azure.com", ".cognitiveservices.azure.com", ".services.ai.azure.com")),
    (Service.AZURE_DEVOPS, ("dev.azure.com", "visualstudio.com/", "vstoken.")),
    (Service.GITHUB, ("token.actions.githubusercontent.com", "api.github.com")),
    (Service.DATABRICKS, ("azuredatabricks.net",)),
)
"""The host of the last request in the text, where no words tell."""

_NAMED: tuple[tuple[Service, tuple[str, ...]], ...] = (
    (
        Service.KEY_VAULT,
        ("keyvault.baseclient", "keyvault", "key vault", "key_vault", "vaulturl", "vaultbaseurl", "azkv"),
    ),
    (Service.ENTRA, ("msalserviceexception", "msal", "oauth2/token", "oauth2/v2.0/token", "invalid_client", "entra")),
    (Service.RESOURCE_MANAGER, ("resource manager", "armclient")),
    (Service.IMDS, ("imds",)),
    (Service.KUBERNETES, ("kubelet", "kubectl", "mountvolume", "secretproviderclass", "serviceaccount")),
)
"""Names of the service, in order of preference, where neither words nor a host tell."""

_ENTRA_CODE = re.compile(r"aadsts\s?\d{4}")
_VAULTS = (
    "vault with the same name",
    "keyvault:vault ",
    "vaultalreadyexists",
    "deleted vault",
    "softdeletedvault",
    "existing key vault",
)
"""Words of requests that create, recover or purge a vault, whatever else the text names."""
_OBJECTS = (
    (ObjectKind.SECRET, re.compile(r"vaults/secrets|/secrets/|secrets? (?:get|list|set|delete|purge|recover)\b")),
    (ObjectKind.KEY, re.compile(r"vaults/keys|/keys/|\bkeys? (?:get|list|create|wrap|unwrap|sign|decrypt|encrypt)")),
    (
        ObjectKind.CERTIFICATE,
        re.compile(r"vaults/certificates|/certificates/|certificates? (?:get|list|import|create)"),
    ),
)
_OBJECT_NAMES = (
    (
        ObjectKind.CERTIFICATE,
        ("keyvaultcertificate", "key_vault_certificate", "keyvault certificate", "certificateclient"),
    ),
    (
        ObjectKind.KEY,
        ("keyvaultkey", "key_vault_key", "keyvault key", "keyclient", "cryptographyclient", "objecttype:key"),
    ),
    (
        ObjectKind.SECRET,
        (
            "getsecret",
            "get_secret",
            "keyvaultsecret",
            "key_vault_secret",
            "keyvault secret",
            "secretclient",
            "objecttype:secret",
            "setsecret",
            "set_secret",
            "secret",
        ),
    ),
    (ObjectKind.CERTIFICATE, ("certificate",)),
    (ObjectKind.VAULT, ("vaultsclient", "azurerm_key_vault", "vault")),
)
_ACTIONS = (
    (
        Action.PURGE,
        ("#purge", "purgedeleted", "purge_deleted", "purging", '"purge"', "deletedvaultpurge", "remove-azkeyvault"),
    ),
    (Action.RECOVER, ("recover ", "recovering", "recoverdeleted", "undo-az")),
    (Action.IMPORT, ("import-azkeyvault", "certificate import", "importcertificate", "import_certificate")),
    (Action.BACKUP, ("backup", "restore")),
    (
        Action.USE,
        (
            "#encrypt",
            "#decrypt",
            "#wrap",
            "#unwrap",
            "#sign",
            "unwrapkey",
            "wrapkey",
            "unwrap_key",
            "wrap_key",
            "keys/unwrap",
            "keys/wrap",
            "keys/decrypt",
            "keys/encrypt",
            "keys/sign",
            "/decrypt",
            "/encrypt",
            "/sign?",
            "operation decrypt",
            "operation encrypt",
            "operation sign",
            "keys decrypt",
            "keys sign",
            "keys unwrap",
        ),
    ),
    (
        Action.DELETE,
        (
            "delete permission",
            "deletesecret",
            "delete_secret",
            "begin_delete",
            "secrets/delete",
            "secret delete",
            "remove-azkeyvault",
            "keys/delete",
            "deletevault",
        ),
    ),
    (
        Action.WRITE,
        (
            "set permission",
            "setsecret",
            "set_secret",
            "secrets/setsecret",
            "secret set",
            "set-azkeyvault",
            "set-azurekeyvault",
            "#createorupdate",
            "#set",
            "createkey",
            "create permission",
            "keys/create",
            "certificates/create",
            "creating secret",
            "update permission",
        ),
    ),
    (
        Action.LIST,
        (
            "list permission",
            "azurekeyvaultconfigurationprovider",
            "addazurekeyvault",
            "keyvaultpropertysource",
            "listsecrets",
            "list_properties",
            "secrets?api",
            "keys?api",
            "secret list",
            "secrets?maxresults",
            "getsecrets",
            "/secrets?",
        ),
    ),
    (
        Action.READ,
        (
            "get permission",
            "getsecret",
            "get_secret",
            "secrets/getsecret",
            "secret show",
            "get-azkeyvault",
            "get-azurekeyvault",
            "#getsecret",
            "#getkey",
            "getkey",
            "read request",
            "secrets/readmetadata",
            "keys/read",
            "/secrets/",
            "/keys/",
            "operation get",
            "(name/id)",
            "reading",
            "fetch",
        ),
    ),
)


def detect_service(text: str) -> Service | None:
    """The service that refused, or was not reached; None if the text does not tell. `text` is in lowercase."""
    if _ENTRA_CODE.search(text):
        return Service.ENTRA
    for table in (_ANSWERS, _CONTEXT, _HOSTS):
        found = [(position, service) for service, words in table if (position := _last(text, words)) >= 0]
        if found:
            return max(found)[1]
    return _first(text, _NAMED)


def detect_operation(text: str) -> Operation:
    """The object and the action of a request to Key Vault, as far as the text tells. `text` is in lowercase."""
    kinds = [(match.start(), kind) for kind, pattern in _OBJECTS if (match := pattern.search(text))]
    kind = min(kinds)[1] if kinds else _first(text, _OBJECT_NAMES)
    if contains_any(text, _VAULTS):
        kind = ObjectKind.VAULT
    return Operation(object=kind, action=_first(text, _ACTIONS))


def _first(text: str, table: Iterable[tuple[T, tuple[str, ...]]]) -> T | None:
    return next((value for value, words in table if contains_any(text, words)), None)


def _last(text: str, words: Iterable[str]) -> int:
    return max(map(text.rfind, words))
