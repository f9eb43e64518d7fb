"""Alerts: sent by the real apprise to a server of this machine; flapping and outages make few of them."""

from datetime import timedelta
from typing import Any

import pytest

from fleet.alerts import message, send_alerts
from fleet.models import Target
from fleet.recording import record
from secrets_app import conf
from secrets_app.core.redaction import external_text
from tests.fleet.conftest import DENIED, START, seen
from tests.fleet.receiver import Receiver

HOLD_S = 120


def at(minutes: float) -> Any:
    return START + timedelta(minutes=minutes)


def test_failure_that_lasts__is_reported_once_and_its_end_too(target: Target, receiver: Receiver) -> None:
    record(target.pk, seen(0))
    record(target.pk, seen(10, DENIED))
    assert send_alerts(at(11), [receiver.url], HOLD_S) == 0
    assert send_alerts(at(13), [receiver.url], HOLD_S) == 1
    assert send_alerts(at(14), [receiver.url], HOLD_S) == 0
    record(target.pk, seen(20))
    assert send_alerts(at(23), [receiver.url], HOLD_S) == 1
    failed, recovered = receiver.received
    assert failed["title"] == "Principal Used: 1 secret not readable"
    assert failed["message"] == (
        "contoso.vault.azure.net: not readable since 2026-11-20 10:10:00 UTC, 403 ForbiddenByRbac (kv_rbac_denied), as "
        "kvsite-demo (system-assigned managed identity): payroll."
    )
    assert recovered["title"] == "Principal Used: 1 secret readable again"


def test_failure_without_a_token__names_no_earlier_principal(target: Target, receiver: Receiver) -> None:
    record(target.pk, seen(0))
    record(target.pk, seen(10, {"ok": False, "stage": "token", "cause": "no_credential_available"}))
    assert send_alerts(at(13), [receiver.url], HOLD_S) == 1
    assert "kvsite-demo" not in receiver.received[0]["message"]


def test_flapping__is_not_reported(target: Target, receiver: Receiver) -> None:
    for minute in range(0, 60, 2):
        record(target.pk, seen(minute, DENIED if minute % 4 else {"ok": True}))
        send_alerts(at(minute + 1), [receiver.url], HOLD_S)
    assert receiver.received == []


@pytest.mark.django_db
def test_outage_of_a_vault__is_one_message(receiver: Receiver) -> None:
    url = "https://contoso.vault.azure.net"
    names = [f"target {number:03}" for number in range(200)]
    Target.objects.bulk_create(
        Target(name=name, vault_url=url, ok=False, alerted_ok=True, since=START, code="503 ServiceUnavailable",
               cause="service_error") for name in names
    )  # fmt: skip
    assert send_alerts(at(10), [receiver.url], HOLD_S) == 200
    [sent] = receiver.received
    assert sent["title"] == "Principal Used: 200 secrets not readable"
    assert sent["message"].endswith(": target 000, target 001, target 002, target 003, target 004 and 195 more.")


@pytest.mark.django_db
def test_targets_of_other_principals_and_causes__have_lines_of_their_own(receiver: Receiver) -> None:
    url, code = "https://contoso.vault.azure.net", "403 Forbidden"
    rows = [("a", "one", "kv_policy_denied"), ("b", "two", "kv_policy_denied"), ("c", "one", "kv_policy_denied"),
            ("d", "one", "kv_firewall")]  # fmt: skip
    Target.objects.bulk_create(
        Target(name=name, vault_url=url, ok=False, alerted_ok=True, since=START, code=code, principal=who, cause=cause)
        for name, who, cause in rows
    )
    assert send_alerts(at(10), [receiver.url], HOLD_S) == 4
    [sent] = receiver.received
    assert [line.partition(f"{code} ")[2] for line in sent["message"].splitlines()] == [
        "(kv_firewall), as one: d.", "(kv_policy_denied), as one: a, c.", "(kv_policy_denied), as two: b.",
    ]  # fmt: skip


def test_service_that_refuses__gets_the_message_again(
    target: Target, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    record(target.pk, seen(0))
    record(target.pk, seen(10, DENIED))
    receiver.status = 500
    assert send_alerts(at(20), [receiver.url], HOLD_S) == 0
    receiver.status = 200
    assert send_alerts(at(21), [receiver.url], HOLD_S) == 1
    assert "pass-of-the-service" not in caplog.text


def test_tokens_of_the_services__are_in_no_log_line(settings: Any) -> None:
    tokens = ("T1JJ3T3L2A1B2C3D4", "TIiajkdnlazkcOXrIdevi7FQ", "sig-0123456789abcdef")
    urls = f"slack://{tokens[0]}/A1/{tokens[1]} https://hooks.example.org/workflow?sig={tokens[2]}&to=ops-team-channel"
    settings.SECRETS_APP = {"KVSITE_ALERT_URLS": urls}
    assert len(conf.current().alert_urls) == 2
    line = external_text(f"POST /services/{tokens[0]}/{tokens[1]} {tokens[2]} hooks.example.org ops-team-channel")
    assert line == "POST /services/[hidden]/[hidden] [hidden] hooks.example.org ops-team-channel"


@pytest.mark.django_db
def test_many_vaults__are_cut(receiver: Receiver) -> None:
    changed = [
        Target(
            name=f"t{number}", vault_url=f"https://vault-{number}.vault.azure.net", ok=False, since=START, code="403 X"
        )
        for number in range(50)
    ]
    _, text = message(changed)
    assert len(text.splitlines()) == 21
    assert text.endswith("And 30 more. The fleet page has all of them.")


def test_first_observation__is_no_alert(target: Target, receiver: Receiver) -> None:
    record(target.pk, seen(0, DENIED))
    assert send_alerts(at(60), [receiver.url], HOLD_S) == 0
