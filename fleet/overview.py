"""The fleet as one document: counts, groups, targets, expiry dates and identities, aggregated by the database.

Nothing here reads all targets into memory: with 10,000 of them, a page costs a few aggregations and one page of rows.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, Count, F, Max, Min, Q, QuerySet, TextField, Value, When
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce, Concat, Substr

from fleet.description import EXPECTED_PREFIX
from fleet.models import Target
from secrets_app.core.reading import SCHEMA_VERSION

PAGE_SIZE = 100
MAX_GROUPS, MAX_EXPIRIES, MAX_IDENTITIES, MAX_SECRETS = 50, 40, 10, 30
EXPIRY_DAYS = 90
State = Target.State
UNCHECKED = "unchecked"
"""In addresses and JSON: the state of a target that was never checked."""
_RANK = {state: rank for rank, state in enumerate(State)}
"""The worst first, as they are declared."""
STATE_TITLES = {str(state) or UNCHECKED: str(state.label) for state in State}
"""State -> what it is called."""


@dataclass(frozen=True, kw_only=True)
class StateCount:
    """How many targets are in one state."""

    state: str
    """`refused`, `unreachable`, `no_token`, `invalid`, `unexpected`, `unchecked` or `readable`."""
    title: str
    count: int
    since: datetime | None
    """When the last of them entered this state."""
    first_since: datetime | None
    """When the first of them did."""


@dataclass(frozen=True, kw_only=True)
class Group:
    """The targets with one value of a label."""

    value: str
    """Empty: without this label."""
    count: int
    failing: int
    unchecked: int


@dataclass(frozen=True, kw_only=True)
class TargetRow:
    """The current state of one target."""

    id: int
    name: str
    kind: str
    """`own`, `vault` or `site`."""
    vault_url: str
    secret_name: str
    site_url: str
    labels: dict[str, str]
    state: str
    ok: bool | None
    since: datetime | None
    """The beginning of the current result."""
    checked_at: datetime | None
    cause: str
    code: str
    """HTTP status and error code: `403 ForbiddenByRbac`."""
    principal: str
    """Of the last reading that showed one."""
    expected: dict[str, str]
    """What is expected of the principal: `{"object_id": "..."}`."""
    expires_on: datetime | None
    credential_expires_on: datetime | None
    interval_s: int | None
    """Seconds between two checks; null if it is not scheduled."""
    made_up: bool
    """An example, generated for the demo."""


@dataclass(frozen=True, kw_only=True)
class Expiry:
    """One date by which something must be renewed."""

    on: datetime
    what: str
    """`secret`, `certificate` or `credential`."""
    target: str
    target_id: int


@dataclass(frozen=True, kw_only=True)
class ExpiryDay:
    """How many dates there are on one day (UTC)."""

    day: str
    """`2027-01-31`."""
    secrets: int
    certificates: int
    credentials: int


@dataclass(frozen=True, kw_only=True)
class Access:
    """One identity and one secret that it was tried on."""

    principal: str
    secret: str
    """`contoso/demo`."""
    state: str
    target_id: int


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """All targets, or those that match the filters."""

    schema_version: int = SCHEMA_VERSION
    at: datetime
    filters: dict[str, str]
    count: int
    ok: bool | None
    """Every target is readable; null if some were never checked and the others are readable, or there are none."""
    states: tuple[StateCount, ...]
    """The worst first; without those that no target is in."""
    group_by: str
    """The label of the groups; empty without one."""
    groups: tuple[Group, ...]
    page: int
    pages: int
    targets: tuple[TargetRow, ...]
    """One page of them, the worst first, among equal ones the latest change first."""
    expiries: tuple[Expiry, ...]
    """In the next 90 days and in the past, the earliest first; at most 40."""
    expiry_days: tuple[ExpiryDay, ...]
    """The days of the next 90 with such dates, all of them counted."""
    expired: int
    """Dates in the past."""
    identities: tuple[Access, ...]
    """Which identity was tried on which secret, and the result; at most 10 identities and 30 secrets."""


@dataclass(frozen=True, kw_only=True)
class Filters:
    """Which targets to show."""

    state: str = ""
    """A state; `unchecked` for those that were never checked."""
    text: str = ""
    """Part of a name, vault, secret, principal or error."""
    labels: tuple[tuple[str, str], ...] = ()
    group_by: str = ""
    page: int = 1


def fleet(filters: Filters, now: datetime) -> Fleet:
    """The targets that match. Raises django.db.Error."""
    labelled = _matching(filters)
    shown = labelled.filter(state="" if filters.state == UNCHECKED else filters.state) if filters.state else labelled
    states = tuple(_states(labelled))
    count = sum(row.count for row in states if filters.state in {"", row.state})
    pages = max(1, -(-count // PAGE_SIZE))
    page = min(filters.page, pages)
    return Fleet(
        at=now,
        filters={name: text for name, text in (("state", filters.state), ("q", filters.text), *filters.labels) if text},
        count=count,
        ok=_all_readable(states),
        states=states,
        group_by=filters.group_by,
        groups=tuple(_groups(shown, filters.group_by)) if filters.group_by else (),
        page=page,
        pages=pages,
        targets=tuple(map(target_row, worst_first(shown)[(page - 1) * PAGE_SIZE : page * PAGE_SIZE])),
        expiries=tuple(_expiries(shown, now)),
        expiry_days=tuple(_expiry_days(shown, now)),
        expired=shown.filter(expires_on__lt=now).count() + shown.filter(credential_expires_on__lt=now).count(),
        identities=tuple(_identities(shown)),
    )


def _matching(filters: Filters) -> QuerySet[Target]:
    """The targets with the text and the labels of the filters, in any state."""
    found = Target.objects.all()
    if filters.text:
        columns = ("name", "vault_url", "secret_name", "site_url", "principal", "code", "cause")
        condition = Q()
        for column in columns:
            condition |= Q(**{f"{column}__icontains": filters.text})
        found = found.filter(condition)
    for number, (key, value) in enumerate(filters.labels):
        alias = f"label_{number}"
        found = found.annotate(**{alias: _label(key)}).filter(**{alias: value})
    return found


def _label(key: str) -> Any:
    """The text of a label; empty without it."""
    return Coalesce(Cast(KeyTextTransform(key, "labels"), TextField()), Value("", TextField()))


def worst_first(targets: QuerySet[Target]) -> QuerySet[Target]:
    """By state, then the latest change, then by name."""
    rank = Case(*(When(state=state, then=Value(rank)) for state, rank in _RANK.items()), default=Value(len(_RANK)))
    return targets.annotate(rank=rank).order_by("rank", F("since").desc(nulls_last=True), "name")


def _states(targets: QuerySet[Target]) -> Iterable[StateCount]:
    rows = targets.order_by().values("state").annotate(n=Count("pk"), last=Max("since"), first=Min("since"))
    for row in sorted(rows, key=lambda row: _RANK[State(row["state"])]):
        state = State(row["state"])
        yield StateCount(
            state=state or UNCHECKED, title=state.label, count=row["n"], since=row["last"], first_since=row["first"]
        )


def _all_readable(states: Iterable[StateCount]) -> bool | None:
    found = {row.state for row in states}
    if found - {str(State.READABLE), UNCHECKED}:
        return False
    return True if found == {str(State.READABLE)} else None


def _groups(targets: QuerySet[Target], key: str) -> Iterable[Group]:
    rows = (
        targets.order_by()
        .annotate(label_of_group=_label(key))
        .values("label_of_group")
        .annotate(n=Count("pk"), failing=Count("pk", filter=Q(ok=False)), unchecked=Count("pk", filter=Q(ok=None)))
        .order_by("-failing", "-n", "label_of_group")[:MAX_GROUPS]
    )
    for row in rows:
        yield Group(value=row["label_of_group"], count=row["n"], failing=row["failing"], unchecked=row["unchecked"])


_COPIED = (
    *("id", "name", "kind", "vault_url", "secret_name", "site_url", "labels", "ok", "since", "checked_at", "cause"),
    *("code", "principal", "expires_on", "credential_expires_on", "interval_s", "made_up"),
)


def target_row(target: Target) -> TargetRow:
    """The current state of a target."""
    return TargetRow(
        **{name: getattr(target, name) for name in _COPIED},
        state=target.state or UNCHECKED,
        expected=expected_of(target.settings),
    )


def expected_of(settings: Mapping[str, str]) -> dict[str, str]:
    """What the settings of a target expect of its principal: `{"object_id": "..."}`."""
    return {
        name.removeprefix(EXPECTED_PREFIX).lower(): text
        for name, text in settings.items()
        if name.startswith(EXPECTED_PREFIX)
    }


def _expiries(targets: QuerySet[Target], now: datetime) -> list[Expiry]:
    until = now + timedelta(days=EXPIRY_DAYS)
    found = [*_secrets(targets, until), *_credentials(targets, until)]
    return sorted(found, key=lambda expiry: (expiry.on, expiry.target))[:MAX_EXPIRIES]


def _secrets(targets: QuerySet[Target], until: datetime) -> Iterable[Expiry]:
    rows = targets.filter(expires_on__lte=until).order_by("expires_on", "name")
    for pk, name, on, is_certificate in rows.values_list("pk", "name", "expires_on", "is_certificate")[:MAX_EXPIRIES]:
        if on:
            yield Expiry(on=on, what="certificate" if is_certificate else "secret", target=name, target_id=pk)


def _credentials(targets: QuerySet[Target], until: datetime) -> Iterable[Expiry]:
    rows = targets.filter(credential_expires_on__lte=until).order_by("credential_expires_on", "name")
    for pk, name, on in rows.values_list("pk", "name", "credential_expires_on")[:MAX_EXPIRIES]:
        if on:
            yield Expiry(on=on, what="credential", target=name, target_id=pk)


def _expiry_days(targets: QuerySet[Target], now: datetime) -> Iterable[ExpiryDay]:
    counts: dict[str, dict[str, int]] = {}
    for column, what in (("expires_on", "secrets"), ("credential_expires_on", "credentials")):
        within = {f"{column}__gte": now, f"{column}__lte": now + timedelta(days=EXPIRY_DAYS)}
        day_of = Substr(Cast(column, TextField()), 1, 10)  # of a time in UTC, in every database
        rows = targets.order_by().filter(**within).annotate(day=day_of).values("day", "is_certificate")
        for row in rows.annotate(n=Count("pk")):
            kind = "certificates" if what == "secrets" and row["is_certificate"] else what
            day = counts.setdefault(row["day"], {"secrets": 0, "certificates": 0, "credentials": 0})
            day[kind] += row["n"]
    for name, kinds in sorted(counts.items()):
        yield ExpiryDay(day=name, **kinds)


def _identities(targets: QuerySet[Target]) -> list[Access]:
    """The identities with most failures; of those, the secrets that most of them read."""
    known = targets.order_by().exclude(principal="").exclude(secret_name="").exclude(vault_url="")
    known = known.annotate(secret=Concat("vault_url", Value("/"), "secret_name"))
    bad = Count("pk", filter=Q(ok=False))
    principals = known.values("principal").annotate(n=Count("pk"), bad=bad).order_by("-bad", "-n", "principal")
    names = [row["principal"] for row in principals[:MAX_IDENTITIES]]
    of_them = known.filter(principal__in=names)
    secrets = of_them.values("secret").annotate(n=Count("principal", distinct=True), bad=bad)
    shown = [row["secret"] for row in secrets.order_by("-n", "-bad", "secret")[:MAX_SECRETS]]
    cells: dict[tuple[str, str], Access] = {}
    rows = of_them.filter(secret__in=shown).values_list("principal", "vault_url", "secret_name", "state", "pk")
    for principal, vault_url, name, state, pk in rows:
        secret = f"{vault_name(vault_url)}/{name}"
        cell = Access(principal=principal, secret=secret, state=state or UNCHECKED, target_id=pk)
        key = principal, secret
        cells[key] = min(cells.get(key, cell), cell, key=lambda each: _rank(each.state))
    return sorted(cells.values(), key=lambda cell: (names.index(cell.principal), cell.secret))


def _rank(state: str) -> int:
    return _RANK[State("" if state == UNCHECKED else state)]


def vault_name(url: str) -> str:
    """`contoso` of `https://contoso.vault.azure.net`."""
    return url.removeprefix("https://").partition(".")[0]


def label_keys() -> list[str]:
    """The labels that targets have, most used first. Of the first 500 targets: a label is rarely unique."""
    counts: dict[str, int] = {}
    for labels in Target.objects.exclude(labels={}).order_by("pk").values_list("labels", flat=True)[:500]:
        for key in labels:
            counts[key] = counts.get(key, 0) + 1
    return sorted(counts, key=lambda key: (-counts[key], key))[:20]
