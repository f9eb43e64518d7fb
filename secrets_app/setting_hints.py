"""The settings' mistakes as hints, with the command that mends each where this program runs."""

import shlex
from collections.abc import Collection, Iterable, Mapping

from secrets_app.reading import Hint, Place, Platform
from secrets_app.setting_readers import Problem
from secrets_app.setting_readers.connection_string import ConnectionString

_WEBAPP = "az webapp config appsettings set -g {group} -n {name} --settings {assignments}"
_COMMANDS = {
    Platform.APP_SERVICE: _WEBAPP,
    Platform.FUNCTIONS: _WEBAPP,
    Platform.CONTAINER_APPS: "az containerapp update -g {group} -n {name} --set-env-vars {assignments}",
    Platform.KUBERNETES: "kubectl set env deployment/{name} {assignments}",
}

_CUT_SHORT = frozenset({"client_secret_wrong"})
"""What comes of a secret that is not whole."""


def setting_hints(problems: Iterable[Problem], place: Place) -> tuple[Hint, ...]:
    """One hint for each problem of the settings."""
    return tuple(
        Hint(
            cause=problem.cause,
            title=problem.sentence,
            why="It has to be right before anything is asked." if problem.stops else "Everything else works.",
            fix=problem.way_out,
            commands=_commands(problem, place),
        )
        for problem in problems
    )


def remark_hints(given: ConnectionString | None, causes: Collection[str]) -> tuple[Hint, ...]:
    """One hint for each remark on the connection string that may be the very reason, `causes` being what was found."""
    remarks = given.meaning.remarks if given else ()
    cut_short = not _CUT_SHORT.isdisjoint(causes)
    return tuple(
        _remark_hint(f"{given.setting} {remark.says}", remark.way_out)
        for remark in remarks
        if given and (remark.changes_who or (remark.leftover and cut_short))
    )


def _remark_hint(says: str, way_out: str) -> Hint:
    what, end, rest = says.partition(". ")
    why = rest or "It may be the rest of a secret that a ; cut short."
    return Hint(cause="setting_invalid", title=what + end.strip(), why=why, fix=way_out)


def _commands(problem: Problem, place: Place) -> tuple[str, ...]:
    if problem.example is None or problem.setting.startswith("-"):
        return ()
    return commands_that_set({problem.setting: problem.example}, place)


def commands_that_set(values: Mapping[str, str], place: Place) -> tuple[str, ...]:
    """The commands that give these settings these values where this program runs."""
    assignments = " ".join(shlex.quote(f"{setting}={value}") for setting, value in values.items())
    if place.platform in _COMMANDS:
        group = shlex.quote(place.resource_group) if place.resource_group else "<resource-group>"
        name = shlex.quote(place.resource_name) if place.resource_name else "<name>"
        return (_COMMANDS[place.platform].format(group=group, name=name, assignments=assignments),)
    if place.system == "Windows":
        return tuple(f'$env:{setting} = "{value}"' for setting, value in values.items())
    return (f"export {assignments}",)
