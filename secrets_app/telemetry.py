"""OpenTelemetry: a span for each reading, one for each credential tried, and a histogram of the durations.

The spans are made when the reading has been diagnosed, from its times. Attributes name the principal by IDs, never by
claims, and contain no token, no secret value and no message. Spans of the Azure SDK (`AZURE_TRACING_ENABLED=true`)
belong to the same trace, because the threads of a reading have the context of the request.
"""

import sys
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from secrets_app.core.reading import Diagnosis, Outcome, Reading

SCOPE = "principal_used"
READING_DURATION = "principal_used.reading.duration"
"""Histogram, in seconds."""


def record(reading: Reading, diagnosis: Diagnosis) -> None:
    """Send the reading to OpenTelemetry, where this process has loaded it; otherwise nothing would receive it."""
    if "opentelemetry.trace" not in sys.modules:
        return
    from opentelemetry import trace  # only now: loading it would slow down every command

    tracer, attributes = trace.get_tracer(SCOPE), attributes_of(reading, diagnosis)
    ended_at = reading.started_at + timedelta(seconds=reading.elapsed_s)
    span = tracer.start_span(
        f"principal_used {'token' if reading.scope else 'reading'}",
        start_time=_nanoseconds(reading.started_at), attributes=attributes,
    )  # fmt: skip
    if not reading.ok:
        span.set_status(trace.StatusCode.ERROR, diagnosis.main_cause or "")
    _record_attempts(reading, diagnosis, tracer, trace.set_span_in_context(span))
    span.end(end_time=_nanoseconds(ended_at))
    _record_duration(reading, attributes)


def _record_attempts(reading: Reading, diagnosis: Diagnosis, tracer: Any, context: Any) -> None:
    """One span for each credential tried, one after the other; none where the token is of an earlier reading."""
    from opentelemetry import trace

    start = reading.started_at
    for attempt, cause in zip(reading.attempts, diagnosis.causes, strict=True):
        if reading.token_reused or attempt.elapsed_s is None or attempt.outcome is Outcome.NOT_REACHED:
            continue
        attributes = _without_empty({"principal_used.outcome": attempt.outcome.value, "principal_used.cause": cause})
        span = tracer.start_span(
            attempt.credential, context=context, start_time=_nanoseconds(start), attributes=attributes
        )
        if attempt.outcome is Outcome.FAILED:
            span.set_status(trace.StatusCode.ERROR, cause or "")
        start += timedelta(seconds=attempt.elapsed_s)
        span.end(end_time=_nanoseconds(start))


def attributes_of(reading: Reading, diagnosis: Diagnosis) -> dict[str, Any]:
    """The attributes of a reading's span."""
    principal, failure = reading.principal, reading.failure
    return _without_empty(
        {
            "principal_used.ok": reading.ok,
            "principal_used.cause": diagnosis.main_cause,
            "principal_used.secret": reading.secret_name,
            "principal_used.scope": reading.scope,
            "principal_used.credential": principal and principal.credential,
            "principal_used.principal.kind": principal and principal.kind and principal.kind.value,
            "principal_used.principal.app_id": principal and principal.app_id,
            "principal_used.principal.object_id": principal and principal.object_id,
            "principal_used.principal.tenant_id": principal and principal.tenant_id,
            "server.address": urlsplit(reading.vault_url or "").hostname,
            "http.response.status_code": failure and failure.status,
            "error.type": failure and (failure.code or failure.stage.value),
        }
    )


def _record_duration(reading: Reading, attributes: Mapping[str, Any]) -> None:
    from opentelemetry import metrics

    low_cardinality = ("principal_used.ok", "principal_used.cause", "principal_used.credential")
    labels = {name: attributes[name] for name in low_cardinality if name in attributes}
    _histogram(metrics.get_meter_provider()).record(reading.elapsed_s, labels)


@cache
def _histogram(provider: Any) -> Any:
    meter = provider.get_meter(SCOPE)
    return meter.create_histogram(READING_DURATION, unit="s", description="Duration of reading the secret.")


def _without_empty(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in attributes.items() if value is not None}


def _nanoseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000_000)
