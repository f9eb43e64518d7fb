"""Who may run a command, and where: by the Azure CLI command that it starts with.

https://learn.microsoft.com/azure/role-based-access-control/built-in-roles and, for applications,
https://learn.microsoft.com/entra/identity/role-based-access-control/permissions-reference
"""

from collections.abc import Iterable

from secrets_app.core.reading import RunsOn

_APPLICATION = "the role Application Administrator, or ownership of the app registration"
_RIGHTS: tuple[tuple[str, str], ...] = (
    ("az role assignment create", "Owner or User Access Administrator on the vault"),
    ("az keyvault set-policy", "Key Vault Contributor, Contributor or Owner on the vault"),
    ("az keyvault network-rule", "Key Vault Contributor, Contributor or Owner on the vault"),
    ("az keyvault update", "Key Vault Contributor, Contributor or Owner on the vault"),
    ("az keyvault create", "Contributor or Owner on the resource group"),
    ("az keyvault recover", "Key Vault Contributor, Contributor or Owner on the subscription"),
    ("az keyvault secret", "Key Vault Secrets Officer or Key Vault Administrator on the vault"),
    ("az keyvault certificate", "Key Vault Certificates Officer or Key Vault Administrator on the vault"),
    ("az webapp", "Website Contributor, Contributor or Owner on the site"),
    ("az functionapp", "Website Contributor, Contributor or Owner on the function app"),
    ("az containerapp", "Container Apps Contributor, Contributor or Owner on the container app"),
    ("az vm", "Virtual Machine Contributor, Contributor or Owner on the VM"),
    ("az vmss", "Virtual Machine Contributor, Contributor or Owner on the scale set"),
    ("az identity federated-credential", "Managed Identity Contributor, Contributor or Owner on the identity"),
    ("az identity", "Managed Identity Contributor, Contributor or Owner on the resource group"),
    ("az ad app", _APPLICATION),
    ("az ad sp", _APPLICATION),
    ("az network", "Network Contributor, Contributor or Owner on the resource group"),
)
_READS = (" show", " list", " list-deleted")
_SIGN_IN = ("az login", "az logout", "az account", "az version", "az upgrade", "az cloud", "az config")


def needed_right(commands: Iterable[str]) -> str | None:
    """The right that the first command that changes something requires; None where there is none."""
    changes = (command for command in commands if not any(word in f"{_verbs(command)} " for word in _READS))
    return next((right for command in changes for start, right in _RIGHTS if _starts(command, start)), None)


def where_to_run(commands: Iterable[str]) -> RunsOn | None:
    """Commands that manage Azure run anywhere; the others change or inspect the machine of this program."""
    commands = tuple(commands)
    if not commands:
        return None
    manages_azure = any(_starts(command, "az") and not command.startswith(_SIGN_IN) for command in commands)
    return RunsOn.ANY_MACHINE if manages_azure else RunsOn.THIS_MACHINE


def _starts(command: str, words: str) -> bool:
    return command == words or command.startswith(f"{words} ")


def _verbs(command: str) -> str:
    """The command's words before its first argument: `az keyvault secret list`."""
    return command.partition(" -")[0]
