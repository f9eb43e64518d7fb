"""The settings' mistakes as hints, with the command that mends each where this program runs."""

import shlex
from collections.abc import Iterable, Mapping

from secrets_app.reading import Hint, Place, Platform
from secrets_app.setting_readers import Problem

_WEBAPP = "az webapp config appsettings set -g {group} -n {name} --settings {assignments}"
_COMMANDS = {
    Platform.APP_SERVICE: _WEBAPP,
    Platform.FUNCTIONS: _WEBAPP,
    Platform.CONTAINER_APPS: "az containerapp update -g {group} -n {name} --set-env-vars {assignments}",
    Platform.KUBERNETES: "kubectl set env deployment/{name} {assignments}",
}


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
