"""Runs all checks in parallel, each with its own time limit."""

import time
from concurrent.futures import CancelledError, Future
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from secrets_app.conf import Config
from secrets_app.core.caching import run_in_background
from secrets_app.core.reading import Reading
from secrets_app.diagnosis import CAUSES
from secrets_app.diagnosis.case_values import cloud_of, values_from_reading
from secrets_app.diagnosis.command_values import CommandValues
from secrets_app.diagnosis.hints import hint
from secrets_app.doctor.check import Check, Status, unknown
from secrets_app.doctor.checks import CHECKS
from secrets_app.doctor.registry import CheckContext, RegisteredCheck

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
