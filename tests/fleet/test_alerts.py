"""Alerts: sent by the real apprise to a server of this machine; flapping and outages make few of them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fleet import alerts, engine
from fleet.alerts import LEASE, due_services, message, named, store_alerts
from fleet.models import Alert, Target
from fleet.recording import record
from secrets_app import conf
from secrets_app.core.redaction import external_text
from tests.fleet.conftest import DENIED, START, seen
from tests.fleet.receiver import Receiver

HOLD_S = 120


def at(minutes: float) -> Any:
    return START + timedelta(minutes=minutes)


def send_alerts(now: datetime, urls: Sequence[str], hold_s: int = HOLD_S) -> int:
    """What the tasks `alert` and `deliver` do, at another time; returns how many messages were accepted."""
    services = named(urls)
    store_alerts(now, list(services), hold_s)
    accepted = 0
    for service in due_services(now, list(services)):
        claimed = alerts.claim(service, now)
        is_accepted = alerts.send(services[service], claimed)
        alerts.finish(claimed, now, accepted=is_accepted)
        accepted += is_accepted
    return accepted


def failing(target: Target) -> None:
    """A failure at minute 10 after a success."""
    record(target.pk, seen(0))
    record(target.pk, seen(10, DENIED))


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
    assert send_alerts(at(10), [receiver.url]) == 1
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
    assert send_alerts(at(10), [receiver.url]) == 1
    [sent] = receiver.received
    assert [line.partition(f"{code} ")[2] for line in sent["message"].splitlines()] == [
        "(kv_firewall), as one: d.", "(kv_policy_denied), as one: a, c.", "(kv_policy_denied), as two: b.",
    ]  # fmt: skip


def test_service_that_refuses__gets_the_message_again_later_each_time(
    target: Target, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    failing(target)
    receiver.status = 500
    tried = [
        minute / 2 for minute in range(40, 80) if not send_alerts(at(minute / 2), [receiver.url]) and receiver.received
    ]
    attempts = len(receiver.received)
    assert 4 <= attempts <= 6 < len(tried)  # after 0, 30, 60, 120, 240, 480 seconds
    assert (
        "The alert service json 1 of KVSITE_ALERT_URLS did not accept 1 message; the next attempt is in " in caplog.text
    )
    receiver.status = 200
    assert send_alerts(at(200), [receiver.url]) == 1
    assert send_alerts(at(300), [receiver.url]) == 0
    assert len(receiver.received) == attempts + 1
    assert receiver.received[-1] == receiver.received[0]
    assert "pass-of-the-service" not in caplog.text + str(list(Alert.objects.values()))


def test_service_that_fails__delays_no_other_one(target: Target, receiver: Receiver) -> None:
    failing(target)
    closed = "json://user:pass-of-the-service@127.0.0.1:9/"
    for minute in (20, 21, 22, 30):
        send_alerts(at(minute), [closed, receiver.url])
    assert len(receiver.received) == 1
    assert list(Alert.objects.values_list("service", flat=True)) == ["json 1"]


def test_service_that_was_down__gets_one_message_for_all(target: Target, receiver: Receiver) -> None:
    failing(target)
    receiver.status = 503
    send_alerts(at(20), [receiver.url])
    for minute in range(30, 200, 10):
        record(target.pk, seen(minute, {"ok": True} if minute % 20 else DENIED))
        store_alerts(at(minute + 5), ["json 1"], HOLD_S)
    receiver.status = 200
    assert send_alerts(at(300), [receiver.url]) == 1
    [_, sent] = receiver.received
    assert sent["title"] == "Principal Used: 18 messages since 2026-11-20 10:20:00 UTC"
    assert sent["message"].startswith("8 earlier messages are left out. The fleet page has every change.")
    assert sent["message"].count("1 secret readable again:\n") == 5
    assert not Alert.objects.exists()


@pytest.mark.parametrize("killed_after", ["stored", "claimed"])
def test_worker_killed__costs_a_delay_but_no_message(target: Target, receiver: Receiver, killed_after: str) -> None:
    failing(target)
    assert store_alerts(at(13), ["json 1"], HOLD_S) == 1
    if killed_after == "claimed":
        assert alerts.claim("json 1", at(13))
        assert send_alerts(at(13) + LEASE - timedelta(seconds=1), [receiver.url]) == 0
    assert send_alerts(at(13) + LEASE, [receiver.url]) == 1
    assert len(receiver.received) == 1


def test_two_workers__one_sends(target: Target, receiver: Receiver) -> None:
    failing(target)
    store_alerts(at(13), ["json 1"], HOLD_S)
    assert len(alerts.claim("json 1", at(13))) == 1
    assert alerts.claim("json 1", at(13)) == []
    assert store_alerts(at(13), ["json 1"], HOLD_S) == 0


def test_clock_set_back__does_not_hold_a_message(target: Target, receiver: Receiver) -> None:
    failing(target)
    store_alerts(at(13), ["json 1"], HOLD_S)
    Alert.objects.update(not_before=at(1_000_000))
    assert send_alerts(at(14), [receiver.url]) == 1


def test_service_that_never_accepts__is_given_up(
    target: Target, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    failing(target)
    receiver.status = 500
    store_alerts(at(13), ["json 1"], HOLD_S)
    Alert.objects.update(attempts=199)
    assert send_alerts(at(13), [receiver.url]) == 0
    assert not Alert.objects.exists()
    assert "After 200 attempts, 1 message will not be sent." in caplog.text


@pytest.mark.django_db(transaction=True)
def test_tasks__store_and_deliver(receiver: Receiver, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SECRETS_APP = {"KVSITE_ALERT_URLS": f"{receiver.url} nothing://x", "KVSITE_ALERT_AFTER_S": "0"}
    Target.objects.create(name="a", ok=False, alerted_ok=True, since=datetime.now(UTC), code="403 X")
    requested: list[str] = []
    monkeypatch.setattr(engine.deliver, "apply_async", lambda arguments, **_options: requested.append(arguments[0]))
    assert engine.alert() == 1
    assert requested == ["json 1", "nothing 1"]
    assert [engine.deliver(service) for service in (*requested, "json 2")] == [True, False, False]
    assert list(Alert.objects.values_list("service", flat=True)) == ["nothing 1"]


def test_names_of_services__have_nothing_of_their_urls_but_the_scheme() -> None:
    urls = ["slack://A/B/C", "json://host", "slack://D/E/F", "my token x://y"]
    assert list(named(urls)) == ["slack 1", "json 1", "slack 2", "service 1"]


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
