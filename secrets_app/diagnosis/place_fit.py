"""What of a cause fits the place where the program ran: its sign-in, its sentences and its commands."""

import re
from collections.abc import Mapping
from dataclasses import replace

from secrets_app.core.reading import Platform
from secrets_app.diagnosis.cause import Area, Cause, Command
from secrets_app.diagnosis.command_values import CommandValues
from secrets_app.diagnosis.normalize import contains_any
from secrets_app.diagnosis.places import Host, host_of
from secrets_app.diagnosis.stack_settings import StackSetting
from secrets_app.diagnosis.stacks import Stack

_SET = re.compile(r"(?:export |\$env:)(\w+(?: = |=)\S.*)")
_UNSET = re.compile(r"(?:unset |Remove-Item Env:)(\w+)")
_LIST = re.compile(r"env \| (.*)|Get-ChildItem Env:.*")
_APP = "--resource-group {group} --name {site}"
_REWRITTEN: Mapping[Host | Platform, tuple[str, str, str]] = {
    # the place -> how a variable is set there, removed, and how the names of all are listed
    Host.POD: (
        "kubectl set env deployment <deployment> {}",
        "kubectl set env deployment <deployment> {}-",
        "kubectl exec <pod> -- env | {}",
    ),
    Host.CONTAINER: ("docker run --env {} <image>", "", "docker exec <container> env | {}"),
    Platform.APP_SERVICE: (
        f"az webapp config appsettings set {_APP} --settings {{}}",
        f"az webapp config appsettings delete {_APP} --setting-names {{}}",
        f'az webapp config appsettings list {_APP} --query "[].name" --output tsv',
    ),
    Platform.FUNCTIONS: (
        f"az functionapp config appsettings set {_APP} --settings {{}}",
        f"az functionapp config appsettings delete {_APP} --setting-names {{}}",
        f'az functionapp config appsettings list {_APP} --query "[].name" --output tsv',
    ),
    Platform.CONTAINER_APPS: (
        f"az containerapp update {_APP} --set-env-vars {{}}",
        f"az containerapp update {_APP} --remove-env-vars {{}}",
        f'az containerapp show {_APP} --query "properties.template.containers[].env[].name" --output tsv',
    ),
}
_NOT_THERE: Mapping[Host, tuple[str, ...]] = {
    Host.POD: ("sudo ", "rm -f ", "python3 -m pip", "az account ", "Install-Module", "net localgroup", "w32tm"),
    Host.APP: ("sudo ", "rm -f ", "net localgroup", "w32tm"),
    Host.CONTAINER: ("sudo ", "net localgroup", "w32tm"),
    Host.PIPELINE: ("sudo timedatectl", "sudo sntp", "sudo usermod", "w32tm", "az webapp identity assign"),
    Host.WORKFLOW: ("sudo timedatectl", "sudo sntp", "sudo usermod", "w32tm", "az webapp identity assign"),
    Host.DATABRICKS: ("sudo ", "az vm ", "az webapp identity assign"),
    Host.SYNAPSE: ("sudo ", "az vm ", "az webapp identity assign"),
}
"""Starts of commands that cannot be run in this place, or that change nothing there."""
_ARM_STACKS = (Stack.TERRAFORM, Stack.PULUMI)


WITHOUT_USERS = frozenset(Platform) - {Platform.UNKNOWN, Platform.VIRTUAL_MACHINE, Platform.ARC, Platform.CLOUD_SHELL}
"""Platforms on which no user signs in to a tool and nothing can be installed."""
_AZ_SIGN_IN = ("az login", "az logout")
_AZ_MARKS = (
    "azure cli",
    "azurecli",
    "azure-cli",
    "az login",
    "az account",
    "defaultazurecredential",
    "chainedtokencredential",
    "04b07795-8ddb-461a-bbee-02f9e1bf7b46",
)
_AZ_USERS = frozenset({Stack.AZURE_CLI, Stack.AZD, Stack.POWERSHELL, Stack.TERRAFORM, Stack.PULUMI, Stack.ANSIBLE})
"""Stacks that use the session of Azure CLI, or sign in a user with commands of their own."""


def _for_sign_in(cause: Cause, values: CommandValues) -> Cause:
    """Signs in to Azure CLI only where the text shows that the program uses its account."""
    uses_az = values.stack in _AZ_USERS or contains_any(values.text, _AZ_MARKS)
    remaining = without_commands(cause, _AZ_SIGN_IN)
    if values.on_site or cause.area is not Area.ENTRA or uses_az or remaining.commands == cause.commands:
        return cause
    own = values.program and StackSetting.SIGN_IN in values.program.settings
    if own or nobody_signs_in(values):
        return remaining
    return replace(remaining, otherwise=(_IF_AZ, *remaining.otherwise))


_IF_AZ = "If the program uses the account of Azure CLI, sign in there: az logout, then az login --tenant <tenant-id>."
_PLACES = {
    "In a pod": (Host.POD,),
    "On AKS": (Host.POD,),
    "In App Service": (Host.APP,),
    "In Azure,": (Host.POD, Host.APP),
    "In a container": (Host.CONTAINER, Host.POD),
    "In a pipeline": (Host.PIPELINE, Host.WORKFLOW),
    "Outside Kubernetes": (),
    "On a development machine": (),
}
"""How a sentence about one kind of place starts -> these kinds."""


def _without_other_places(cause: Cause, values: CommandValues) -> Cause:
    """Without the sentences about other kinds of places than the one where the program ran."""
    place = values.host or host_of(values.platform)
    if place is None:
        return cause
    kept = (
        sentence
        for sentence in cause.otherwise
        if all(place in hosts for start, hosts in _PLACES.items() if sentence.startswith(start))
    )
    return replace(cause, otherwise=tuple(kept))


def nobody_signs_in(values: CommandValues) -> bool:
    """Whether the program ran where no user signs in to a tool."""
    return values.platform in WITHOUT_USERS or values.host is not None


def without_commands(cause: Cause, starts: tuple[str, ...]) -> Cause:
    """The cause without the commands that start with one of these words."""
    return replace(cause, commands=tuple(c for c in cause.commands if not c.template.startswith(starts)))


def for_place(cause: Cause, values: CommandValues) -> Cause:
    """The cause with sentences about this place; for a pasted error, with commands that can be run there."""
    cause = _without_other_places(_for_sign_in(cause, values), values)
    if values.on_site:
        return cause
    commands = (_rewritten(command, values) for command in cause.commands)
    return replace(cause, commands=tuple(command for command in commands if command))


def _rewritten(command: Command, values: CommandValues) -> Command | None:
    template = command.template
    if values.stack in _ARM_STACKS:  # these read other variables than the libraries
        if "AZURE_TOKEN_CREDENTIALS" in template:
            return None
        template = template.replace("grep '^AZURE_'", "grep '^ARM_'").replace("Env:AZURE_*", "Env:ARM_*")
    if values.host and template.startswith(_NOT_THERE[values.host]):
        return None
    place = next((key for key in (values.platform, values.host) if key in _REWRITTEN), None)
    if place is None:
        return replace(command, template=template)
    return _in_place(replace(command, template=template), _REWRITTEN[place])


def _in_place(command: Command, forms: tuple[str, str, str]) -> Command | None:
    for pattern, form in zip((_SET, _UNSET, _LIST), forms, strict=True):
        match = pattern.fullmatch(command.template)
        if match and command.template.startswith(("$env:", "Remove-Item", "Get-ChildItem")):
            return None  # the form for the other system is the same one
        if match:
            return replace(command, template=form.replace("{}", match[1] or ""), systems=()) if form else None
    return command
