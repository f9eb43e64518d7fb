"""Which targets are due: the database decides, so that no message and no worker can lose one."""

import random
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import Count, F, Q, Window
from django.db.models.functions import RowNumber

from fleet.models import Target

LEASE = timedelta(seconds=120)
"""How long a worker may take for a batch. Afterwards another one checks the rest of it."""
MAX_CLAIMED = 2_000
"""Targets that are claimed but not checked yet: more would only wait in the broker until their lease ends."""
MAX_PER_VAULT = 1_000
"""Of one claim; and no more of a vault of which more than that were claimed or checked within VAULT_WINDOW."""
VAULT_WINDOW = timedelta(seconds=10)
"""Key Vault allows 4,000 reads of secrets in this time for each vault; half of them are left for others."""
TICK_S = 5.0
_MAX_SKEW = timedelta(seconds=60)
"""Between the clocks of two machines. A time that is further ahead was set before a clock was set back."""
_MAX_INTERVAL = timedelta(days=1)
_JITTER = 0.1
"""The next check comes up to this part of the interval early, so that checks spread over time."""


class Claim(NamedTuple):
    """Targets that were leased together."""

    targets: Sequence[int]
    """Those of one vault stand together."""
    lease: datetime
    """Its end, which identifies it."""

    def batches(self, size: int) -> Iterator["Claim"]:
        """The same targets in parts of at most `size`."""
        for start in range(0, len(self.targets), size):
            yield Claim(self.targets[start : start + size], self.lease)


def claim(now: datetime) -> Claim:
    """Lease the targets that are due.

    No other process leases the same ones: PostgreSQL skips locked rows, and SQLite has one writer at a time.
    Raises django.db.Error.
    """
    until = now + LEASE
    with transaction.atomic():
        free = MAX_CLAIMED - Target.objects.filter(_leased(now)).count()
        locked = _locked(_candidates(now, free), now) if free > 0 else []
        Target.objects.filter(pk__in=locked).update(lease_until=until)
    return Claim(locked, until)


def _candidates(now: datetime, count: int) -> list[int]:
    """Due targets, those of each vault up to MAX_PER_VAULT, the longest overdue first."""
    rank = Window(
        RowNumber(), partition_by=[F("vault_url"), F("site_url")], order_by=F("next_due").asc(nulls_first=True)
    )
    due = Target.objects.filter(_due(now)).exclude(vault_url__in=_busy_vaults(now))
    ranked = due.annotate(rank=rank).filter(rank__lte=MAX_PER_VAULT)
    return list(ranked.order_by(F("next_due").asc(nulls_first=True)).values_list("pk", flat=True)[:count])


def _busy_vaults(now: datetime) -> list[str]:
    """Those that were read, or are about to be, so often that they may get no more requests now."""
    recent = Target.objects.filter(_leased(now) | Q(checked_at__gt=now - VAULT_WINDOW, checked_at__lte=now))
    counted = recent.exclude(vault_url="").values("vault_url").annotate(count=Count("pk"))
    return list(counted.filter(count__gt=MAX_PER_VAULT).values_list("vault_url", flat=True))


def _locked(numbers: Iterable[int], now: datetime) -> list[int]:
    """Those that no other process is leasing at this moment, by vault."""
    rows = Target.objects.filter(_due(now), pk__in=list(numbers))
    if connection.features.has_select_for_update_skip_locked:
        rows = rows.select_for_update(skip_locked=True)
    return [pk for *_, pk in sorted(rows.order_by("pk").values_list("vault_url", "site_url", "pk"))]


def _leased(now: datetime) -> Q:
    return Q(lease_until__gt=now, lease_until__lte=now + LEASE + _MAX_SKEW)


def _due(now: datetime) -> Q:
    """A time that is too far ahead does not count, and none does if the last check is in the future."""
    latest_due, latest_lease = now + _MAX_INTERVAL + _MAX_SKEW, now + LEASE + _MAX_SKEW
    return (
        Q(is_enabled=True, interval_s__isnull=False)
        & (
            Q(next_due__isnull=True)
            | Q(next_due__lte=now)
            | Q(next_due__gt=latest_due)
            | Q(checked_at__gt=now + _MAX_SKEW)
        )
        & (Q(lease_until__isnull=True) | Q(lease_until__lte=now) | Q(lease_until__gt=latest_lease))
    )


def begin(claimed: Claim, now: datetime) -> tuple[list[Target], datetime]:
    """The targets to check now, those of one vault together, and the end of their new lease.

    Without those that are gone, and those whose lease has ended or was used: a message may be delivered twice, and only
    the first one begins. Raises django.db.Error.
    """
    renewed = now + LEASE
    if renewed == claimed.lease:
        renewed += timedelta(microseconds=1)
    if claimed.lease <= now:
        return [], renewed
    with transaction.atomic():
        rows = Target.objects.select_for_update().filter(pk__in=claimed.targets, lease_until=claimed.lease)
        targets = list(rows.order_by("pk"))
        Target.objects.filter(pk__in=[target.pk for target in targets]).update(lease_until=renewed)
    return sorted(targets, key=lambda target: (target.vault_url, target.site_url)), renewed


def release(claimed: Claim) -> None:
    """End the lease of targets that were not checked: the next claim has them again. Raises django.db.Error."""
    Target.objects.filter(pk__in=claimed.targets, lease_until=claimed.lease).update(lease_until=None)


def next_due(target: Target, now: datetime) -> datetime | None:
    """When to check it again: within its interval, a little earlier at random."""
    if target.interval_s is None:
        return None
    return now + timedelta(seconds=target.interval_s * (1 - random.random() * _JITTER))  # noqa: S311 - no secret
