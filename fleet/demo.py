"""Examples for the demo: targets with 30 days of generated history, each marked as made up."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from fleet.changes import changed_outcome, changed_properties, first_change, properties
from fleet.models import Change, Observation, Target
from fleet.observed import STORED, Observed
from fleet.recording import set_state

DAYS, INTERVAL_S = 30, 300
TEAMS = ("payments", "orders", "identity", "search", "reporting")
STAGES = ("prod", "test")
_SECRETS = ("db-password", "api-key", "storage-key", "smtp-password", "signing-key")
_SEED = 20_261_121
_FAILURES: tuple[dict[str, Any], ...] = (
    {"stage": "vault", "status": 403, "code": "ForbiddenByRbac", "cause": "kv_rbac_denied"},
    {"stage": "vault", "status": 403, "code": "ForbiddenByFirewall", "cause": "kv_firewall_denied"},
    {"stage": "vault", "status": 404, "code": "SecretNotFound", "cause": "kv_secret_not_found"},
    {"stage": "vault", "status": 403, "code": "SecretDisabled", "cause": "kv_secret_disabled"},
    {"stage": "vault", "status": 429, "code": "Throttled", "cause": "kv_throttled"},
    {"stage": "network", "cause": "dns_failure"},
    {"stage": "token", "code": "AADSTS7000222", "cause": "client_secret_expired"},
)
_INCIDENT = "payments-prod"
"""A vault whose firewall was closed a while ago: all its targets fail since then."""
_INCIDENT_AGE = timedelta(minutes=97)
_OF_THE_PRINCIPAL = (
    *("principal_type", "principal_kind", "principal_name", "app_id", "object_id", "tenant_id", "credential"),
)


@dataclass(frozen=True)
class Episode:
    """A time in which every reading showed the same."""

    start: datetime
    end: datetime
    shown: Observed


@transaction.atomic
def create_examples(count: int, now: datetime) -> int:
    """Replace the made-up targets by `count` new ones, the same at each start; returns how many rows they have.

    Raises django.db.Error.
    """
    chance = random.Random(_SEED)  # noqa: S311 - examples
    Target.objects.filter(made_up=True).delete()
    targets = [_target(number) for number in range(count)]
    observations: list[Observation] = []
    changes: list[Change] = []
    for target in targets:
        episodes = list(_episodes(target, now, chance))
        if target.vault_url.startswith(f"https://{_INCIDENT}."):
            episodes = list(_with_incident(episodes, now))
        observations += [row for episode in episodes for row in _rows(target, episode, chance)]
        changes += _changes(target, episodes)
    Target.objects.bulk_create(targets)
    Observation.objects.bulk_create(observations, batch_size=500)
    Change.objects.bulk_create(changes, batch_size=500)
    return len(observations)


def _target(number: int) -> Target:
    team, stage = TEAMS[number % len(TEAMS)], STAGES[number // len(TEAMS) % len(STAGES)]
    vault = f"{team}-{stage}"
    return Target(
        name=f"{team}-{stage}-{number:03}",
        vault_url=f"https://{vault}.vault.azure.net",
        secret_name=_SECRETS[number % len(_SECRETS)],
        labels={"team": team, "stage": stage},
        made_up=True,  # without an interval, so that no worker checks it
    )


def _episodes(target: Target, now: datetime, chance: random.Random) -> Iterator[Episode]:
    """Mostly readable; a few failures of minutes to days, and rotations of the secret."""
    at, end = now - timedelta(days=DAYS), now
    shown = _healthy(target, chance)
    while at < end:
        until = min(end, at + timedelta(hours=chance.expovariate(1 / 400)))
        yield Episode(at, until, shown)
        if until < end and chance.random() < 0.6:
            lasts = timedelta(minutes=chance.choice((6, 25, 90, 600, 3_000)))
            failed = min(end, until + lasts)
            yield Episode(until, failed, _failing(shown, chance))
            until = failed
        elif until < end:
            shown = _rotated(shown, chance)
        at = until


def _with_incident(episodes: list[Episode], now: datetime) -> Iterator[Episode]:
    """The episodes until the incident, and the incident."""
    closed = now - _INCIDENT_AGE
    before = [replace(each, end=min(each.end, closed)) for each in episodes if each.start < closed]
    yield from before
    denied = {**_FAILURES[1], "secret_version": "", "fingerprint": "", "expires_on": None}
    yield Episode(closed, now, replace(before[-1].shown, ok=False, **denied))


def _healthy(target: Target, chance: random.Random) -> Observed:
    """The readings of a target while it works."""
    is_shared = chance.random() < 0.3
    name = f"{target.labels['team']}-shared" if is_shared else f"{target.name}-app"
    kind = "user_assigned_managed_identity" if is_shared else "system_assigned_managed_identity"
    created = datetime.fromisoformat("2026-01-01T00:00:00+00:00")
    expires = created + timedelta(days=chance.randint(318, 500)) if chance.random() < 0.7 else None
    return Observed(
        at=created, ok=True, principal_type="App", principal_kind=kind, principal_name=name,
        app_id=_id(f"app {name}"), object_id=_id(f"object {name}"), tenant_id=_id("tenant"),
        credential="ManagedIdentityCredential", secret_version=_hex(chance), fingerprint=_hex(chance)[:16],
        expires_on=expires, client_address=f"203.0.113.{chance.randint(1, 250)}",
    )  # fmt: skip


def _failing(shown: Observed, chance: random.Random) -> Observed:
    failure = chance.choice(_FAILURES)
    hidden: dict[str, Any] = {"secret_version": "", "fingerprint": "", "expires_on": None}
    if failure["stage"] == "token":
        hidden |= dict.fromkeys(_OF_THE_PRINCIPAL, "")
    return replace(shown, ok=False, **{**hidden, **failure})


def _rotated(shown: Observed, chance: random.Random) -> Observed:
    return replace(shown, secret_version=_hex(chance), fingerprint=_hex(chance)[:16])


def _rows(target: Target, episode: Episode, chance: random.Random) -> Iterator[Observation]:
    """One row for each day of an episode."""
    start = episode.start
    while start < episode.end:
        midnight = start.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        end = min(episode.end, midnight - timedelta(seconds=1))
        count = max(1, int((end - start).total_seconds() // INTERVAL_S))
        hours = range(start.hour, end.hour + 1)
        each = max(1, count // len(hours))
        row = Observation(target=target, first_at=start, last_at=end, count=count)
        row.hours = {
            str(hour): [each, each * chance.randint(2, 9), each * chance.randint(9, 22), chance.randint(40, 220)]
            for hour in hours
        }
        for name in STORED:
            setattr(row, name, getattr(episode.shown, name))
        yield row
        start = midnight


def _changes(target: Target, episodes: list[Episode]) -> Iterator[Change]:
    """The changes between the episodes; leaves the target in the state of the last one."""
    before: Episode | None = None
    for episode in episodes:
        now = replace(episode.shown, at=episode.start)
        found = [first_change(now)] if before is None else []
        if before is not None:
            result, was_ok = before.shown.result, before.shown.ok
            outcome = changed_outcome(was_ok=was_ok, before=result, now=now, since=target.since)
            found += [outcome] if outcome else []
            found += changed_properties(target.known, properties(now), with_address=False)
        for change in found:
            yield Change(
                target=target, at=now.at, previous_at=target.checked_at, kind=change.kind, ok=now.ok,
                before=change.before, after=change.after, sentence=change.sentence,
            )  # fmt: skip
        set_state(target, now)
        target.checked_at = episode.end - timedelta(seconds=0 if episode is episodes[-1] else INTERVAL_S)
        before = episode


def _id(text: str) -> str:
    """An ID that is the same at each start, and obviously none of Azure's."""
    return f"00000000-0000-4000-8000-{random.Random(text).getrandbits(48):012x}"  # noqa: S311


def _hex(chance: random.Random) -> str:
    return f"{chance.getrandbits(128):032x}"
