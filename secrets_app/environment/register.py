"""The one place where checks are registered: a function with `@check` above it is one."""

from collections.abc import Callable
from dataclasses import dataclass

from secrets_app.environment.check import Check
from secrets_app.environment.scene import Scene

Ask = Callable[[Scene], Check]

LIMIT_S = 2.2
"""Seconds a check gets at most: all run together, so this is nearly the whole."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """One check: what it is about, how long it may take, and the function that finds out."""

    key: str
    title: str
    ask: Ask
    limit_s: float
    waits_for: str
    """What had not answered, when the time runs out."""
    when_late: str
    """What to do then; `{deadline_s}` in it is a reading's own time."""


QUESTIONS: list[Question] = []
"""Every check, in the order in which findings of the same weight are shown."""


def check(
    key: str, title: str, *, waits_for: str = "this machine", limit_s: float = LIMIT_S, when_late: str = ""
) -> Callable[[Ask], Ask]:
    """Registers the function below it as the check `key`. It may wait; nobody waits longer than `limit_s` for it."""

    def register(ask: Ask) -> Ask:
        QUESTIONS.append(
            Question(key=key, title=title, ask=ask, limit_s=limit_s, waits_for=waits_for, when_late=when_late)
        )
        return ask

    return register
