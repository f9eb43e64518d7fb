"""The run of all checks that the page and the command show."""

import os

from secrets_app import doctor
from secrets_app.conf import Config
from secrets_app.core.reading import Reading, Stage
from secrets_app.core.single_flight import SingleFlight
from secrets_app.doctor import Check, Status
from secrets_app.service import get_reading

_READING_CHECKS = frozenset({"secret", "token"})
"""Checks that only repeat the reading."""

_runs: SingleFlight[Config, tuple[Check, ...]] = SingleFlight()


def run_doctor(config: Config) -> tuple[Check, ...]:
    """The findings of all checks, most severe first, in under 3 s. Never raises.

    Calls during a run, or within `config.result_life_s` after it, share its result, because checks start tools.
    """
    return _runs.get(config, lambda: doctor.run_checks(config, os.environ, get_reading), life_s=config.result_life_s)


def related_problems(reading: Reading, config: Config) -> tuple[Check, ...]:
    """The problems that the checks find and that the causes of a failed reading do not already cover.

    None after a timeout: the time is used up.
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
    """The summary in one line: `No errors found, 1 warning, 2 unknown.`

    Without errors, but also without a result for the secret, it reports that instead.
    """
    problems, notices, unknown = (_count(checks, v) for v in (Status.PROBLEM, Status.NOTICE, Status.UNKNOWN))
    late = _late(checks)
    if late and not problems:
        waited = f"no result within {late.gave_up_after_s:g} s"
        return f"Unknown whether the secret can be read: {waited}. {late.advice}"
    parts = [f"{problems or 'No'} error{'' if problems == 1 else 's'} found"]
    if notices:
        parts.append(f"{notices} warning{'s' if notices > 1 else ''}")
    if unknown:
        parts.append(f"{unknown} unknown")
    return f"{', '.join(parts)}."


def is_healthy(checks: tuple[Check, ...]) -> bool:
    """Whether no check found a problem and the check of the secret did not time out."""
    return not _count(checks, Status.PROBLEM) and _late(checks) is None


def _late(checks: tuple[Check, ...]) -> Check | None:
    return next((check for check in checks if check.key == "secret" and check.gave_up_after_s is not None), None)


def _count(checks: tuple[Check, ...], verdict: Status) -> int:
    return sum(check.verdict is verdict for check in checks)
