"""The one place where checks are registered: a function with `@check` above it is one."""

from collections.abc import Callable
from dataclasses import dataclass

from secrets_app.doctor.check import Check
from secrets_app.doctor.context import CheckContext

CheckFunction = Callable[[CheckContext], Check]

TIMEOUT_S = 2.2
"""Seconds a check gets at most: all run together, so this is nearly the whole."""


@dataclass(frozen=True, kw_only=True)
class RegisteredCheck:
    """One check: what it is about, how long it may take, and the function that finds out."""

    key: str
    title: str
    ask: CheckFunction
    limit_s: float
    waits_for: str
    """What had not answered, when the time runs out."""
    when_late: str
    """What to do then; `{deadline_s}` in it is a reading's own time."""


CHECKS: list[RegisteredCheck] = []
"""Every check, in the order in which findings of the same weight are shown."""


def check(
    key: str, title: str, *, waits_for: str = "this machine", limit_s: float = TIMEOUT_S, when_late: str = ""
) -> Callable[[CheckFunction], CheckFunction]:
    """Registers the function below it as the check `key`. It may wait; nobody waits longer than `limit_s` for it."""

    def register(ask: CheckFunction) -> CheckFunction:
        CHECKS.append(
            RegisteredCheck(key=key, title=title, ask=ask, limit_s=limit_s, waits_for=waits_for, when_late=when_late)
        )
        return ask

    return register
