"""The fleet as one document: counts, groups, targets, expiry dates and identities, aggregated by the database.

Nothing here reads all targets into memory: with 10,000 of them, a page costs a few aggregations and one page of rows.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Case, Count, F, Max, Min, Q, QuerySet, TextField, Value, When
from django.db.models.functions import Cast, Coalesce, Concat, NullIf, Substr

from fleet.document import (
    Access,
    Expiry,
    ExpiryDay,
    FailureGroup,
    Fleet,
    Group,
    Place,
    StateCount,
    TargetRow,
)
from fleet.filters import UNCHECKED, Filters, State, label_text, matching, matching_in_any_state
from fleet.models import Target
from fleet.results import expected_of

PAGE_SIZE, MAX_PAGE = 100, 1000
MAX_FAILURES, MAX_PLACES = 20, 3
MAX_GROUPS, MAX_EXPIRIES, MAX_IDENTITIES, MAX_SECRETS = 50, 40, 10, 30
EXPIRY_DAYS = 90
_RANK = {state: rank for rank, state in enumerate(State)}
"""The worst first, as they are declared."""


def fleet(filters: Filters, now: datetime, *, group_by: str = "", page: int = 1) -> Fleet:
    """The targets that match, in groups by this label. Raises django.db.Error."""
    shown = matching(filters)
    states = tuple(_states(matching_in_any_state(filters)))
    count = shown.count() if filters.state else sum(row.count for row in states)
    pages = max(1, -(-count // PAGE_SIZE))
    page = min(page, pages)
    return Fleet(
        at=now,
        filters=filters,
        count=count,
        ok=_all_readable(states),
        states=states,
        failures=tuple(_failures(shown)),
        group_by=group_by,
        groups=tuple(_groups(shown, group_by)) if group_by else (),
        page=page,
        pages=pages,
        targets=tuple(map(target_row, worst_first(shown)[(page - 1) * PAGE_SIZE : page * PAGE_SIZE])),
        expiries=tuple(_expiries(shown, now)),
        expiry_days=tuple(_expiry_days(shown, now)),
        expired=shown.filter(expires_on__lt=now).count() + shown.filter(credential_expires_on__lt=now).count(),
        identities=tuple(_identities(shown)),
    )


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


def _failures(targets: QuerySet[Target]) -> Iterable[FailureGroup]:
    """By error; with the vaults and sites that have most of the targets."""
    failing = targets.order_by().filter(ok=False).annotate(place=_PLACE)
    error = "state", "code", "cause"
    rows = failing.values(*error).annotate(
        n=Count("pk"), places=Count("place", distinct=True), first=Min("since"), last=Max("since"),
        principals=Count("principal", distinct=True, filter=~Q(principal="")), principal_of_all=Min("principal"),
    )  # fmt: skip
    most_in: dict[tuple[str, ...], list[Place]] = {}
    pairs = failing.values(*error, "place").annotate(n=Count("pk"), first=Min("since")).order_by("-n", "place")
    for row in pairs[:_MAX_PAIRS]:
        place = Place(url=row["place"], count=row["n"], since=row["first"])
        most_in.setdefault(tuple(row[name] for name in error), []).append(place)
    for row in rows.order_by("-n", "code", "cause")[:MAX_FAILURES]:
        yield FailureGroup(
            state=row["state"], code=row["code"], cause=row["cause"], count=row["n"],
            principals=row["principals"], principal=row["principal_of_all"] if row["principals"] == 1 else "",
            places=row["places"], most_in=tuple(most_in.get(tuple(row[name] for name in error), ())[:MAX_PLACES]),
            since=row["last"], first_since=row["first"],
        )  # fmt: skip


_PLACE = Coalesce(NullIf("site_url", Value("")), "vault_url")
"""The other site, or the vault."""
_MAX_PAIRS = 200
"""Of an error and a vault; an error whose vaults are not among them is shown without."""


def _groups(targets: QuerySet[Target], key: str) -> Iterable[Group]:
    rows = (
        targets.order_by()
        .annotate(label_of_group=label_text(key))
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


def _expiries(targets: QuerySet[Target], now: datetime) -> list[Expiry]:
    until = now + timedelta(days=EXPIRY_DAYS)
    found = [*_secrets(targets, until), *_credentials(targets, until)]
    return sorted(found, key=lambda expiry: (expiry.on, expiry.target))[:MAX_EXPIRIES]


def _secrets(targets: QuerySet[Target], until: datetime) -> Iterable[Expiry]:
    rows = targets.filter(expires_on__lte=until).order_by("expires_on", "name")
    for pk, name, on, is_certificate in rows.values_list("pk", "name", "expires_on", "is_certificate")[:MAX_EXPIRIES]:
        if on:
            yield Expiry(
                on=on, what="certificate" if is_certificate else "secret", source="key_vault", target=name, target_id=pk
            )


def _credentials(targets: QuerySet[Target], until: datetime) -> Iterable[Expiry]:
    rows = targets.filter(credential_expires_on__lte=until).order_by("credential_expires_on", "name")
    for pk, name, on in rows.values_list("pk", "name", "credential_expires_on")[:MAX_EXPIRIES]:
        if on:
            yield Expiry(on=on, what="credential", source="description", target=name, target_id=pk)


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
