"""Who may run a command, and where: by the words that it starts with.

https://learn.microsoft.com/azure/role-based-access-control/built-in-roles and, for applications,
https://learn.microsoft.com/entra/identity/role-based-access-control/permissions-reference
"""

import re
from collections.abc import Iterable
from functools import lru_cache

from secrets_app.core.reading import RunsOn

_MFA = "; a user account also needs multifactor authentication"
"""Azure Resource Manager requires it of users for create, update and delete operations since 1 October 2025:
https://learn.microsoft.com/entra/identity/authentication/concept-mandatory-multifactor-authentication"""
_APPLICATION = "the role Application Administrator, or ownership of the app registration"
_VAULT = "Key Vault Contributor, Contributor or Owner on the vault"
_MACHINE = "administrator rights on this machine"

_MANAGES: tuple[tuple[str, str], ...] = (
    ("az role assignment create", "Owner or User Access Administrator on the vault"),
    ("az keyvault set-policy", _VAULT),
    ("az keyvault network-rule", _VAULT),
    ("az keyvault update", _VAULT),
    ("Set-AzKeyVaultAccessPolicy", _VAULT),
    ("Add-AzKeyVaultNetworkRule", _VAULT),
    ("Undo-AzKeyVaultRemoval", "Key Vault Contributor, Contributor or Owner on the subscription"),
    ("az keyvault create", "Contributor or Owner on the resource group"),
    ("az keyvault recover", "Key Vault Contributor, Contributor or Owner on the subscription"),
    ("az webapp", "Website Contributor, Contributor or Owner on the site"),
    ("az functionapp", "Website Contributor, Contributor or Owner on the function app"),
    ("func azure functionapp publish", "Website Contributor, Contributor or Owner on the function app"),
    ("az rest --method post", "Website Contributor, Contributor or Owner on the site"),
    ("az containerapp", "Container Apps Contributor, Contributor or Owner on the container app"),
    ("az vm", "Virtual Machine Contributor, Contributor or Owner on the VM"),
    ("az vmss", "Virtual Machine Contributor, Contributor or Owner on the scale set"),
    ("az aks", "Azure Kubernetes Service Contributor, Contributor or Owner on the cluster"),
    ("az identity federated-credential", "Managed Identity Contributor, Contributor or Owner on the identity"),
    ("az identity", "Managed Identity Contributor, Contributor or Owner on the resource group"),
    ("az network", "Network Contributor, Contributor or Owner on the resource group"),
)
"""Commands that change a resource through Azure Resource Manager."""
_CHANGES: tuple[tuple[str, str], ...] = (
    ("az keyvault secret", "Key Vault Secrets Officer or Key Vault Administrator on the vault"),
    ("az keyvault key", "Key Vault Crypto Officer or Key Vault Administrator on the vault"),
    ("az keyvault certificate", "Key Vault Certificates Officer or Key Vault Administrator on the vault"),
    ("Update-AzKeyVaultSecret", "Key Vault Secrets Officer or Key Vault Administrator on the vault"),
    ("Undo-AzKeyVaultSecretRemoval", "Key Vault Secrets Officer or Key Vault Administrator on the vault"),
    ("az ad app permission admin-consent", "Cloud Application Administrator or Privileged Role Administrator"),
    ("az ad app", _APPLICATION),
    ("az ad sp", _APPLICATION),
    ("kubectl label", "permission to update the service account"),
    ("kubectl annotate", "permission to update the service account"),
    ("kubectl patch", "permission to update the deployment"),
    ("kubectl rollout", "permission to update the deployment"),
    ("kubectl set", "permission to update the deployment"),
    ("kubectl exec", "permission to create pods/exec in the namespace"),
    ("sudo", _MACHINE),
    ("net localgroup", _MACHINE),
    ("w32tm", _MACHINE),
    ("Set-ItemProperty IIS:", _MACHINE),
    ("Import-Certificate", _MACHINE),
)
_READS: tuple[tuple[str, str], ...] = (
    ("az role assignment list", "Reader at that scope"),
    ("az keyvault secret", "Key Vault Reader on the vault, or the secret permission List"),
    ("az keyvault key", "Key Vault Reader on the vault, or the key permission List"),
    ("az keyvault certificate", "Key Vault Reader on the vault, or the certificate permission List"),
    ("az keyvault list-deleted", "Reader on the subscription"),
    ("az keyvault check-name", "Reader on the subscription"),
    ("az keyvault list", "Reader on the subscription"),
    ("az keyvault", "Reader on the vault"),
    ("az webapp", "Reader on the site"),
    ("az functionapp", "Reader on the function app"),
    ("az containerapp", "Reader on the container app"),
    ("az rest --method get", "Reader on the site"),
    ("az vm", "Reader on the VM"),
    ("az vmss", "Reader on the scale set"),
    ("az aks", "Reader on the cluster"),
    ("az identity", "Reader on the subscription"),
    ("az network", "Reader on the resource group"),
    ("az sql", "Reader on the server"),
    ("kubectl", "permission to get these objects in the cluster"),
    ("gh secret", "write access to the repository"),
)
_READING_VERBS = (
    " show",
    " show-deleted",
    " list",
    " list-deleted",
    " check-name",
    " check-acr",
    " get",
    " logs",
)
_ARGUMENT = re.compile(r" (?=[-<@\"'])|(?<=IIS:)")
_OTHER_SCOPE = re.compile(r"--scope <(?!vault)")
_MANAGING_TOOLS = ("az", "func", "kubectl", "gh")
_SIGN_IN = ("az login", "az logout", "az account", "az version", "az upgrade", "az cloud", "az config")


def right_for(command: str) -> str:
    """The role or right that `command` requires; empty if any account on this machine may run it."""
    right = _right_of(_verbs(command))
    return right.replace("on the vault", "at that scope") if _OTHER_SCOPE.search(command) else right


@lru_cache(maxsize=512)  # host names and IDs from texts are among the words
def _right_of(command: str) -> str:
    """The same, from the words before the first argument, of which there are few."""
    if not _only_reads(command):
        if right := _find(_MANAGES, command):
            return f"{right}{_MFA}" if command.startswith(("az ", "func ", "Set-Az", "Add-Az", "Undo-Az")) else right
        if right := _find(_CHANGES, command):
            return right
    return _find(_READS, command)


def needed_right(commands: Iterable[str]) -> str | None:
    """The right that the first command that changes something requires; None where there is none."""
    changes = (command for command in commands if not _only_reads(_verbs(command)))
    return next((right for command in changes if (right := right_for(command))), None)


def where_to_run(commands: Iterable[str]) -> RunsOn | None:
    """Commands that manage Azure run anywhere; the others change or inspect the machine of this program."""
    commands = [command for command in commands if command]
    if not commands:
        return None
    of_tools = [command for command in commands if any(_starts(command, tool) for tool in _MANAGING_TOOLS)]
    if all(command.startswith(_SIGN_IN) for command in of_tools):
        return RunsOn.THIS_MACHINE
    return RunsOn.ANY_MACHINE if len(of_tools) == len(commands) else RunsOn.BOTH


def _find(table: Iterable[tuple[str, str]], command: str) -> str:
    return next((right for start, right in table if _starts(command, start)), "")


@lru_cache(maxsize=512)  # host names and IDs from texts are among the words
def _only_reads(verbs: str) -> bool:
    return verbs.startswith("az rest --method get") or any(f"{word} " in f"{verbs} " for word in _READING_VERBS)


def _starts(command: str, words: str) -> bool:
    return command == words or command.startswith(words if words.endswith(":") else f"{words} ")


def _verbs(command: str) -> str:
    """The command's words before its first argument: `az keyvault secret list`, `az rest --method get`."""
    if command.startswith("az rest "):
        return " ".join(command.split(maxsplit=4)[:4])
    return _ARGUMENT.split(command, maxsplit=1)[0]
