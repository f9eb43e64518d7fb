"""The run of all checks that the page and the command show: in parallel, each with its own time limit."""

import os
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

from secrets_app import conf
from secrets_app.conf import Config
from secrets_app.conf.request import ReadRequest, secret_request
from secrets_app.core.caching import SingleFlight, run_in_background
from secrets_app.core.formatting import plural
from secrets_app.core.reading import Diagnosis, Reading, Stage
from secrets_app.core.runtime import shared
from secrets_app.diagnosis.case_values import cloud_of, values_from_reading
from secrets_app.diagnosis.catalog import CAUSES
from secrets_app.diagnosis.command_values import CommandValues
from secrets_app.diagnosis.hints import hint
from secrets_app.doctor.check import Check, Status, unknown
from secrets_app.doctor.checks import CHECKS
from secrets_app.doctor.registry import CheckContext, RegisteredCheck, build_context
from secrets_app.service import diagnose, get_reading

T = TypeVar("T")

_SAME_FAULT = {
    "kv_wrong_tenant": ("tenant_mismatch_ahead",),
    "developer_credential_in_azure": ("environment_half_set", "az_not_installed", "mi_identity_not_assigned"),
    "service_principal_incomplete": ("environment_half_set",),
}
"""Causes of checks that find the same fault as the cause of a reading."""
_READING_CHECKS = frozenset({"secret", "token"})
"""Checks that only repeat the result of the reading."""


class _Runs(SingleFlight[object, tuple[Check, ...]]):
    """Runs in progress or recently completed, shared between requests because checks start processes."""


def run_doctor(config: Config) -> tuple[Check, ...]:
    """The findings of all checks, most severe first, in under 3 s. Never raises.

    Calls during a run, or within `config.result_life_s` after it, share its result.
    """
    return start_doctor(config).result()


def start_doctor(config: Config) -> Future[tuple[Check, ...]]:
    """Like `run_doctor`, without waiting."""
    request = secret_request(config)
    read = partial(get_reading, request)
    return _start(request, None, lambda: run_in_background("the reading", request.key, read))


def related_problems(reading: Reading, diagnosis: Diagnosis, request: ReadRequest) -> tuple[Check, ...]:
    """Problems found by the checks that the causes of a failed reading do not already explain.

    Empty after a timeout, because no time is left to run the checks.
    """
    return unexplained_problems(start_related_checks(reading, request).result(), diagnosis)


def start_related_checks(reading: Reading, request: ReadRequest) -> Future[tuple[Check, ...]]:
    """The checks of this machine beside a failed reading, without waiting for them; none after a timeout."""
    if reading.failure is None or reading.failure.stage is Stage.DEADLINE:
        return _completed(())
    if request.from_visitor:
        # A visitor's identity or secret gets the site's shared run: visitors must not multiply the processes started.
        return start_doctor(conf.current())
    return _start(request, reading, lambda: _completed(reading))


def unexplained_problems(checks: tuple[Check, ...], diagnosis: Diagnosis) -> tuple[Check, ...]:
    """The problems among `checks` that the causes of the reading do not already explain."""
    explained = {hint.cause for hint in diagnosis.hints}
    explained |= {same for cause in explained for same in _SAME_FAULT.get(cause, ())}
    return tuple(
        check
        for check in checks
        if check.verdict is Status.PROBLEM and check.cause not in explained and check.key not in _READING_CHECKS
    )


def _start(
    request: ReadRequest, reading: Reading | None, start: Callable[[], Future[Reading]]
) -> Future[tuple[Check, ...]]:
    config = request.config

    def work() -> tuple[Check, ...]:
        return run_checks(build_context(config, os.environ, start(), lambda result: diagnose(result, request)))

    return shared(_Runs).start((config, reading and reading.id), work, life_s=config.result_life_s)


def _completed(result: T) -> Future[T]:
    future: Future[T] = Future()
    future.set_result(result)
    return future


def headline(checks: tuple[Check, ...]) -> str:
    """The summary in one line: `No errors found, 1 warning, 2 unknown.`

    Without errors, but also without a result for the secret, it reports that instead.
    """
    problems, notices, unknown = (_count(checks, status) for status in (Status.PROBLEM, Status.NOTICE, Status.UNKNOWN))
    timed_out = _timed_out_secret_check(checks)
    if timed_out and not problems:
        limit = f"no result within {timed_out.gave_up_after_s:g} s"
        return f"Unknown whether the secret can be read: {limit}. {timed_out.advice}"
    parts = [f"{plural(problems, 'error') if problems else 'No errors'} found"]
    if notices:
        parts.append(plural(notices, "warning"))
    if unknown:
        parts.append(f"{unknown} unknown")
    return f"{', '.join(parts)}."


def is_healthy(checks: tuple[Check, ...]) -> bool:
    """Whether no check found a problem and the check of the secret did not time out."""
    return not _count(checks, Status.PROBLEM) and _timed_out_secret_check(checks) is None


def _timed_out_secret_check(checks: tuple[Check, ...]) -> Check | None:
    return next((check for check in checks if check.key == "secret" and check.gave_up_after_s is not None), None)


def _count(checks: tuple[Check, ...], status: Status) -> int:
    return sum(check.verdict is status for check in checks)


_BY_SEVERITY = list(Status)
TIME_LIMIT_S = 3
"""No check takes longer."""


def run_checks(context: CheckContext) -> tuple[Check, ...]:
    """The findings of all checks, most severe first, in under 3 s even if a check blocks. Never raises."""
    started, inputs = time.monotonic(), (context.config, frozenset(context.environ.items()))
    running = [(check, run_in_background(check.key, inputs, partial(check.function, context))) for check in CHECKS]
    findings = [_finding(check, future, started, context.config) for check, future in running]
    return tuple(
        sorted((with_advice(finding, context) for finding in findings), key=lambda c: _BY_SEVERITY.index(c.verdict))
    )


def _finding(check: RegisteredCheck, future: Future[Check], started: float, config: Config) -> Check:
    try:
        finding = future.result(max(0.0, started + check.timeout_s - time.monotonic()))
    except TimeoutError:
        message = f"Timed out after {check.timeout_s:g} seconds while waiting for {check.waits_for}."
        advice = check.timeout_advice.format(deadline_s=f"{config.deadline_s:g}")
        finding = replace(unknown(message, advice=advice), gave_up_after_s=check.timeout_s)
    except CancelledError:
        finding = unknown("This check failed with an internal error. The site's log has the traceback.")
    return replace(finding, key=check.key, title=check.title)


def with_advice(check: Check, context: CheckContext) -> Check:
    """`check`, with the advice and commands of its cause where it has none."""
    if check.cause is None or check.cause not in CAUSES:
        return replace(check, cause=None)
    general = hint(CAUSES[check.cause], _command_values(context))
    return replace(
        check,
        advice=check.advice or general.fix,
        # The general commands of the cause may not match the check's own advice.
        commands=check.commands or (() if check.advice else general.commands),
    )


def _command_values(context: CheckContext) -> CommandValues:
    reading = context.reading_within(0) or Reading(
        vault_url=context.config.vault_url,
        secret_name=context.config.secret_name,
        started_at=datetime.now(UTC),
        elapsed_s=0,
        place=context.place,
    )
    vault = context.vault_within(0)
    tenant = reading.vault_tenant_id or (vault.tenant_id if vault else None)
    return CommandValues(
        values=values_from_reading(replace(reading, vault_tenant_id=tenant)),
        system=context.place.system,
        platform=context.place.platform,
        cloud=cloud_of(context.config.vault_url),
    )
