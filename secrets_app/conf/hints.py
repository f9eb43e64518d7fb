"""Problems in the settings as hints, with the command that fixes each on this platform."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from secrets_app.conf import Config
from secrets_app.conf.connection_string import ConnectionString
from secrets_app.conf.project import is_embedded, shown_name, use_shown_names
from secrets_app.conf.setting import SettingProblem
from secrets_app.connection_string import Key
from secrets_app.core.credential_options import CertificateInVault, CredentialKind
from secrets_app.core.reading import Hint, HostEnvironment, Platform, ShellCommands
from secrets_app.diagnosis.command_values import CommandValues, checked
from secrets_app.diagnosis.rights import needed_right, right_for, where_to_run
from secrets_app.diagnosis.shells import Shell, quote, to_cmd

_WEBAPP = "az webapp config appsettings set -g {group} -n {name} --settings {assignments}"
_COMMANDS = {
    Platform.APP_SERVICE: _WEBAPP,
    Platform.FUNCTIONS: _WEBAPP,
    Platform.CONTAINER_APPS: "az containerapp update -g {group} -n {name} --set-env-vars {assignments}",
    Platform.KUBERNETES: "kubectl set env deployment/{name} {assignments}",
}

_CUT_SHORT = frozenset({"client_secret_wrong"})
"""Causes that result from an incomplete client secret."""


def setting_hints(problems: Iterable[SettingProblem], place: HostEnvironment) -> tuple[Hint, ...]:
    """One hint for each problem in the settings."""
    return tuple(_setting_hint(problem, place) for problem in problems)


def _setting_hint(problem: SettingProblem, place: HostEnvironment) -> Hint:
    commands = _commands(problem, place)
    windows = _commands(problem, replace(place, system="Windows"))
    other = _commands(problem, replace(place, system="Linux")) if place.system == "Windows" else commands
    return Hint(
        cause=problem.cause,
        title=problem.sentence,
        why="No request is sent until this is fixed." if problem.blocks_reading else "Everything else works.",
        fix=problem.hint,
        commands=commands,
        shells=ShellCommands(bash=other, powershell=windows, cmd=tuple(map(to_cmd, windows))),
        needs=needed_right(commands),
        command_needs=tuple(map(right_for, commands)),
        runs_on=where_to_run(commands),
    )


def connection_string_hints(given: ConnectionString | None, causes: Collection[str]) -> tuple[Hint, ...]:
    """One hint for each warning on the connection string that may explain `causes`, the causes that were found."""
    warnings = given.meaning.warnings if given else ()
    cut_short = not _CUT_SHORT.isdisjoint(causes)
    return tuple(
        _warning_hint(f"{given.setting} {warning.message}", warning.hint)
        for warning in warnings
        if given and (warning.changes_identity or (warning.may_be_cut_off and cut_short))
    )


def _warning_hint(message: str, hint: str) -> Hint:
    what, end, rest = message.partition(". ")
    why = rest or "It may be the rest of a secret that was cut off at a ;."
    return Hint(cause="setting_invalid", title=what + end.strip(), why=why, fix=hint)


def _commands(problem: SettingProblem, place: HostEnvironment) -> tuple[str, ...]:
    if problem.example is None or problem.setting.startswith("-"):
        return ()
    return commands_that_set({problem.setting: problem.example}, place)


def commands_that_set(values: Mapping[str, str], place: HostEnvironment) -> tuple[str, ...]:
    """Commands that set these settings on the platform where this program runs; in a project, lines of its settings."""
    if is_embedded():
        return tuple(f"{shown_name(setting)} = {value!r}" for setting, value in values.items())
    shell = Shell.POWERSHELL if place.system == "Windows" else Shell.BASH
    assignments = " ".join(quote(f"{setting}={value}", shell) for setting, value in values.items())
    if place.platform in _COMMANDS:
        group = quote(place.resource_group, shell) if place.resource_group else "<resource-group>"
        name = quote(place.resource_name, shell) if place.resource_name else "<name>"
        return (_COMMANDS[place.platform].format(group=group, name=name, assignments=assignments),)
    if place.system == "Windows":
        return tuple(f'$env:{setting} = "{value}"' for setting, value in values.items())
    return (f"export {assignments}",)


def unset_commands(names: Iterable[str], place: HostEnvironment) -> tuple[str, ...]:
    """Commands to copy that unset the variables `names`, which never come from user input."""
    names = tuple(names)
    facts = CommandValues(
        values=checked({"group": place.resource_group, "site": place.resource_name}), system=place.system
    )
    group, resource = facts.quoted("group"), facts.quoted("site")
    if place.platform in {Platform.APP_SERVICE, Platform.FUNCTIONS}:
        kind = "webapp" if place.platform is Platform.APP_SERVICE else "functionapp"
        return (f"az {kind} config appsettings delete -g {group} -n {resource} --setting-names {' '.join(names)}",)
    if place.platform is Platform.CONTAINER_APPS:
        return (f"az containerapp update -g {group} -n {resource} --remove-env-vars {' '.join(names)}",)
    if place.platform is Platform.KUBERNETES:
        gone = " ".join(f"{name}-" for name in names)
        return (f"kubectl set env deployment/<deployment> {gone}",)
    if place.system == "Windows":
        return (f"Remove-Item {', '.join(f'Env:{name}' for name in names)}",)
    return (f"unset {' '.join(names)}",)


_ASSIGNMENT = re.compile(r"""\b(KVSITE_[A-Z_]+)=["']?([^"'\s]+)""")


def in_project(hint: Hint) -> Hint:
    """The hint; in another project with the names of its dict, and its lines instead of commands that set variables."""
    if not is_embedded():
        return hint

    def lines(commands: tuple[str, ...]) -> tuple[str, ...]:
        found = ((command, _ASSIGNMENT.search(command)) for command in commands)
        return tuple(f"{shown_name(match[1])} = {match[2]!r}" if match else command for command, match in found)

    return replace(
        hint,
        title=use_shown_names(hint.title),
        why=use_shown_names(hint.why),
        fix=use_shown_names(hint.fix),
        otherwise=tuple(map(use_shown_names, hint.otherwise)),
        commands=lines(hint.commands),
        shells=ShellCommands(**{shell: lines(getattr(hint.shells, shell)) for shell in Shell}),
    )


_VARIABLE = re.compile(r"\bAZURE_(CLIENT_SECRET|CLIENT_ID|TENANT_ID)\b")
_KEYS = {"CLIENT_SECRET": Key.APP_KEY, "CLIENT_ID": Key.APP_ID, "TENANT_ID": Key.TENANT_ID}
_SETTING_KINDS = frozenset({CredentialKind.CLIENT_SECRET, CredentialKind.CLIENT_CERTIFICATE})


def use_setting_names(hint: Hint, config: Config) -> Hint:
    """The hint, with the names of this site's settings when only they select the credential."""
    options = config.credential
    if (
        not options
        or not _SETTING_KINDS.issuperset(options.kinds)
        or isinstance(options.certificate, CertificateInVault)
    ):
        return hint  # the certificate may be read with a credential from the environment

    def own(found: re.Match[str]) -> str:
        given = config.connection_string
        return f"the {_KEYS[found[1]]} of {given.setting}" if given else f"KVSITE_{found[1]}"

    return replace(
        hint,
        why=_VARIABLE.sub(own, hint.why),
        fix=_VARIABLE.sub(own, hint.fix),
        otherwise=tuple(_VARIABLE.sub(own, sentence) for sentence in hint.otherwise),
    )
