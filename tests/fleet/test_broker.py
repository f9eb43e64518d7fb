"""The broker: by settings alone, its problems as one sentence each, and a scheduler that no clock stops."""

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from fleet import broker
from fleet.broker import broker_settings, every
from secrets_app.conf import history, load


@pytest.fixture(autouse=True)
def no_problem() -> Iterator[None]:
    yield
    broker.problem.sentence = ""


def test_without_a_setting__messages_stay_in_memory() -> None:
    assert broker_settings(None)["broker_url"].startswith("memory://")


@pytest.mark.parametrize(
    "url",
    [
        "redis://host:6379/0",
        "amqp://user:password@host:5672/vhost",
        "azureservicebus://DefaultAzureCredential@contoso.servicebus.windows.net",
        "azurestoragequeues://DefaultAzureCredential@https://contoso.queue.core.windows.net",
    ],
)
def test_url__is_passed_on(url: str) -> None:
    found = broker_settings(url)
    assert found["broker_url"] == url
    assert ("visibility_timeout" in found["broker_transport_options"]) is url.startswith("redis")


@pytest.mark.parametrize(
    ("url", "package"),
    [
        ("azurestoragequeues://DefaultAzureCredential@https://contoso.queue.core.windows.net", "azure-storage-queue"),
        ("azureservicebus://DefaultAzureCredential@contoso.servicebus.windows.net", "azure-servicebus"),
    ],
)
def test_azure_broker_without_its_package__is_a_problem_that_names_it(
    monkeypatch: pytest.MonkeyPatch, url: str, package: str
) -> None:
    monkeypatch.setattr(history, "is_installed", lambda name: not name.startswith("azure."))
    found = [problem for problem in load({"KVSITE_BROKER_URL": url}).problems if problem.setting == "KVSITE_BROKER_URL"]
    assert [problem.hint for problem in found] == [f"Run: python -m pip install {package}"]


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (ConnectionRefusedError(111, "Connection refused"), "It is not reachable."),
        (OSError("invalid username-password pair or user is disabled: AUTH"), "It refused the user name or password."),
        (OSError("(0, 0): (403) ACCESS_REFUSED - Login was refused"), "It refused the user name or password."),
        (OSError("[Errno -2] Name or service not known"), "The host name in KVSITE_BROKER_URL cannot be resolved."),
        (TimeoutError("timed out"), "It did not respond in time."),
    ],
)
def test_lines_of_celery_on_a_lost_connection__are_one_sentence(
    caplog: pytest.LogCaptureFixture, error: Exception, sentence: str
) -> None:
    celery = logging.getLogger("celery.worker.consumer.consumer")
    celery.addFilter(broker.is_reported)
    try:
        for attempt in range(3):
            celery.error("consumer: Cannot connect to %s: %s. %s", "redis://user:secret@host", error, attempt)
        celery.warning(
            "%s (%r)", "consumer: Connection to broker lost. Trying to re-establish the connection...", error
        )
        celery.error("another line")
    finally:
        celery.removeFilter(broker.is_reported)
    assert [record.getMessage() for record in caplog.records] == [
        f"Checks wait for the message broker. {sentence}", "another line"
    ]  # fmt: skip


def test_scheduler__does_not_stop_when_the_clock_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Celery's own period is due after two hours, if the clock is set back by two hours."""
    now: list[float] = [0.0]
    monkeypatch.setattr(broker.time, "monotonic", lambda: now[0])
    period: Any = every(5)
    last = period.now()
    assert not period.is_due(last).is_due
    now[0] = 5.0
    assert period.is_due(last).is_due
    assert period.now() - last == timedelta(seconds=5)
