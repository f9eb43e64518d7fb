"""The registry of checks: every function decorated with `@check`."""

from collections.abc import Callable
from dataclasses import dataclass

from secrets_app.doctor.check import Check
from secrets_app.doctor.context import CheckContext

CheckFunction = Callable[[CheckContext], Check]

TIMEOUT_S = 2.2
"""Default time limit of a check in seconds; all run in parallel, so this is close to the total."""


@dataclass(frozen=True, kw_only=True)
class RegisteredCheck:
    """A registered check: its title, its time limit and its function."""

    key: str
    title: str
    ask: CheckFunction
    limit_s: float
    waits_for: str
    """What the check waits for; named in the finding when it times out."""
    when_late: str
    """Advice when it times out; `{deadline_s}` in it stands for the deadline of a reading."""


CHECKS: list[RegisteredCheck] = []
"""Every check, in the order in which findings of equal severity are shown."""


def check(
    key: str, title: str, *, waits_for: str = "this machine", limit_s: float = TIMEOUT_S, when_late: str = ""
) -> Callable[[CheckFunction], CheckFunction]:
    """Registers the decorated function as the check `key`. It may block; its result is awaited for `limit_s`."""

    def register(ask: CheckFunction) -> CheckFunction:
        CHECKS.append(
            RegisteredCheck(key=key, title=title, ask=ask, limit_s=limit_s, waits_for=waits_for, when_late=when_late)
        )
        return ask

    return register
