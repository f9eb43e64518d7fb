"""What the program that was refused needs in Key Vault, and for which principal: from its rows in settings.tsv."""

import re
from collections.abc import Iterator
from dataclasses import replace

from secrets_app.core.formatting import join_words
from secrets_app.diagnosis.cause import Cause, Command, run
from secrets_app.diagnosis.command_values import CommandValues
from secrets_app.diagnosis.stack_settings import Program

_REFUSED = ("kv_rbac_denied", "kv_access_policy_denied")
_CALLING_RESOURCE = re.compile(r"caller:\s.{0,200}?(?:name=|/providers/)(microsoft\.\w{2,40}/\w{2,40})")
"""The type of the resource that called, in the claims that Key Vault quotes (lowercase)."""
_POLICY = re.compile(r"--\{policy\}-permissions (?:\{permission\}|get list)")


def with_needs(cause: Cause, values: CommandValues) -> Cause:
    """The refusal with every permission that the program needs, and the principal that needs them."""
    program = values.program
    if (
        cause.key in _REFUSED
        and (resource := _CALLING_RESOURCE.search(values.text))
        and not (program and program.roles)
    ):
        who = f"The caller is an identity of {resource[1]}, which the error names, not your own account."
        return replace(cause, fix=f"{who} {cause.fix}")
    if program is None or cause.key not in _REFUSED or not (program.caller or program.permissions):
        return cause
    permissions = _permissions(program, values)
    fix = " ".join(filter(None, (_caller(program), cause.fix, _sentence(cause, program, permissions), program.note)))
    commands = tuple(dict.fromkeys(_commands(cause, program, permissions)))
    if program.app_id:
        commands = (run(f"az ad sp show --id {program.app_id} --query id --output tsv"), *commands)
    return replace(cause, fix=fix, commands=commands)


def _permissions(program: Program, values: CommandValues) -> dict[str, str]:
    """Those of the kind of object that the text names, where the program uses several for different purposes."""
    kind = values.object.removesuffix("s")
    if program.roles or kind not in program.permissions:
        return dict(program.permissions) if program.roles else {}
    # The role follows from the operation: one that only reads needs no more than the error says.
    return {kind: program.permissions[kind]} if "Officer" in values.values.get("role", "") else {}


def _caller(program: Program) -> str:
    return f"The caller is {program.caller}." if program.caller else ""


def _sentence(cause: Cause, program: Program, permissions: dict[str, str]) -> str:
    if cause.key == "kv_rbac_denied" and program.roles:
        return f"{program.name} needs the role{'s' if len(program.roles) > 1 else ''} {join_words(program.roles)}."
    if not permissions:
        return ""
    named = [f"{kind} {_plural(granted)}" for kind, granted in permissions.items()]
    roles = f"; with Azure RBAC: {join_words(program.roles)}" if program.roles else ""
    return f"{program.name} needs the {join_words(named)}{roles}."


def _plural(granted: str) -> str:
    names = granted.split()
    return f"permission{'s' if len(names) > 1 else ''} {join_words(names)}"


def _commands(cause: Cause, program: Program, permissions: dict[str, str]) -> Iterator[Command]:
    options = " ".join(f"--{kind}-permissions {granted}" for kind, granted in permissions.items())
    for command in cause.commands:
        if program.roles and "{role}" in command.template:
            for role in program.roles:
                yield replace(command, template=command.template.replace("{role}", f'"{role}"'))
        elif options and _POLICY.search(command.template):
            # Two commands, with and without a known permission, become one.
            yield replace(command, template=_POLICY.sub(options, command.template), requires=(), unless=())
        else:
            yield command
