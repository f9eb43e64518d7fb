"""Values for the placeholders of commands: validated names and IDs, quoted for the shell."""

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from secrets_app.core.credential_options import CredentialKind
from secrets_app.core.hosts import GUID_PATTERN, is_scope
from secrets_app.core.reading import Platform, Reading
from secrets_app.diagnosis.evidence import Evidence
from secrets_app.diagnosis.places import VAULT_SUFFIXES, Cloud, Host, detect_host
from secrets_app.diagnosis.services import UNKNOWN_OPERATION, ObjectKind, Operation
from secrets_app.diagnosis.shells import Shell, quote
from secrets_app.diagnosis.stack_settings import Program, detect_program
from secrets_app.diagnosis.stacks import Stack

_GUID = re.compile(GUID_PATTERN)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,126}")
_GROUP = re.compile(r"[\w(][\w.()-]{0,89}")
_RESOURCE_ID = re.compile(r"/subscriptions/[\w./()-]{1,600}")
_DOMAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,253}")
_WORDS = re.compile(r"[A-Za-z][A-Za-z ]{0,60}")
_URL = re.compile(r"https?://[\w.~%:/?&=-]{1,600}")
_PATH = re.compile(r"[\w./:\\ -]{1,400}")
_SERVICE_ACCOUNT = re.compile(r"[a-z0-9][a-z0-9.-]{0,252}")
_SETTING = re.compile(r"KVSITE_[A-Z_]{1,60}")
_SUBJECT = re.compile(r"[\w./:@*{}-]{1,400}")
_PRIVATE_NETWORKS = tuple(map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")))


def _is_public_ipv4(value: str) -> bool:
    """Whether a vault's firewall accepts this address: it must be a public IPv4 address.

    https://learn.microsoft.com/azure/key-vault/general/network-security#key-vault-firewall-enabled-ipv4-addresses-and-ranges---static-ips
    """
    try:
        address = ipaddress.IPv4Address(value)
    except ValueError:
        return False
    return not any(address in network for network in _PRIVATE_NETWORKS) and not address.is_loopback


_VALIDATORS: Mapping[str, Callable[[str], object]] = {
    "vault": _NAME.fullmatch,
    "secret": _NAME.fullmatch,
    "valid_secret": _NAME.fullmatch,
    "vault_id": _RESOURCE_ID.fullmatch,
    "vault_host": _DOMAIN.fullmatch,
    "host": _DOMAIN.fullmatch,
    "vault_tenant": _GUID.fullmatch,
    "tenant": _DOMAIN.fullmatch,
    "object_id": _GUID.fullmatch,
    "app_id": _GUID.fullmatch,
    "principal_type": _WORDS.fullmatch,
    "role": _WORDS.fullmatch,
    "policy": _WORDS.fullmatch,
    "permission": _WORDS.fullmatch,
    "address": _is_public_ipv4,
    "group": _GROUP.fullmatch,
    "site": _GROUP.fullmatch,
    "subscription": _GUID.fullmatch,
    "issuer": _URL.fullmatch,
    "subject": _SUBJECT.fullmatch,
    "path": _PATH.fullmatch,
    "service_account": _SERVICE_ACCOUNT.fullmatch,
    "scope": is_scope,
    "sign_in_scope": is_scope,
    "requested_identity": lambda value: _GUID.fullmatch(value) or _RESOURCE_ID.fullmatch(value),
    "identity_resource_id": _RESOURCE_ID.fullmatch,
    "folder_setting": _SETTING.fullmatch,
    "certificate_vault": _NAME.fullmatch,
    "subnet": _RESOURCE_ID.fullmatch,
    "scale_set": _GROUP.fullmatch,
    "resource_app_id": _GUID.fullmatch,
    "registry": _NAME.fullmatch,
    "data_role": _WORDS.fullmatch,
    "arm_role": _WORDS.fullmatch,
    "arm_scope": _RESOURCE_ID.fullmatch,
}
PLACEHOLDERS: Mapping[str, str] = {
    "vault": "<vault-name>",
    "secret": "<secret-name>",
    "valid_secret": "<secret-name>",
    "vault_id": "<vault-resource-id>",
    "vault_host": "<vault-name>.vault.azure.net",
    "host": "<host>",
    "vault_tenant": "<vault-tenant-id>",
    "tenant": "<tenant-id>",
    "object_id": "<object-id>",
    "app_id": "<client-id>",
    "principal_type": "ServicePrincipal",
    "role": "Key Vault Secrets User",
    "policy": "secret",
    "permission": "get",
    "address": "<your-public-address>",
    "group": "<resource-group>",
    "site": "<resource-name>",
    "subscription": "<subscription-id>",
    "issuer": "<issuer>",
    "subject": "<subject>",
    "path": "<file>",
    "service_account": "<service-account>",
    "scope": "<scope>",
    "sign_in_scope": "<scope>",
    "requested_identity": "<id>",
    "identity_resource_id": "<resource-id-of-the-identity>",
    "folder_setting": "<setting>",
    "certificate_vault": "<vault-name>",
    "subnet": "<resource-id-of-the-subnet>",
    "scale_set": "<scale-set>",
    "resource_app_id": "<application-id-of-the-API>",
    "registry": "<registry>",
    "data_role": "<data-role>",
    "arm_role": "<role-with-that-action>",
    "arm_scope": "<scope-in-the-error>",
}
"""Placeholders for unknown values. Some have defaults that are right for reading a secret."""


@dataclass(frozen=True, kw_only=True)
class CommandValues:
    """Values for placeholders, and the case that the command is for."""

    values: Mapping[str, str] = field(default_factory=dict)
    system: str = "Linux"
    platform: Platform = Platform.UNKNOWN
    cloud: Cloud = Cloud.PUBLIC
    stack: Stack | None = Stack.PYTHON
    """The program that printed the text; this site is Python. None if the text does not tell."""
    operation: Operation = UNKNOWN_OPERATION
    text: str = field(default="", repr=False)
    """A pasted text in lowercase: its words tell cases of one cause apart."""
    signed_in: bool = False
    """Whether the text shows that a token was issued: then signing in again does not help."""
    on_site: bool = True
    """Whether this site failed, and not another program whose error text was pasted."""

    @cached_property
    def host(self) -> Host | None:
        """Where the program ran that printed a pasted text, if no user signs in to a tool there."""
        if self.on_site:
            return None
        found = detect_host(self.stack, self.platform, self.text)
        return Host.POD if found in (None, Host.CONTAINER) and self.program and self.program.in_pod else found

    @cached_property
    def program(self) -> Program | None:
        """The program of which a pasted text tells; this site's own settings are known."""
        return None if self.on_site else detect_program(self.text, self.stack)

    @property
    def object(self) -> ObjectKind:
        """What the failed request was about; a secret if it is unknown."""
        return self.operation.object or ObjectKind.SECRET

    @property
    def shell(self) -> Shell:
        """The usual shell of the system."""
        return Shell.POWERSHELL if self.system == "Windows" else Shell.BASH

    def quoted(self, name: str, shell: Shell | None = None) -> str:
        """The value of this name, quoted for the shell, or its `<placeholder>` if it is unknown.

        A default such as a role name is quoted too; a `<placeholder>` is not, so that it stays visible.
        """
        shell = shell or self.shell
        if value := self.values.get(name):
            return quote(value, shell)
        default = PLACEHOLDERS[name].replace(VAULT_SUFFIXES[Cloud.PUBLIC], VAULT_SUFFIXES[self.cloud])
        return default if "<" in default else quote(default, shell)


def checked(values: Mapping[str, str | None]) -> dict[str, str]:
    """The values that are valid for their name. Others are dropped: the placeholder is shown instead."""
    return {name: value for name, value in values.items() if value and name in _VALIDATORS and _VALIDATORS[name](value)}


@dataclass(frozen=True, kw_only=True)
class HintContext:
    """What is known about the error that the hint is for."""

    command_values: CommandValues
    reading: Reading | None = None
    """None if only an error text is known."""
    evidence: Evidence | None = None
    """The evidence in a pasted error text; None for a reading."""
    failed_is_first: bool = False
    """Whether the first hint is about the credential at which the chain stopped."""

    @property
    def without_az(self) -> bool:
        """Whether a setting selects the credentials and az is not one of them, so signing in to az has no effect."""
        reading = self.reading
        if reading is None or not reading.chosen_setting or not reading.attempts:
            return False
        return all(attempt.credential != CredentialKind.AZURE_CLI.class_name for attempt in reading.attempts)

    @property
    def resource(self) -> str | None:
        """The resource a token was requested for, if it is neither Key Vault nor a vault."""
        resource = self.command_values.values.get("scope", "").removesuffix("/.default")
        return None if not resource or "vault." in resource.lower() else resource
