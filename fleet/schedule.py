"""Which targets are due: the database decides, so that no message and no worker can lose one."""

import random
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F, Q, Window
from django.db.models.functions import RowNumber

from fleet.models import Target

LEASE = timedelta(seconds=120)
"""How long a worker may take for one target. Afterwards another one checks it. Longer than the longest deadline."""
MAX_CLAIMED = 2_000
"""Targets that are claimed but not checked yet: more would only wait in the broker until their lease ends."""
MAX_PER_VAULT = 1_000
"""Of one claim. Key Vault allows 4,000 reads of secrets in 10 s per vault; claims are made every TICK_S seconds."""
TICK_S = 5.0
_JITTER = 0.1
"""The next check comes up to this part of the interval early, so that checks spread over time."""


def claim(now: datetime) -> list[tuple[int, datetime]]:
    """Lease the targets that are due; returns their numbers and the end of the lease, which identifies it.

    No other process leases the same ones: PostgreSQL skips locked rows, and SQLite has one writer at a time.
    Raises django.db.Error.
    """
    with transaction.atomic():
        free = MAX_CLAIMED - Target.objects.filter(lease_until__gt=now, lease_until__lte=now + LEASE).count()
        found = _candidates(now)[: max(0, free)] if free > 0 else []
        locked = _locked(found, now)
        until = now + LEASE
        Target.objects.filter(pk__in=locked).update(lease_until=until)
    return [(pk, until) for pk in locked]


def _candidates(now: datetime) -> list[int]:
    """Due targets, those of each vault up to MAX_PER_VAULT, the longest overdue first."""
    rank = Window(
        RowNumber(), partition_by=[F("vault_url"), F("site_url")], order_by=F("next_due").asc(nulls_first=True)
    )
    ranked = Target.objects.filter(_due(now)).annotate(rank=rank).filter(rank__lte=MAX_PER_VAULT)
    return list(ranked.order_by(F("next_due").asc(nulls_first=True)).values_list("pk", flat=True)[:MAX_CLAIMED])


def _locked(numbers: Iterable[int], now: datetime) -> list[int]:
    """Those that no other process is leasing at this moment."""
    rows = Target.objects.filter(_due(now), pk__in=list(numbers))
    if connection.features.has_select_for_update_skip_locked:
        rows = rows.select_for_update(skip_locked=True)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def _due(now: datetime) -> Q:
    """A time that is too far ahead was set before the clock was set back, and does not count."""
    return (
        Q(is_enabled=True, interval_s__isnull=False)
        & (Q(next_due__isnull=True) | Q(next_due__lte=now) | Q(next_due__gt=now + _MAX_INTERVAL))
        & (Q(lease_until__isnull=True) | Q(lease_until__lte=now) | Q(lease_until__gt=now + LEASE))
    )


_MAX_INTERVAL = timedelta(days=1)


def begin(target_id: int, lease: datetime, now: datetime) -> Target | None:
    """The target to check now; None if this lease has ended, was used, or the target is gone.

    A message may be delivered twice: only the first one of a lease begins. Raises django.db.Error.
    """
    renewed = now + LEASE
    if renewed == lease:
        renewed += timedelta(microseconds=1)
    if lease <= now or not Target.objects.filter(pk=target_id, lease_until=lease).update(lease_until=renewed):
        return None
    return Target.objects.filter(pk=target_id).first()


def next_due(target: Target, now: datetime) -> datetime | None:
    """When to check it again: within its interval, a little earlier at random."""
    if target.interval_s is None:
        return None
    return now + timedelta(seconds=target.interval_s * (1 - random.random() * _JITTER))  # noqa: S311 - no secret
