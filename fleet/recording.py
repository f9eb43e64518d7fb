"""Records an observation: merges it with an equal neighbour, or adds it with the changes it shows."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from django.db import transaction

from fleet.changes import changed_outcome, changed_properties, first_change, properties
from fleet.models import Change, Observation, Target
from fleet.observed import COMPARED, STORED, Observed
from fleet.schedule import next_due
from secrets_app.core import reading as core
from secrets_app.core.formatting import span

MAX_GAP = timedelta(hours=1)
"""A longer time without a reading is shown as a gap, unless the target's interval is longer."""
_CLOCK_TOLERANCE = timedelta(seconds=90)
"""Processes finish in another order than they began, and clocks of machines differ a little."""
_CLOCK = "clock"
_LENGTH = 200


@transaction.atomic
def record(target_id: int, now: Observed, *, done: bool = False) -> list[Change]:
    """Store `now` and the target's new state; returns the changes that it shows, as stored.

    `done`: it is the result of a scheduled check, whose lease ends.

    Raises django.db.Error, and then nothing is stored. Raises Target.DoesNotExist for a target that was deleted.
    """
    target = Target.objects.select_for_update().get(pk=target_id)
    latest = target.observations.order_by("-id").first()
    changes = list(_changes(target, latest, now))
    if latest and not changes and _is_same(target, latest, now):
        _merge(latest, now)
    else:
        latest = _new(target, now)
    stored = Change.objects.bulk_create(
        Change(
            target=target, at=now.at, previous_at=target.checked_at, kind=change.kind, ok=now.ok,
            before=change.before[:_LENGTH], after=change.after[:_LENGTH], sentence=change.sentence[:600],
        )
        for change in changes
    )  # fmt: skip
    _update(target, now, done=done)
    return stored


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
    latest.save(update_fields=["count", "first_at", "last_at", "client_address", "hours"])


def _new(target: Target, now: Observed) -> Observation:
    observation = Observation(target=target, first_at=now.at, last_at=now.at, count=now.count)
    for name in STORED:
        setattr(observation, name, getattr(now, name))
    _add_latency(observation, now)
    observation.save(force_insert=True)
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
        yield _clock_change(int((target.checked_at - now.at).total_seconds()))
    outcome = changed_outcome(was_ok=target.ok, before=_result(latest), now=now, since=target.since)
    if outcome:
        yield outcome
    yield from changed_properties(target.known, properties(now), with_address=target.ok is not now.ok)


def _clock_change(seconds: int) -> core.Change:
    whole = seconds // 60 * 60 or seconds
    sentence = f"The clock of the machine that reads was set back by {span(whole)}, or two machines disagree."
    return core.Change(kind=_CLOCK, before="", after="", sentence=sentence)  # type: ignore[arg-type]


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
    target.principal = now.principal[:_LENGTH] or target.principal
    target.expires_on = now.expires_on if now.ok else target.expires_on
    target.known = {**target.known, **properties(now)}


def _update(target: Target, now: Observed, *, done: bool) -> None:
    """Save the target's current state."""
    set_state(target, now)
    fields = ["ok", "state", "since", "checked_at", "cause", "code", "principal", "expires_on", "known", "alerted_ok"]
    fields += ["is_certificate"]
    if now.site_vault_url:
        target.vault_url, target.secret_name = now.site_vault_url, now.site_secret_name
        fields += ["vault_url", "secret_name"]
    if done:
        target.lease_until, target.next_due = None, next_due(target, datetime.now(UTC))
        fields += ["lease_until", "next_due"]
    target.save(update_fields=fields)
