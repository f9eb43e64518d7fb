"""Turns a cause into a hint: its text, and its commands with their values filled in."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial

from secrets_app.core.hosts import parse_guid
from secrets_app.core.reading import Certainty, Hint, ShellCommands
from secrets_app.diagnosis.cause import LINUX, WINDOWS, Cause, Command
from secrets_app.diagnosis.command_values import CommandValues, HintContext
from secrets_app.diagnosis.portal import portal_page
from secrets_app.diagnosis.rights import needed_right, right_for, where_to_run
from secrets_app.diagnosis.shells import Shell, to_cmd
from secrets_app.diagnosis.stacks import Stack
from secrets_app.diagnosis.tailoring import tailor
from secrets_app.diagnosis.variants import fit


def tailored_hint(cause: Cause, context: HintContext, *, detail: str = "", certainty: Certainty | None = None) -> Hint:
    """The hint for one cause, adapted to the context."""
    return hint(tailor(cause, context), context.command_values, detail=detail, certainty=certainty)


def hint(cause: Cause, values: CommandValues, *, detail: str = "", certainty: Certainty | None = None) -> Hint:
    """The hint for one cause; `detail` is a sentence about the specific error, appended to the reason."""
    cause = fit(cause, values)
    commands = tuple(
        with_subscription(command.fill(values.quoted), values.values)
        for command in cause.commands
        if applies(command, values)
    )
    return Hint(
        cause=cause.key,
        title=cause.title,
        why=f"{cause.why} {detail}".strip(),
        fix=f"{cause.fix}{_warning(commands)}",
        otherwise=cause.otherwise,
        commands=commands,
        shells=ShellCommands(**{shell: tuple(_for_shell(cause, values, shell)) for shell in Shell}),
        needs=needed_right(commands),
        command_needs=tuple(map(right_for, commands)),
        runs_on=where_to_run(commands),
        portal=portal_page(cause.key, values),
        links=cause.links,
        certainty=certainty,
    )


_REPLACING = ("az keyvault set-policy", "Set-AzKeyVaultAccessPolicy")
"""They set the whole list of an object type's permissions (`set_policy` in azure-cli 2.91)."""


def _warning(commands: Iterable[str]) -> str:
    """What a command would remove, as a sentence; empty without such a command."""
    replacing = next((name for command in commands for name in _REPLACING if command.startswith(name)), "")
    return f" {replacing} replaces the permissions that the policy already has: include those too." if replacing else ""


def _for_shell(cause: Cause, values: CommandValues, shell: Shell) -> Iterator[str]:
    """The commands for this shell, on whichever system it runs."""
    system = WINDOWS if shell.is_windows else values.system if values.system != WINDOWS else LINUX
    there = values if system == values.system else replace(values, system=system)
    for command in cause.commands:
        if applies(command, there):
            filled = with_subscription(command.fill(partial(values.quoted, shell=shell)), values.values)
            yield to_cmd(filled) if shell is Shell.CMD else filled


_OF_VAULT = tuple(f"az keyvault {verb} " for verb in ("show", "update", "set-policy", "network-rule", "recover"))
_OF_HOST = ("az webapp ", "az functionapp ", "az containerapp ", "az vm ")
_SUBSCRIPTION = re.compile(r"/subscriptions/([0-9a-fA-F-]{36})/")


def with_subscription(command: str, values: Mapping[str, str]) -> str:
    """An Azure CLI command with the subscription of its resource, where that is known and not in the command."""
    if "--subscription" in command or "/subscriptions/" in command or "$(" in command:
        return command
    if command.startswith(_OF_VAULT):
        found = _SUBSCRIPTION.match(values.get("vault_id", ""))
        return f"{command} --subscription {found[1]}" if found else command
    if command.startswith(_OF_HOST) and (subscription := parse_guid(values.get("subscription", ""))):
        return f"{command} --subscription {subscription}"
    return command


def applies(command: Command, values: CommandValues) -> bool:
    """Whether the command is for this case."""
    return (
        (not command.systems or values.system in command.systems)
        and (not command.platforms or values.platform in command.platforms)
        and (not command.stacks or (values.stack or Stack.PYTHON) in command.stacks)
        and (not command.objects or values.object in command.objects)
        and (values.on_site or not command.site_only)
        and all(name in values.values for name in command.requires)
        and not any(name in values.values for name in command.unless)
    )
