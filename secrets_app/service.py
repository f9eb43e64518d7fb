"""Readings and their diagnosis, for the pages, the JSON, the probes, the report and the commands."""

import os
from dataclasses import replace
from functools import partial

from secrets_app import conf, keyvault, telemetry
from secrets_app.conf import host_environment
from secrets_app.conf.cloud import cloud_mismatch_problems
from secrets_app.conf.request import ReadRequest, SecretTarget
from secrets_app.core.caching import ResultCache
from secrets_app.core.history import history
from secrets_app.core.observations import observed_causes
from secrets_app.core.reading import UNEXPECTED, Diagnosis, HostEnvironment, LastReadable, Outcome, Reading
from secrets_app.core.runtime import shared

__all__ = ["detect_host", "diagnose", "get_reading", "isolated_read", "progress", "read_value", "start_reading"]

get_reading = keyvault.read
start_reading = keyvault.start_read
read_value = keyvault.read_value
isolated_read = keyvault.isolated_read
progress = keyvault.progress


class _Diagnoses(ResultCache[object, Diagnosis]):
    """The diagnoses of the last readings: callers that share a reading share its diagnosis."""

    def __init__(self) -> None:
        super().__init__(size=16)


def diagnose(reading: Reading, request: ReadRequest) -> Diagnosis:
    """Why the `reading` of `request` failed, and how to fix it: setting errors first, then causes in the error."""
    key = reading.id, request.problems, request.config.connection_string
    return shared(_Diagnoses).get(key, lambda: _diagnose_and_record(reading, request))


def detect_host() -> HostEnvironment:
    """The host this program runs on."""
    return host_environment.detect_host(os.environ)


def _diagnose_and_record(reading: Reading, request: ReadRequest) -> Diagnosis:
    """The diagnosis. A reading is recorded once."""
    diagnosed = _diagnose_with_history(reading, request)
    telemetry.record(reading, diagnosed)
    return diagnosed


def _diagnose_with_history(reading: Reading, request: ReadRequest) -> Diagnosis:
    """The diagnosis, with the history of the site's own secret as evidence."""
    if not _is_own(request):
        return _diagnose(reading, request)
    last_readable = None if reading.ok else history().last_readable(reading)
    diagnosed = _diagnose(reading, request, last_readable)
    history().record(reading, diagnosed)
    return diagnosed


def _is_own(request: ReadRequest) -> bool:
    """Whether the site reads its own secret, with its own settings."""
    return isinstance(request.target, SecretTarget) and not request.from_visitor and request.config is conf.current()


def _diagnose(reading: Reading, request: ReadRequest, last_readable: LastReadable | None = None) -> Diagnosis:
    if not _needs_explanation(reading, request):
        return Diagnosis(find_causes=partial(_causes_of_attempts, reading))
    # Imported here: `manage.py principal` starts faster without the catalog of causes, which a success does not need.
    from secrets_app.conf.hints import connection_string_hints, in_project, setting_hints, use_setting_names
    from secrets_app.diagnosis.changes import with_change
    from secrets_app.diagnosis.diagnose import diagnose as find_causes
    from secrets_app.diagnosis.setting_causes import missing_service_principal_variables

    missing = missing_service_principal_variables(os.environ, reading.place.platform)
    config, diagnosed = request.config, find_causes(reading, missing_variables=missing)
    mismatch = cloud_mismatch_problems(reading, config.vault_url, config.credential, os.environ)
    blocking = (*request.blocking_problems, *mismatch)
    hints = (
        *setting_hints(blocking, reading.place),
        *connection_string_hints(config.connection_string, [hint.cause for hint in diagnosed.hints]),
        *(in_project(use_setting_names(hint, config)) for hint in diagnosed.hints),
        *setting_hints((problem for problem in request.problems if not problem.blocks_reading), reading.place),
    )
    main_cause = None if reading.ok else hints[0].cause if hints else UNEXPECTED
    return replace(
        diagnosed, hints=with_change(hints, last_readable), main_cause=main_cause, last_readable=last_readable
    )


def _needs_explanation(reading: Reading, request: ReadRequest) -> bool:
    """Whether there may be hints: the reading failed, something was observed, or the settings have a problem."""
    return (
        not reading.ok
        or not any(attempt.outcome is Outcome.TOKEN for attempt in reading.attempts)
        or bool(request.problems or observed_causes(reading, (), ""))
        or request.config.connection_string is not None
    )


def _causes_of_attempts(reading: Reading) -> tuple[str | None, ...]:
    """Why the credentials before the one that returned the token are unavailable."""
    from secrets_app.diagnosis.ranking import causes_of_attempts  # imported here, as in `_diagnose`

    return causes_of_attempts(reading)
