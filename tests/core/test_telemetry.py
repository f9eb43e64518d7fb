"""OpenTelemetry: the spans and the histogram of a reading, in the exporters of its SDK."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from localazure import LocalAzure
from tests.conftest import World

ROOT = Path(__file__).resolve().parents[2]
NEVER = ("message", "token", "claim", "upn", "name")
"""Parts of attribute names that would hold more than IDs."""


class Exporter(InMemorySpanExporter):
    """Keeps the spans of these tests only: the provider stays until the process ends."""

    is_active = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return super().export(spans) if self.is_active else SpanExportResult.SUCCESS


@pytest.fixture(scope="session")
def sdk() -> tuple[Exporter, InMemoryMetricReader]:
    """The providers can be set once in a process."""
    exporter, reader = Exporter(), InMemoryMetricReader()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    metrics.set_meter_provider(MeterProvider([reader]))
    return exporter, reader


@pytest.fixture
def exporter(sdk: tuple[Exporter, InMemoryMetricReader]) -> Iterator[Exporter]:
    sdk[0].is_active = True
    yield sdk[0]
    sdk[0].is_active = False
    sdk[0].clear()


def of_reading(exporter: Exporter) -> ReadableSpan:
    (span,) = [span for span in exporter.get_finished_spans() if span.name == "principal_used reading"]
    return span


def test_failed_reading__is_a_span_with_cause_and_principal(
    exporter: Exporter, client: Client, world: World, settings: Any
) -> None:
    azure = world("no-role")
    settings.SECRETS_APP = {**settings.SECRETS_APP, "KVSITE_RESULT_LIFE_S": "60"}
    client.get("/")
    client.get("/api/reading")  # the same reading is not sent again
    span = of_reading(exporter)
    attributes = dict(span.attributes or {})
    assert span.status.status_code is StatusCode.ERROR
    assert attributes["principal_used.cause"] == "kv_rbac_denied"
    assert attributes["principal_used.principal.kind"] == "system_assigned_managed_identity"
    assert attributes["server.address"] == "contoso.vault.azure.net"
    assert (attributes["http.response.status_code"], attributes["error.type"]) == (403, "ForbiddenByRbac")
    assert span.end_time
    assert span.start_time
    assert span.end_time > span.start_time
    text = json.dumps([json.loads(each.to_json()) for each in exporter.get_finished_spans()])
    assert azure.tokens
    assert not [token for token in azure.tokens if token.text in text]
    assert not [name for name in attributes if any(part in name.rpartition(".")[2].split("_") for part in NEVER)]


def test_credentials__are_children_in_order(exporter: Exporter, client: Client, world: World) -> None:
    world("laptop")
    client.get("/")
    span = of_reading(exporter)
    assert span.status.status_code is StatusCode.UNSET
    tried = [
        each for each in exporter.get_finished_spans() if each.parent and each.parent.span_id == span.context.span_id
    ]
    assert tried[0].name == "EnvironmentCredential"
    assert (tried[-1].name, (tried[-1].attributes or {})["principal_used.outcome"]) == ("AzureCliCredential", "token")


def test_spans_of_the_azure_sdk__have_the_same_trace(
    exporter: Exporter, client: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from azure.core.settings import settings as azure_settings

    world("app-service")
    monkeypatch.setattr(azure_settings.tracing_enabled, "_user_value", True)
    with trace.get_tracer("test").start_as_current_span("request") as request:
        client.get("/")
    traces = {span.name: span.context.trace_id for span in exporter.get_finished_spans()}
    assert traces["SecretClient.get_secret"] == request.get_span_context().trace_id
    assert traces["principal_used reading"] == request.get_span_context().trace_id


def test_duration__is_a_histogram(sdk: tuple[Exporter, InMemoryMetricReader], client: Client, world: World) -> None:
    world("no-role")
    client.get("/")
    data = sdk[1].get_metrics_data()
    assert data
    found: list[Any] = [
        metric for of in data.resource_metrics for scope in of.scope_metrics for metric in scope.metrics
    ]
    (histogram,) = [metric for metric in found if metric.name == "principal_used.reading.duration"]
    assert histogram.unit == "s"
    causes = [dict(point.attributes).get("principal_used.cause") for point in histogram.data.data_points]
    assert "kv_rbac_denied" in causes


_READ = """
import sys
from kvsite.command_line import main
sys.argv = ["manage.py", "principal"]
try:
    main()
except SystemExit as end:
    assert end.code == 0
sys.exit(", ".join({"opentelemetry", "secrets_app.diagnosis"} & {*sys.modules}) or 0)
"""


@pytest.mark.program
def test_command__loads_neither_it_nor_the_catalog_of_causes() -> None:
    with LocalAzure("app-service") as azure:
        done = subprocess.run(
            [sys.executable, "-c", _READ], cwd=ROOT, env=azure.env, check=False, capture_output=True, text=True
        )
    assert done.returncode == 0, done.stderr
