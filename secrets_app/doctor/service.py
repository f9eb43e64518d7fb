"""The examination of this machine that page and command both show."""

import os

from secrets_app import doctor
from secrets_app.conf import Config
from secrets_app.core.reading import Reading, Stage
from secrets_app.core.single_flight import SingleFlight
from secrets_app.doctor import Check, Status
from secrets_app.service import get_reading

_READING_CHECKS = frozenset({"secret", "token"})
"""Checks that only say again what the reading says."""

_runs: SingleFlight[Config, tuple[Check, ...]] = SingleFlight()


def run_doctor(config: Config) -> tuple[Check, ...]:
    """What every check found, the gravest first, in under 3 s. Never raises.

    Whoever asks while one is under way, or within `config.result_life_s` after it, gets that one: tools are started.
    """
    return _runs.get(config, lambda: doctor.run_checks(config, os.environ, get_reading), life_s=config.result_life_s)


def related_problems(reading: Reading, config: Config) -> tuple[Check, ...]:
    """The problems that the checks find around a failing reading and that its own causes do not tell already.

    Where the reading has used up its time nothing more is waited for.
    """
    if reading.failure is None or reading.failure.stage is Stage.DEADLINE:
        return ()
    told = {hint.cause for hint in reading.hints}
    return tuple(
        check
        for check in run_doctor(config)
        if check.verdict is Status.PROBLEM and check.cause not in told and check.key not in _READING_CHECKS
    )


def headline(checks: tuple[Check, ...]) -> str:
    """The whole in one line: `No problem found, 1 thing worth a look, 2 not known.`

    Without a problem, and without an answer about the secret, it says that instead.
    """
    problems, notices, unknown = (_count(checks, v) for v in (Status.PROBLEM, Status.NOTICE, Status.UNKNOWN))
    late = _late(checks)
    if late and not problems:
        waited = f"no answer after {late.gave_up_after_s:g} s"
        return f"Not known yet whether the secret can be read: {waited}. {late.advice}"
    parts = [f"{problems or 'No'} problem{'s' if problems > 1 else ''} found"]
    if notices:
        parts.append(f"{notices} thing{'s' if notices > 1 else ''} worth a look")
    if unknown:
        parts.append(f"{unknown} not known")
    return f"{', '.join(parts)}."


def is_healthy(checks: tuple[Check, ...]) -> bool:
    """No check found a problem, and there was time to see whether the secret can be read."""
    return not _count(checks, Status.PROBLEM) and _late(checks) is None


def _late(checks: tuple[Check, ...]) -> Check | None:
    return next((check for check in checks if check.key == "secret" and check.gave_up_after_s is not None), None)


def _count(checks: tuple[Check, ...], verdict: Status) -> int:
    return sum(check.verdict is verdict for check in checks)
