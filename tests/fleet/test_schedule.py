"""Leases: each due target is checked once, whatever happens to messages, workers, schedulers and clocks."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from fleet import schedule
from fleet.models import Target
from fleet.recording import record
from fleet.schedule import LEASE, begin, claim
from tests.fleet.conftest import seen

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


def add(count: int, vault: str = "contoso") -> list[Target]:
    """Targets of one vault, due at once."""
    url = f"https://{vault}.vault.azure.net"
    rows = (Target(name=f"{vault} {number}", vault_url=url, interval_s=60) for number in range(count))
    return Target.objects.bulk_create(rows)


@pytest.mark.django_db
def test_claim__returns_each_due_target_once() -> None:
    targets = add(3)
    assert sorted(pk for pk, _ in claim(NOW)) == [target.pk for target in targets]
    assert claim(NOW) == []


@pytest.mark.django_db
def test_claim__not_due_disabled_or_without_interval__is_left_out() -> None:
    later, off, manual = add(3)
    Target.objects.filter(pk=later.pk).update(next_due=NOW + timedelta(seconds=30))
    Target.objects.filter(pk=off.pk).update(is_enabled=False)
    Target.objects.filter(pk=manual.pk).update(interval_s=None)
    assert claim(NOW) == []
    assert [pk for pk, _ in claim(NOW + timedelta(seconds=30))] == [later.pk]


@pytest.mark.django_db
def test_worker_that_died__costs_one_lease() -> None:
    [target] = add(1)
    claim(NOW)
    assert claim(NOW + LEASE - timedelta(seconds=1)) == []
    assert [pk for pk, _ in claim(NOW + LEASE)] == [target.pk]


@pytest.mark.django_db
def test_message_delivered_twice__is_checked_once() -> None:
    [target] = add(1)
    [(_, lease)] = claim(NOW)
    assert begin(target.pk, lease, NOW)
    assert begin(target.pk, lease, NOW + timedelta(seconds=1)) is None


@pytest.mark.django_db
def test_message_of_an_ended_lease__is_ignored() -> None:
    [target] = add(1)
    [(_, lease)] = claim(NOW)
    assert begin(target.pk, lease, lease) is None
    [(_, second)] = claim(NOW + LEASE)
    assert begin(target.pk, lease, NOW + LEASE) is None
    assert begin(target.pk, second, NOW + LEASE)


@pytest.mark.django_db
def test_finished_check__is_due_again_within_its_interval() -> None:
    [target] = add(1)
    claim(NOW)
    before = datetime.now(UTC)
    record(target.pk, seen(0), done=True)
    target.refresh_from_db()
    assert target.lease_until is None
    assert target.next_due
    assert before + timedelta(seconds=54) <= target.next_due <= datetime.now(UTC) + timedelta(seconds=60)


@pytest.mark.django_db
def test_clock_set_back__does_not_stop_checks() -> None:
    [target] = add(1)
    Target.objects.update(next_due=NOW + timedelta(days=400), lease_until=NOW + timedelta(days=400))
    assert [pk for pk, _ in claim(NOW)] == [target.pk]


@pytest.mark.django_db
def test_one_large_vault__does_not_hold_up_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "MAX_PER_VAULT", 3)
    add(10)
    others = add(2, "fabrikam")
    claimed = {pk for pk, _ in claim(NOW)}
    assert len(claimed) == 5
    assert {other.pk for other in others} <= claimed


@pytest.mark.django_db
def test_claims__stop_while_too_many_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "MAX_CLAIMED", 4)
    add(10)
    assert len(claim(NOW)) == 4
    assert claim(NOW) == []


@pytest.mark.django_db(transaction=True)
def test_two_schedulers_at_once__lease_each_target_once() -> None:
    targets = add(200)
    claimed: list[int] = []
    start = threading.Barrier(4)

    def run() -> None:
        start.wait()
        try:
            claimed.extend(pk for pk, _ in claim(NOW))
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed) == [target.pk for target in targets]
