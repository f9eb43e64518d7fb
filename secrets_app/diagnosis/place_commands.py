"""Commands for a shell on the machine of the program, rewritten for a place without one: a pod, an app, a container."""

import re
from collections.abc import Mapping
from dataclasses import replace

from secrets_app.core.reading import Platform
from secrets_app.diagnosis.cause import Cause, Command
from secrets_app.diagnosis.command_values import CommandValues
from secrets_app.diagnosis.places import Host
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


def for_place(cause: Cause, values: CommandValues) -> Cause:
    """The cause of a pasted error with commands that can be run where its program ran."""
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
