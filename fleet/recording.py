"""Records readings: merges each with an equal neighbour, or adds it with the changes it shows."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, TypeVar

from django.db import transaction
from django.db.models import Manager, Model, OuterRef, Subquery

from fleet.changes import changed_outcome, changed_properties, first_change, properties, rough_span
from fleet.models import Change, Observation, Target
from fleet.observed import COMPARED, STORED, Observed
from fleet.schedule import next_due
from secrets_app.core import reading as core
from secrets_app.core.reading import ChangeKind

MAX_GAP = timedelta(hours=1)
"""A longer time without a reading is shown as a gap, unless the target's interval is longer."""
_CLOCK_TOLERANCE = timedelta(seconds=90)
"""Processes finish in another order than they began, and clocks of machines differ a little."""
_LENGTH = 200
_OBSERVATION_FIELDS = ("count", "first_at", "last_at", "client_address", "hours")
"""Those that a merged reading changes."""
_TARGET_FIELDS = (
    *("ok", "state", "since", "checked_at", "cause", "code", "principal", "expires_on", "known", "alerted_ok"),
    *("is_certificate", "vault_url", "secret_name", "lease_until", "next_due"),
)
M = TypeVar("M", bound=Model)


class Result(NamedTuple):
    """A reading of a target, to be stored."""

    target_id: int
    observed: Observed
    lease: datetime | None = None
    """Of a scheduled check: the end of the lease under which it was made."""


def record(target_id: int, now: Observed) -> list[Change]:
    """Store one reading that no lease was taken for; as `record_all`."""
    return record_all([Result(target_id, now)])


@transaction.atomic
def record_all(results: Sequence[Result]) -> list[Change]:
    """Store readings and the new states of their targets; returns the changes that they show, as stored.

    Only the holder of a lease ends it. A check that outlived its lease is an observation like any other, unless a later
    one is stored already. Readings of targets that were deleted are left out.

    Raises django.db.Error, and then nothing is stored.
    """
    targets = _locked({result.target_id for result in results})
    latest, observations, changes = _latest(targets), dict[int, Observation](), list[Change]()
    for target_id, now, lease in results:
        target = targets.get(target_id)
        if target is None or _is_outdated(target, now, lease):
            continue
        observation, found = _observe(target, latest.get(target_id), now)
        latest[target_id] = observations[id(observation)] = observation
        changes += found
        set_state(target, now)
        _end_lease(target, lease)
    _save(Observation.objects, observations.values(), _OBSERVATION_FIELDS)
    _save(Target.objects, targets.values(), _TARGET_FIELDS)
    return Change.objects.bulk_create(changes)


def _locked(numbers: Collection[int]) -> dict[int, Target]:
    """Locked by ascending number, as everywhere: two transactions never wait for each other."""
    rows = Target.objects.select_for_update().filter(pk__in=numbers).order_by("pk")
    return {target.pk: target for target in rows}


def _latest(targets: Iterable[int]) -> dict[int, Observation]:
    """The last observation of each target that has one."""
    newest = Observation.objects.filter(target=OuterRef("pk")).order_by("-id").values("pk")[:1]
    numbers = Target.objects.filter(pk__in=targets).values_list(Subquery(newest))
    return {observation.target_id: observation for observation in Observation.objects.filter(pk__in=numbers)}


def _save(table: Manager[M], rows: Collection[M], fields: Sequence[str]) -> None:
    """Insert the new ones and update the others, in one statement; `bulk_update` has a CASE for each field and row."""
    table.bulk_create(rows, update_conflicts=True, unique_fields=["id"], update_fields=fields)


def _is_outdated(target: Target, now: Observed, lease: datetime | None) -> bool:
    outlived = lease is not None and lease != target.lease_until
    return outlived and target.checked_at is not None and now.at <= target.checked_at


def _end_lease(target: Target, lease: datetime | None) -> None:
    if lease is not None and lease == target.lease_until:
        target.lease_until, target.next_due = None, next_due(target, datetime.now(UTC))


def _observe(target: Target, latest: Observation | None, now: Observed) -> tuple[Observation, list[Change]]:
    """The observation that now stands for the reading, and what changed, both not saved yet."""
    changes = list(_changes(target, latest, now))
    if latest and not changes and _is_same(target, latest, now):
        _merge(latest, now)
        return latest, []
    rows = [
        Change(
            target=target, at=now.at, previous_at=target.checked_at, kind=change.kind, ok=now.ok,
            before=change.before[:_LENGTH], after=change.after[:_LENGTH], sentence=change.sentence[:600],
        )
        for change in changes
    ]  # fmt: skip
    return _new(target, now), rows


def max_gap(interval_s: int | None) -> timedelta:
    """The longest time between two readings that still counts as continuous."""
    return max(MAX_GAP, timedelta(seconds=3 * (interval_s or 0)))


def _is_same(target: Target, latest: Observation, now: Observed) -> bool:
    return (
        all(getattr(latest, name) == getattr(now, name) for name in COMPARED)
        and latest.first_at.date() == now.at.date()
        and latest.last_at - _CLOCK_TOLERANCE <= now.at <= latest.last_at + max_gap(target.interval_s)
    )


def _merge(latest: Observation, now: Observed) -> None:
    latest.count += now.count
    latest.last_at = max(latest.last_at, now.at)
    latest.first_at = min(latest.first_at, now.at)
    latest.client_address = now.client_address or latest.client_address
    _add_latency(latest, now)


def _new(target: Target, now: Observed) -> Observation:
    observation = Observation(target=target, first_at=now.at, last_at=now.at, count=now.count)
    for name in STORED:
        setattr(observation, name, getattr(now, name))
    _add_latency(observation, now)
    return observation


def _add_latency(observation: Observation, now: Observed) -> None:
    count, token, vault, slowest = observation.hours.get(str(now.at.hour), (0, 0, 0, 0))
    observation.hours[str(now.at.hour)] = [
        count + now.count, token + now.token_ms, vault + now.vault_ms, max(slowest, now.total_ms)
    ]  # fmt: skip


def _changes(target: Target, latest: Observation | None, now: Observed) -> Iterator[core.Change]:
    if latest is None or target.ok is None:
        yield first_change(now)
        return
    if target.checked_at and now.at < target.checked_at - _CLOCK_TOLERANCE:
        yield _clock_change(target.checked_at - now.at)
    outcome = changed_outcome(was_ok=target.ok, before=_result(latest), now=now, since=target.since)
    if outcome:
        yield outcome
    yield from changed_properties(target.known, properties(now), with_address=target.ok is not now.ok)


def _clock_change(by: timedelta) -> core.Change:
    sentence = f"The clock of the machine that reads was set back by {rough_span(by)}, or two machines disagree."
    return core.Change(kind=ChangeKind.CLOCK, before="", after="", sentence=sentence)


def _result(latest: Observation) -> str:
    return Observed(at=latest.first_at, **{name: getattr(latest, name) for name in STORED}).result


def set_state(target: Target, now: Observed) -> None:
    """Set the target's current state, without saving it."""
    if target.ok is not now.ok:
        target.since = now.at
    if target.checked_at is None:
        target.alerted_ok = now.ok
    target.ok, target.state, target.checked_at = now.ok, now.state, now.at
    if now.is_certificate is not None:
        target.is_certificate = now.is_certificate
    target.cause, target.code = now.cause, "" if now.ok else now.result[:128]
    target.principal = now.principal[:_LENGTH]
    target.expires_on = now.expires_on if now.ok else target.expires_on
    target.known = {**target.known, **properties(now)}
    if now.site_vault_url:
        target.vault_url, target.secret_name = now.site_vault_url, now.site_secret_name
