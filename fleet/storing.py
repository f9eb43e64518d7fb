"""Stores targets: all of them or none."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import QuerySet

from fleet.description import Description, address_of
from fleet.models import Change, Observation, Target
from secrets_app import conf

_COPIED = ("kind", "vault_url", "secret_name", "site_url", "settings", "references", "labels", "credential_expires_on")
_STATE: dict[str, Any] = {
    "ok": None, "state": "", "since": None, "checked_at": None, "cause": "", "code": "", "principal": "",
    "expires_on": None, "known": {}, "alerted_ok": None, "next_due": None,
}  # fmt: skip
"""Of a target that was never checked."""
_BATCH = 500


class Stored(NamedTuple):
    """How many targets."""

    added: int
    changed: int
    removed: int


@transaction.atomic
def store(descriptions: Sequence[Description], *, remove_others: bool = False) -> Stored:
    """Add the targets, or replace those with the same names. A target whose address changed begins a new history.

    Raises django.db.Error, and then nothing is stored. The site's own target stays as it is.
    """
    others = Target.objects.exclude(kind=Target.Kind.OWN)
    _lock(others)
    names = {description.name for description in descriptions}
    removed = [name for name in others.values_list("name", flat=True) if name not in names] if remove_others else []
    for some in _batches(removed):
        others.filter(name__in=some).delete()
    rows = others.values_list("name", "kind", "vault_url", "secret_name", "site_url")
    before = {name: address_of(*address) for name, *address in rows}
    interval_s = conf.current().watch_interval_s
    Target.objects.bulk_create(
        (_target(description, interval_s) for description in descriptions),
        update_conflicts=True, unique_fields=["name"], update_fields=[*_COPIED, "interval_s", "is_enabled"],
        batch_size=_BATCH,
    )  # fmt: skip
    moved = [each.name for each in descriptions if before.get(each.name, each.address) != each.address]
    for some in _batches(moved):
        _restart(some)
    changed = len(names & before.keys())
    return Stored(len(names) - changed, changed, len(removed))


def _target(description: Description, interval_s: int) -> Target:
    values = {name: getattr(description, name) for name in _COPIED}
    for name in ("settings", "references", "labels"):
        values[name] = dict(values[name])
    return Target(name=description.name, **values, interval_s=description.interval_s or interval_s)


def _restart(names: Sequence[str]) -> None:
    targets = Target.objects.filter(name__in=names)
    Observation.objects.filter(target__in=targets).delete()
    Change.objects.filter(target__in=targets).delete()
    targets.update(**_STATE)


def without_known(descriptions: Sequence[Description]) -> list[Description]:
    """Those whose name or secret no target has yet. Raises django.db.Error."""
    rows = list(Target.objects.values_list("name", "vault_url", "secret_name"))
    names, secrets = {row[0] for row in rows}, {row[1:] for row in rows}
    return [
        each for each in descriptions if each.name not in names and (each.vault_url, each.secret_name) not in secrets
    ]


def remove(names: Sequence[str]) -> int:
    """Delete the targets with these names, and their history; returns how many. Raises django.db.Error."""
    with transaction.atomic():
        found = Target.objects.filter(name__in=names).exclude(kind=Target.Kind.OWN)
        _lock(found)
        return found.delete()[1].get("fleet.Target", 0)


def _lock(targets: QuerySet[Target]) -> None:
    """By ascending number, as workers lock those whose results they store: none waits for the other forever."""
    list(targets.select_for_update().order_by("pk").values_list("pk"))


def _batches(names: Sequence[str]) -> list[Sequence[str]]:
    return [names[start : start + _BATCH] for start in range(0, len(names), _BATCH)]
