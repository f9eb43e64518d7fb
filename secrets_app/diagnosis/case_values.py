"""Values for commands, taken from an error text or from a reading, and the case they describe."""

import re
from collections.abc import Mapping
from dataclasses import replace

from secrets_app.core.hosts import GUID_PATTERN
from secrets_app.core.reading import Platform, Reading
from secrets_app.diagnosis.arm import arm_role, arm_scope
from secrets_app.diagnosis.cause import LINUX, MACOS, WINDOWS
from secrets_app.diagnosis.command_values import CommandValues, checked
from secrets_app.diagnosis.evidence import Evidence
from secrets_app.diagnosis.places import TOOLS, VAULT_SUFFIXES, Cloud, Host
from secrets_app.diagnosis.services import Action, ObjectKind, Operation, Service
from secrets_app.diagnosis.stacks import Stack

_QUOTED_SUBJECT = re.compile(r"(?:assertion\s)?subject:?\s['\"]([^'\"\s]{1,400})['\"]", re.IGNORECASE)
_SERVICE_ACCOUNT = re.compile(r"subject:?\s['\"]system:serviceaccount:[a-z0-9-]{1,63}:([a-z0-9.-]{1,253})['\"]")
_QUOTED_ISSUER = re.compile(r"issuer:?\s['\"](https://[^'\"\s]{1,400})['\"]", re.IGNORECASE)
_QUOTED_APP = re.compile(
    r"(?:app|application|identifier|client)\s(?:with identifier\s|ID\s)?['\"]([0-9a-fA-F-]{36})['\"]"
    r"(?!\swith object id)",
    re.IGNORECASE,
)
_EXPECTED = re.compile(r"AKV10032.{0,40}Expected.{0,600}?found", re.IGNORECASE | re.DOTALL)
_STS = re.compile(r"sts\.windows\.net/([0-9a-fA-F-]{36})", re.IGNORECASE)
_MICROSOFT = frozenset(
    {
        "72f988bf-86f1-41af-91ab-2d7cd011db47",
        "f8cdef31-a31e-4b4a-93e4-5f571e91255a",
        "e2d54eb5-3869-4f70-8578-dee5fc7331f4",
        "33e01921-4d64-4f8c-a055-5bdaffd5e33d",
        "975f013f-7f24-47e8-a7d3-abc4752bf346",
    }
)
_FAILED_HOST = re.compile(
    r"""(?:\blookup\s|UnknownHostException:\s|\b(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ECONNRESET)\s
        |resolve\s(?:host:?\s|address\s)?|host\s?[=:]?\s?|dial\stcp[46]?:?\s(?:lookup\s)?|connect(?:ing|ion)?\sto\s
        |host\sis\sknown\.?\s)
        [('"]?([a-z0-9][a-z0-9.-]{3,252})""",
    re.IGNORECASE | re.VERBOSE,
)
"""The address of the connection that failed, as Go, Java, JavaScript, .NET, curl and Python name it."""
_DOCUMENTATION_HOSTS = frozenset({"learn.microsoft.com", "docs.microsoft.com", "github.com", "go.microsoft.com"})
_OBJECT_ID = re.compile(rf"with object id ['\"]({GUID_PATTERN})", re.IGNORECASE)
_RESOURCE_APP = re.compile(
    rf"(?:access a service|resource principal named|for resource)\s['\"]?(?:api://)?({GUID_PATTERN})", re.IGNORECASE
)
_SIGN_IN_SCOPE = re.compile(
    rf"""--scope[\s=]['"]?((?:https?://|api://)?[\w.-]{{1,120}}(?:/[\w.-]{{0,80}}){{0,4}}/\.default)
       |\bto\saccess\s['"]({GUID_PATTERN})['"]""",
    re.IGNORECASE | re.VERBOSE,
)
"""The scope in the sign-in that the text recommends, or the application ID of the resource that Entra ID names."""
_MANAGED = re.compile(
    r"""with\s(?:module\.[\w.\[\]"-]{1,200}\.)?azurerm_key_vault_(?:secret|key|certificate)\.
       |in\sresource\s"azurerm_key_vault_|checking\sfor\spresence\sof\sexisting\s
       |azure-native:keyvault:(?:secret|key)\b""",
    re.IGNORECASE | re.VERBOSE,
)
"""Terraform or Pulumi creates and changes this object: it reads it first, but a role that only reads is not enough."""
_USER = re.compile(r"\bclient\s['\"][^'\"\s@]{1,100}@", re.IGNORECASE)
"""Azure Resource Manager names a user by the sign-in name, an application by its ID."""
_DATA_ROLES: Mapping[Service, tuple[tuple[str, str], ...]] = {
    Service.STORAGE: (
        (".queue.core.", "Storage Queue Data Contributor"),
        (".table.core.", "Storage Table Data Contributor"),
        (".file.core.", "Storage File Data Privileged Contributor"),
        ("", "Storage Blob Data Contributor"),
    ),
    Service.SERVICE_BUS: (
        ("eventhub", "Azure Event Hubs Data Receiver"),
        ("'listen'", "Azure Service Bus Data Receiver"),
        ("", "Azure Service Bus Data Sender"),
    ),
    Service.APP_CONFIGURATION: (("", "App Configuration Data Reader"),),
    Service.AI_SERVICES: (
        ("/agents/", "Azure AI User"),
        ("aiservices", "Azure AI User"),
        ("", "Cognitive Services OpenAI User"),
    ),
}
"""Service -> a word in the text and the data role that the operation needs; the first word that is there counts."""
_REGISTRY = re.compile(r"\b([a-z0-9]{5,50})\.azurecr\.(?:io|us|cn)", re.IGNORECASE)
_SUBNET = re.compile(
    rf"/subscriptions/{GUID_PATTERN}/resourcegroups/[\w.()-]{{1,90}}/providers/microsoft\.network/virtualnetworks/"
    r"[\w.-]{1,80}/subnets/[\w.-]{1,80}",
    re.IGNORECASE,
)
_SCALE_SET = re.compile(
    r"resourcegroups/([\w.()-]{1,90})/providers/microsoft\.compute/virtualmachinescalesets/([\w-]{1,64})", re.IGNORECASE
)
_MANAGEMENT_CALLS = ("client#create", "client#update", "client#delete")
"""Calls of the management clients of autorest, which tools such as Terraform print."""
_MANAGERS = (Stack.TERRAFORM, Stack.PULUMI)
_WINDOWS_MARKS = ("winerror", "is not recognized as a", "\\appdata\\", "powershell.exe", ".cmd", "%path%", "ps c:")
_WINDOWS_PATH = re.compile(r"\b[a-z]:\\{1,2}\w", re.IGNORECASE)
_MACOS_MARKS = ("/users/", "/opt/homebrew", "darwin")
_SECRET = re.compile(r"(?:\(name/id\)\s|/secrets/|secret not found:\s)([0-9A-Za-z-]{1,127})", re.IGNORECASE)
_ACTION = re.compile(r"Microsoft\.KeyVault/vaults/(\w{1,40})/(\w{1,40})", re.IGNORECASE)
_PERMISSION = re.compile(r"does not have (secret|key|certificate)s? (\w{2,20}) permission", re.IGNORECASE)
_PUBLIC_CLIENTS = frozenset(
    {
        "04b07795-8ddb-461a-bbee-02f9e1bf7b46",  # Azure CLI
        "1950a258-227b-4e31-a9cf-717495945fc2",  # Azure PowerShell
        "aebc6443-996d-45c2-90f0-388ff96faa56",  # VS Code
        "872cd9fa-d31f-45e0-9eab-6e460a02d1f1",  # Visual Studio
    }
)
_ROLES = {
    ObjectKind.SECRET: ("Key Vault Secrets User", "Key Vault Secrets Officer"),
    ObjectKind.KEY: ("Key Vault Crypto User", "Key Vault Crypto Officer"),
    ObjectKind.CERTIFICATE: ("Key Vault Certificate User", "Key Vault Certificates Officer"),
}
"""The role that reads or uses objects of a kind, and the role that also changes them."""
_CHANGES = frozenset(
    {"setsecret", "delete", "create", "update", "import", "recover", "restore", "backup", "purge", "write"}
)
_WRAPPING = frozenset({"wrap", "unwrap"})
"""What other Azure services do with a key that encrypts their data."""
_CHANGING = frozenset({Action.WRITE, Action.DELETE, Action.PURGE, Action.RECOVER, Action.IMPORT, Action.BACKUP})
_PERMISSIONS = {
    Action.READ: "get",
    Action.LIST: "list",
    Action.WRITE: "set",
    Action.DELETE: "delete",
    Action.PURGE: "purge",
    Action.RECOVER: "recover",
    Action.IMPORT: "import",
    Action.BACKUP: "backup",
}


def command_values_from_text(evidence: Evidence) -> CommandValues:
    """The values in an error text of any program, and the case it describes: system, platform, cloud and stack."""
    values = CommandValues(
        values=values_from_text(evidence),
        system=_system(evidence),
        platform=Platform.UNKNOWN if _manages_resources(evidence) else evidence.platform,
        cloud=evidence.cloud or Cloud.PUBLIC,
        stack=evidence.stack,
        operation=evidence.operation,
        text=evidence.lower_text,
        signed_in=bool(evidence.caller),
        on_site=False,
    )
    in_unnamed_cluster = values.host is Host.POD and values.platform is Platform.UNKNOWN
    return replace(values, platform=Platform.KUBERNETES) if in_unnamed_cluster else values


def _manages_resources(evidence: Evidence) -> bool:
    """Whether a tool printed the text: a platform that it names is what the tool manages, not where it runs."""
    return evidence.stack in TOOLS or any(call in evidence.lower_text for call in _MANAGEMENT_CALLS)


def values_from_text(evidence: Evidence) -> dict[str, str]:
    """Validated values for commands, taken from an error text: from its innermost layer that has one."""
    caller = evidence.caller
    text = _Searched(evidence)
    scale_set = text.match(_SCALE_SET, mark="virtualmachinescalesets")
    subnet = text.match(_SUBNET, mark="/subnets/")
    suffix = VAULT_SUFFIXES[evidence.cloud or Cloud.PUBLIC]
    return checked(
        {
            "vault": evidence.vault,
            "vault_id": evidence.vault_id,
            "vault_host": f"{evidence.vault}.{suffix}" if evidence.vault else None,
            "secret": text.innermost(_SECRET, mark="secret"),
            "object_id": caller.get("oid") or text.innermost(_OBJECT_ID, mark="with object "),
            "app_id": caller.get("appid") or (text.innermost(_QUOTED_APP) if evidence.ids else None),
            "principal_type": _principal_type(caller.get("appid")) or ("User" if text.match(_USER, mark="@") else None),
            "address": evidence.client_address,
            "host": _failed_host(evidence),
            "vault_tenant": _expected_tenant(evidence.text) if 10032 in evidence.akv else None,
            "subject": text.first(_QUOTED_SUBJECT, mark="subject"),
            "service_account": text.first(_SERVICE_ACCOUNT, mark="serviceaccount"),
            "issuer": text.first(_QUOTED_ISSUER, mark="issuer"),
            "role": _role(text),
            "resource_app_id": text.innermost(_RESOURCE_APP) if evidence.ids else None,
            "data_role": _data_role(evidence),
            "arm_role": arm_role(evidence),
            "arm_scope": arm_scope(evidence),
            "registry": text.innermost(_REGISTRY, mark=".azurecr."),
            "sign_in_scope": _sign_in_scope(text),
            "subnet": subnet[0] if subnet else None,
            "scale_set": scale_set[2] if scale_set else None,
            "group": scale_set[1] if scale_set else None,
            **_permission(text),
        }
    )


def values_from_reading(reading: Reading) -> dict[str, str]:
    """Validated values for commands, taken from a reading."""
    vault_host = (reading.vault_url or "").removeprefix("https://").split("/")[0]
    principal, vault_saw, place, requested = reading.principal, reading.vault_saw, reading.place, reading.identity_asked
    return checked(
        {
            "vault": vault_host.split(".")[0],
            "vault_host": vault_host,
            "host": vault_host,
            "secret": reading.secret_name,
            "valid_secret": re.sub("[^0-9A-Za-z-]+", "-", reading.secret_name or "").strip("-"),
            "vault_tenant": reading.vault_tenant_id,
            "tenant": reading.vault_tenant_id or (principal.tenant_id if principal else None),
            "object_id": (vault_saw.object_id if vault_saw else None) or (principal.object_id if principal else None),
            "app_id": (vault_saw.app_id if vault_saw else None) or (principal.app_id if principal else None),
            "principal_type": {"User": "User", "App": "ServicePrincipal"}.get(principal.type or "")
            if principal
            else None,
            "address": vault_saw.client_address if vault_saw else None,
            "group": place.resource_group,
            "site": place.resource_name,
            "subscription": place.subscription_id,
            "scope": reading.scope,
            "requested_identity": requested.value if requested else None,
            "identity_resource_id": requested.value if requested and requested.kind == "resource_id" else None,
        }
    )


def requested_client_id(reading: Reading) -> dict[str, str]:
    """The requested client ID, used if the actual one is unknown."""
    requested = reading.identity_asked
    return checked({"app_id": requested.value if requested and requested.kind == "client_id" else None})


def cloud_of(vault_url: str | None) -> Cloud:
    """The cloud of a vault, from its URL."""
    host = (vault_url or "").removeprefix("https://").split("/")[0]
    return next((cloud for cloud, suffix in VAULT_SUFFIXES.items() if host.endswith(suffix)), Cloud.PUBLIC)


def _system(evidence: Evidence) -> str:
    """The system on which the failed program ran, for the commands to copy."""
    text = f"{evidence.text}\n{evidence.frames}".lower()
    on_windows = any(mark in text for mark in _WINDOWS_MARKS) or ("\\" in text and _WINDOWS_PATH.search(text))
    if evidence.stack is Stack.POWERSHELL or on_windows:
        return WINDOWS
    return MACOS if any(mark in text for mark in _MACOS_MARKS) else LINUX


class _Searched:
    """An error text with its layers. A pattern is not searched for where `mark`, a word that it needs, is missing."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self._lower = evidence.text.lower()

    def match(self, pattern: re.Pattern[str], *, mark: str = "") -> re.Match[str] | None:
        return pattern.search(self.evidence.text) if mark in self._lower else None

    def first(self, pattern: re.Pattern[str], *, mark: str = "") -> str | None:
        """The pattern's first group, without a full stop at its end."""
        match = self.match(pattern, mark=mark)
        return match[1].rstrip(".") if match else None

    def innermost(self, pattern: re.Pattern[str], *, mark: str = "") -> str | None:
        """The pattern's first group in the innermost layer that has it, otherwise in the whole text."""
        whole = self.first(pattern, mark=mark)
        if whole is None:
            return None
        matches = (pattern.search(layer) for layer in reversed(self.evidence.layers))
        return next((match[1].rstrip(".") for match in matches if match), whole)


def _failed_host(evidence: Evidence) -> str | None:
    """The address of the connection that failed; otherwise the first host of the innermost layer that names one."""
    remote = [address for address in evidence.addresses if not address.startswith(("127.", "169.254.", "0."))]
    known = [*(host for host in evidence.hosts if host not in _DOCUMENTATION_HOSTS), *remote]
    for layer in reversed(evidence.layers if known else ()):
        named = [name.lower().rstrip(".") for name in _FAILED_HOST.findall(layer)]
        in_layer = [host for host in known if host in layer.lower()]
        if found := [name for name in named if name in known] or in_layer:
            return found[-1] if named and found[-1] in named else found[0]
    return None


def _expected_tenant(text: str) -> str | None:
    """The vault's tenant in AKV10032, which also lists Microsoft's own tenants; those are skipped."""
    expected = _EXPECTED.search(text)
    ids = _STS.findall(expected[0]) if expected else []
    return next((tenant for tenant in ids if tenant.lower() not in _MICROSOFT), None)


def _principal_type(app_id: str | None) -> str | None:
    if not app_id:
        return None
    return "User" if app_id in _PUBLIC_CLIENTS else "ServicePrincipal"


def _sign_in_scope(text: _Searched) -> str | None:
    match = text.match(_SIGN_IN_SCOPE, mark="--scope") or text.match(_SIGN_IN_SCOPE, mark="to access ")
    return (match[1] or f"{match[2]}/.default") if match else None


def _role(text: _Searched) -> str | None:
    """The role with the least access that allows the operation; None if the text does not name it."""
    is_managed = text.evidence.stack in _MANAGERS and text.match(_MANAGED) is not None
    match = text.match(_ACTION, mark="microsoft.keyvault/vaults/")
    if match and match[2].lower() in _WRAPPING:
        return "Key Vault Crypto Service Encryption User"
    if match and match[1].lower() in set(ObjectKind):
        return _ROLES.get(ObjectKind(match[1].lower()), (None, None))[is_managed or match[2].lower() in _CHANGES]
    operation = text.evidence.operation
    roles = _ROLES.get(operation.object) if operation.object else None
    return roles[is_managed or operation.action in _CHANGING] if roles else None


def _data_role(evidence: Evidence) -> str | None:
    roles = _DATA_ROLES.get(evidence.service, ()) if evidence.service else ()
    return next((role for word, role in roles if word in evidence.lower_text), None)


def _permission(text: _Searched) -> dict[str, str | None]:
    match = text.match(_PERMISSION, mark=" permission")
    if match:
        return {"policy": match[1].lower(), "permission": match[2].lower()}
    return _permission_for(text.evidence.operation)


def _permission_for(operation: Operation) -> dict[str, str | None]:
    if operation.object not in _ROLES:
        return {}
    return {
        "policy": operation.object.removesuffix("s"),
        "permission": _PERMISSIONS.get(operation.action) if operation.action else None,
    }
