"""What stacks and other programs call a setting that a fix recommends, and their commands to sign in a user."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

from secrets_app.diagnosis.stacks import Stack


class StackSetting(StrEnum):
    """A setting that exists in several stacks under different names; the values are its description."""

    CLI_TIMEOUT = "time limit for Azure CLI"
    CA_FILE = "trusted CA certificates"
    PROXY = "proxy"
    TENANT = "tenant"
    FURTHER_TENANTS = "further allowed tenants"
    CLIENT_ID = "client ID of the user-assigned identity"
    SECRET = "client secret"  # noqa: S105 - the name of a setting
    CREDENTIALS = "selection of credentials"
    CLOUD = "cloud"
    SIGN_IN = "sign-in"
    CHAIN = "certificate chain"
    UPDATE = "update"
    DEBUG = "debug log"

    @property
    def key(self) -> str:
        """The key of its rows in the table."""
        return self.name.lower()


_FILE = "settings.tsv"
"""One row a fact about a stack or another program, `who`, in the order of preference. The keys:

- the names of `StackSetting` in lowercase: what this setting is called there, checked in its documentation;
- `mark`: words (lowercase) that identify the program; `\\s` is a space at an end;
- `place`: `pod` if it runs in a cluster;
- `secret_permissions`, `key_permissions`, `certificate_permissions`, `role`: what it needs in Key Vault;
- `caller`: the principal that Key Vault sees, `app_id`: that application's ID, the same in every tenant;
- `note`: what else its access needs.
"""
_NEEDS = ("secret", "key", "certificate")
_LIBRARIES = "Azure libraries"
"""Named where the text does not tell the program: most of those that fail use one of them."""


@dataclass(frozen=True, kw_only=True)
class Program:
    """A program that uses Azure: what it calls its settings, and what it needs in Key Vault."""

    name: str
    marks: tuple[str, ...]
    in_pod: bool
    settings: Mapping[StackSetting, str]
    permissions: Mapping[str, str]
    """Kind of object -> permissions of an access policy, separated by spaces; empty if not known."""
    roles: tuple[str, ...]
    """The roles with the same rights, where the vault uses Azure RBAC."""
    caller: str
    """The principal that calls Key Vault, where that is not the user; otherwise empty."""
    app_id: str
    """The application ID of that principal, if it is an application of Microsoft; otherwise empty."""
    note: str

    def is_in(self, text: str) -> bool:
        """Whether the text (lowercase) names it: at the start of a word, and not as a folder of Windows."""
        return any(_starts_word(text, mark) for mark in self.marks)


def _starts_word(text: str, mark: str) -> bool:
    start = text.find(mark)
    while start > 0 and (text[start - 1].isalnum() or text[start - 1] in "_\\"):
        start = text.find(mark, start + 1)
    return start >= 0


@cache
def programs() -> Mapping[str, Program]:
    """Name -> each stack and program of the table."""
    lines = files(__package__).joinpath(_FILE).read_text(encoding="utf-8").splitlines()[1:]
    facts: dict[str, dict[str, list[str]]] = {}
    for who, key, value in (line.split("\t") for line in lines):
        facts.setdefault(who, {}).setdefault(key, []).append(value)
    return {who: _program(who, known) for who, known in facts.items()}


def _program(who: str, facts: Mapping[str, list[str]]) -> Program:
    return Program(
        name=who,
        marks=tuple(mark.replace("\\s", " ") for mark in facts.get("mark", ())),
        in_pod="pod" in facts.get("place", ()),
        settings={setting: facts[setting.key][0] for setting in StackSetting if setting.key in facts},
        permissions={kind: found[0] for kind in _NEEDS if (found := facts.get(f"{kind}_permissions"))},
        roles=tuple(facts.get("role", ())),
        **{key: facts.get(key, [""])[0] for key in ("caller", "app_id", "note")},
    )


def detect_program(text: str, stack: Stack | None) -> Program | None:
    """The program that the text (lowercase) names, otherwise the stack's entry; None if nothing tells."""
    found = next((program for program in programs().values() if program.is_in(text)), None)
    return found or (programs().get(stack) if stack else None)


def names_of(setting: StackSetting) -> list[tuple[str, str]]:
    """Each stack and program that has the setting, with its name there."""
    return [(program.name, program.settings[setting]) for program in programs().values() if setting in program.settings]


def setting_sentence(setting: StackSetting, stack: Stack | None, program: Program | None = None) -> str:
    """A sentence that names the setting in this program, otherwise in its stack; empty if neither has it."""
    for known in (program, programs().get(stack or _LIBRARIES)):
        if known and setting in known.settings:
            return f"In {known.name}, the {setting}: {known.settings[setting]}."
    return ""


_OWN_COMMANDS: Mapping[Stack, Mapping[str, str]] = {
    Stack.POWERSHELL: {
        "az keyvault set-policy --name {vault} --object-id {object_id} --{policy}-permissions {permission}": (
            "Set-AzKeyVaultAccessPolicy -VaultName {vault} -ObjectId {object_id} -PermissionsTo{policy}s {permission}"
        ),
        "az keyvault network-rule add --name {vault} --ip-address {address}": (
            "Add-AzKeyVaultNetworkRule -VaultName {vault} -IpAddressRange {address}"
        ),
        "az keyvault secret set-attributes --vault-name {vault} --name {secret} --enabled true": (
            "Update-AzKeyVaultSecret -VaultName {vault} -Name {secret} -Enable $true"
        ),
        "az keyvault secret recover --vault-name {vault} --name {secret}": (
            "Undo-AzKeyVaultSecretRemoval -VaultName {vault} -Name {secret}"
        ),
        "az keyvault recover --name {vault}": (
            "Undo-AzKeyVaultRemoval -VaultName {vault} -ResourceGroupName {group} -Location <location>"
        ),
        "az login --tenant {tenant}": "Connect-AzAccount -Tenant {tenant}",
        "az login --tenant {vault_tenant}": "Connect-AzAccount -Tenant {vault_tenant}",
        "az login --tenant {tenant} --scope https://vault.azure.net/.default": "Connect-AzAccount -Tenant {tenant} "
        "-AuthScope https://vault.azure.net",
        "az login --use-device-code --tenant {tenant}": "Connect-AzAccount -UseDeviceAuthentication -Tenant {tenant}",
        "az logout": "Disconnect-AzAccount",
        "az account clear": "Clear-AzContext",
        "az account list --output table": "Get-AzSubscription",
        "az account set --subscription {subscription}": "Set-AzContext -Subscription {subscription}",
        "az account set --subscription <subscription-in-that-tenant>": (
            "Set-AzContext -Subscription <subscription-in-that-tenant>"
        ),
        "az account show --output table": "Get-AzContext",
    },
    Stack.AZD: {
        "az login --tenant {tenant}": "azd auth login --tenant-id {tenant}",
        "az login --tenant {vault_tenant}": "azd auth login --tenant-id {vault_tenant}",
        "az login --tenant {tenant} --scope https://vault.azure.net/.default": "azd auth login --tenant-id {tenant} "
        "--scope https://vault.azure.net/.default",
        "az login --use-device-code --tenant {tenant}": "azd auth login --use-device-code --tenant-id {tenant}",
        "az logout": "azd auth logout",
    },
}
WITHOUT_USERS = frozenset(
    {
        Stack.GITHUB_ACTIONS,
        Stack.AZURE_PIPELINES,
        Stack.CSI_DRIVER,
        Stack.EXTERNAL_SECRETS,
        Stack.CERT_MANAGER,
        Stack.KUBERNETES,
        Stack.OPENSHIFT,
        Stack.APP_SERVICE_REFERENCE,
        Stack.DATABRICKS,
        Stack.SYNAPSE,
    }
)
"""Stacks that never use the account of a signed-in user."""
_OWN_SIGN_IN = WITHOUT_USERS | {Stack.VS_CODE}
"""Stacks for which signing in to Azure CLI changes nothing."""


def own_command(template: str, stack: Stack | None) -> str | None:
    """The stack's own form of an az command; None if it signs in a user, and that changes nothing there."""
    if stack in _OWN_SIGN_IN and template.startswith(("az login", "az logout", "az account clear")):
        return None
    return _OWN_COMMANDS.get(stack, {}).get(template, template) if stack else template
