"""The examination of this machine that page and command both show."""

import os

from secrets_app import environment
from secrets_app.answer import answer
from secrets_app.conf import Config
from secrets_app.environment import Check, Verdict
from secrets_app.vault.sharing import Sharing

_sharing: Sharing[Config, tuple[Check, ...]] = Sharing()


def examination(config: Config) -> tuple[Check, ...]:
    """What every check found, the gravest first, in under 3 s. Never raises.

    Whoever asks while one is under way, or within `config.result_life_s` after it, gets that one: tools are started.
    """
    return _sharing.get(config, lambda: environment.examine(config, os.environ, answer), life_s=config.result_life_s)


def headline(checks: tuple[Check, ...]) -> str:
    """The whole in one line."""
    problems, notices = (_count(checks, verdict) for verdict in (Verdict.PROBLEM, Verdict.NOTICE))
    if problems:
        return f"{problems} problem{'' if problems == 1 else 's'} found."
    if notices:
        return f"No problem found, and {notices} thing{'' if notices == 1 else 's'} worth a look."
    return "No problem found."


def sound(checks: tuple[Check, ...]) -> bool:
    """No check found a problem."""
    return not _count(checks, Verdict.PROBLEM)


def _count(checks: tuple[Check, ...], verdict: Verdict) -> int:
    return sum(check.verdict is verdict for check in checks)
