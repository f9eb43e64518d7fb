"""The settings' mistakes as hints, with the command that mends each where this program runs."""

import shlex
from collections.abc import Iterable

from secrets_app.reading import Hint, Place, Platform
from secrets_app.setting_readers import Problem


def setting_hints(problems: Iterable[Problem], place: Place) -> tuple[Hint, ...]:
    """One hint for each problem of the settings."""
    return tuple(
        Hint(
            cause=problem.cause,
            title=problem.sentence,
            why="It has to be right before the vault is asked." if problem.stops else "Everything else works.",
            fix=problem.way_out,
            commands=_commands(problem, place),
        )
        for problem in problems
    )


def _commands(problem: Problem, place: Place) -> tuple[str, ...]:
    if problem.example is None or problem.setting.startswith("-"):
        return ()
    assignment = shlex.quote(f"{problem.setting}={problem.example}")
    if place.platform in {Platform.APP_SERVICE, Platform.FUNCTIONS} and place.resource_name:
        group = shlex.quote(place.resource_group) if place.resource_group else "<resource-group>"
        site = shlex.quote(place.resource_name)
        return (f"az webapp config appsettings set -g {group} -n {site} --settings {assignment}",)
    if place.system == "Windows":
        return (f'$env:{problem.setting} = "{problem.example}"',)
    return (f"export {assignment}",)
