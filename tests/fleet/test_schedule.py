"""Leases: each due target is checked once, whatever happens to messages, workers, schedulers and clocks."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from fleet import schedule
from fleet.models import Observation, Target
from fleet.recording import Result, record, record_all
from fleet.schedule import LEASE, Claim, begin, claim, release
from tests.fleet.conftest import DENIED, seen

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


def add(count: int, vault: str = "contoso") -> list[Target]:
    """Targets of one vault, due at once."""
    url = f"https://{vault}.vault.azure.net"
    rows = (Target(name=f"{vault} {number}", vault_url=url, interval_s=60) for number in range(count))
    return Target.objects.bulk_create(rows)


@pytest.mark.django_db
def test_claim__returns_each_due_target_once() -> None:
    targets = add(3)
    assert sorted(claim(NOW).targets) == [target.pk for target in targets]
    assert claim(NOW).targets == []


@pytest.mark.django_db
def test_claim__not_due_disabled_or_without_interval__is_left_out() -> None:
    later, off, manual = add(3)
    Target.objects.filter(pk=later.pk).update(next_due=NOW + timedelta(seconds=30))
    Target.objects.filter(pk=off.pk).update(is_enabled=False)
    Target.objects.filter(pk=manual.pk).update(interval_s=None)
    assert claim(NOW).targets == []
    assert claim(NOW + timedelta(seconds=30)).targets == [later.pk]


@pytest.mark.django_db
def test_worker_that_died__costs_one_lease() -> None:
    [target] = add(1)
    claim(NOW)
    assert claim(NOW + LEASE - timedelta(seconds=1)).targets == []
    assert claim(NOW + LEASE).targets == [target.pk]


@pytest.mark.django_db
def test_message_delivered_twice__is_checked_once() -> None:
    targets = add(2)
    claimed = claim(NOW)
    assert begin(claimed, NOW)[0] == targets
    assert begin(claimed, NOW + timedelta(seconds=1))[0] == []


@pytest.mark.django_db
def test_message_of_an_ended_lease__is_ignored() -> None:
    targets = add(1)
    first = claim(NOW)
    assert begin(first, first.lease)[0] == []
    second = claim(NOW + LEASE)
    assert begin(first, NOW + LEASE)[0] == []
    assert begin(second, NOW + LEASE)[0] == targets


@pytest.mark.django_db
def test_targets_of_one_vault__are_in_the_same_batches() -> None:
    add(1, "zava")
    add(4)
    add(1, "fabrikam")
    batches = list(claim(NOW).batches(4))
    assert [len(batch.targets) for batch in batches] == [4, 2]
    vaults = dict(Target.objects.values_list("pk", "vault_url"))
    assert {vaults[pk] for pk in batches[0].targets} == {"https://contoso.vault.azure.net"}


@pytest.mark.django_db
def test_finished_check__is_due_again_within_its_interval() -> None:
    add(1)
    [target], lease = begin(claim(NOW), NOW)
    before = datetime.now(UTC)
    record_all([Result(target.pk, seen(0), lease)])
    target.refresh_from_db()
    assert target.lease_until is None
    assert target.next_due
    assert before + timedelta(seconds=54) <= target.next_due <= datetime.now(UTC) + timedelta(seconds=60)


@pytest.mark.django_db
def test_targets_that_were_not_checked__are_released_by_the_holder_of_their_lease_only() -> None:
    add(2)
    [first, second], lease = begin(claim(NOW), NOW)
    release(Claim([first.pk], lease))
    later = NOW + timedelta(seconds=1)
    assert claim(later).targets == [first.pk]
    release(Claim([first.pk], lease))  # its lease is another one's now
    assert claim(later).targets == []
    assert Target.objects.get(pk=second.pk).lease_until == lease


def outlived() -> tuple[Result, Result]:
    """The results of a check that went on after its lease, and of the next one."""
    add(1)
    [target], first = begin(claim(NOW), NOW)
    later = NOW + LEASE + timedelta(seconds=1)
    _, second = begin(claim(later), later)
    return Result(target.pk, seen(0), first), Result(target.pk, seen(2, DENIED), second)


@pytest.mark.django_db
def test_check_that_outlived_its_lease__ends_no_other_lease_and_sets_no_schedule() -> None:
    first, second = outlived()
    record_all([first])
    target = Target.objects.get()
    assert (target.lease_until, target.next_due, target.ok) == (second.lease, None, True)
    assert claim(NOW + LEASE + timedelta(seconds=2)).targets == []
    record_all([second])
    target.refresh_from_db()
    assert (target.lease_until, target.ok) == (None, False)
    assert target.next_due
    assert [row.ok for row in Observation.objects.all()] == [True, False]


@pytest.mark.django_db
def test_check_that_outlived_its_lease__is_dropped_if_a_later_one_is_stored() -> None:
    first, second = outlived()
    record_all([second])
    before = Target.objects.values().get()
    assert record_all([first]) == []
    assert Target.objects.values().get() == before
    assert Observation.objects.get().count == 1


@pytest.mark.django_db
def test_check_that_outlived_its_lease__but_was_not_leased_again__ends_it() -> None:
    add(1)
    [target], lease = begin(claim(NOW), NOW)
    record_all([Result(target.pk, seen(10), lease)])
    assert Target.objects.get().lease_until is None


@pytest.mark.django_db
def test_clock_set_back__does_not_stop_checks() -> None:
    [target] = add(1)
    Target.objects.update(next_due=NOW + timedelta(days=400), lease_until=NOW + timedelta(days=400))
    assert claim(NOW).targets == [target.pk]


@pytest.mark.django_db
def test_machine_whose_clock_is_behind__respects_the_leases_of_the_others() -> None:
    add(1)
    claimed = claim(NOW + timedelta(seconds=20))
    assert claim(NOW).targets == []
    begin(claimed, NOW + timedelta(seconds=20))
    assert claim(NOW).targets == []


@pytest.mark.django_db
@pytest.mark.parametrize("back", [timedelta(minutes=10), timedelta(hours=2), timedelta(days=400)])
def test_clock_set_back_by_any_time__does_not_stop_checks(back: timedelta) -> None:
    [target] = add(1)
    Target.objects.update(checked_at=NOW, next_due=NOW + timedelta(seconds=60), lease_until=NOW + LEASE)
    assert list(claim(NOW - back).targets) == [target.pk]
    record(target.pk, replace(seen(0), at=NOW - back))
    Target.objects.update(lease_until=None, next_due=NOW - back + timedelta(seconds=60))
    assert not claim(NOW - back).targets  # now it waits for its interval again


@pytest.mark.django_db
def test_one_large_vault__does_not_hold_up_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "MAX_PER_VAULT", 3)
    add(10)
    others = add(2, "fabrikam")
    claimed = set(claim(NOW).targets)
    assert len(claimed) == 5
    assert {other.pk for other in others} <= claimed


@pytest.mark.django_db
def test_vault_that_was_read_often_in_the_last_seconds__waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """With several schedulers, too: the limit counts what all of them claimed."""
    monkeypatch.setattr(schedule, "MAX_PER_VAULT", 3)
    add(10)
    other = add(1, "fabrikam")
    Target.objects.filter(name__in=["contoso 0", "contoso 1"]).update(checked_at=NOW, next_due=NOW + LEASE)
    assert len(claim(NOW).targets) == 4  # 2 were checked just now, so 3 more are allowed, and 1 of the other vault
    Target.objects.filter(pk=other[0].pk).update(lease_until=None)
    assert claim(NOW).targets == [other[0].pk]
    Target.objects.update(lease_until=None)
    assert len(claim(NOW + schedule.VAULT_WINDOW).targets) == 4


@pytest.mark.django_db
def test_claims__stop_while_too_many_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "MAX_CLAIMED", 4)
    add(10)
    assert len(claim(NOW).targets) == 4
    assert claim(NOW).targets == []


@pytest.mark.django_db(transaction=True)
def test_two_schedulers_at_once__lease_each_target_once() -> None:
    targets = add(200)
    claimed: list[int] = []
    start = threading.Barrier(4)

    def run() -> None:
        start.wait()
        try:
            claimed.extend(claim(NOW).targets)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed) == [target.pk for target in targets]
