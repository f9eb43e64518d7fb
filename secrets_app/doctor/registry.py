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
    function: CheckFunction
    timeout_s: float
    waits_for: str
    """What the check waits for; named in the finding when it times out."""
    timeout_advice: str
    """Advice when it times out; `{deadline_s}` in it is replaced with the deadline of a reading."""


CHECKS: list[RegisteredCheck] = []
"""Every check, in the order in which findings of equal severity are shown."""


def check(
    key: str, title: str, *, waits_for: str = "this machine", timeout_s: float = TIMEOUT_S, timeout_advice: str = ""
) -> Callable[[CheckFunction], CheckFunction]:
    """Registers the decorated function as the check `key`. It may block; its result is awaited for `timeout_s`."""

    def register(function: CheckFunction) -> CheckFunction:
        CHECKS.append(
            RegisteredCheck(
                key=key,
                title=title,
                function=function,
                timeout_s=timeout_s,
                waits_for=waits_for,
                timeout_advice=timeout_advice,
            )
        )
        return function

    return register
