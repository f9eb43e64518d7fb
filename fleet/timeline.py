"""The history of one target over a range of time: states, latency and changes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from fleet.models import Change, Observation, Target
from fleet.observed import principal_label
from fleet.recording import max_gap
from secrets_app.core.reading import SCHEMA_VERSION

RANGES: dict[str, timedelta] = {"24h": timedelta(hours=24), "7d": timedelta(days=7), "90d": timedelta(days=90)}
"""Name -> length."""
TITLES = {"24h": "24 hours", "7d": "7 days", "90d": "90 days"}
MAX_CHANGES = 100
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Segment:
    """A time with the same state."""

    start: datetime
    end: datetime
    ok: bool | None
    """None: no readings."""
    result: str
    """`OK`, `403 ForbiddenByRbac`, `no readings`."""


@dataclass(frozen=True, kw_only=True)
class Latency:
    """The durations of the readings of one hour or one day, in milliseconds."""

    at: datetime
    """The beginning of the hour or day."""
    count: int
    token_ms: float
    """Mean of the token requests; 0 where the token was cached."""
    vault_ms: float
    """Mean of the requests to the vault."""
    slowest_ms: int
    """The slowest reading, in all."""


@dataclass(frozen=True, kw_only=True)
class ObservationRow:
    """Equal readings of one day."""

    first_at: datetime
    last_at: datetime
    count: int
    ok: bool
    cause: str
    status: int | None
    code: str
    principal: str
    object_id: str
    tenant_id: str
    credential: str
    secret_version: str
    fingerprint: str
    expires_on: datetime | None
    client_address: str


@dataclass(frozen=True, kw_only=True)
class ChangeRow:
    """What differed from the reading before."""

    at: datetime
    previous_at: datetime | None
    """When the reading before was made."""
    kind: str
    ok: bool
    """Whether the secret was readable afterwards."""
    before: str
    after: str
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """The history of one target."""

    schema_version: int = SCHEMA_VERSION
    target: str
    vault_url: str
    secret_name: str
    made_up: bool
    """An example, generated for the demo."""
    range: str
    """`24h`, `7d` or `90d`."""
    start: datetime
    end: datetime
    ok: bool | None
    """The current state; null if the target was never read."""
    since: datetime | None
    """The beginning of the current state."""
    readable_share: float | None
    """Of the time with readings, from 0 to 1; null without any."""
    segments: tuple[Segment, ...]
    latency: tuple[Latency, ...]
    changes: tuple[ChangeRow, ...]
    """The newest first."""
    observations: tuple[ObservationRow, ...]


def timeline(target: Target, range_name: str, now: datetime) -> Timeline:
    """The history of `target` in a range that ends at `now`. Raises django.db.Error."""
    start = now - RANGES[range_name]
    rows = list(target.observations.filter(last_at__gte=start).order_by("first_at", "id"))
    segments = segments_of(rows, max_gap(target.interval_s), start, now)
    changes = target.changes.filter(at__gte=start).order_by("-at", "-id")[:MAX_CHANGES]
    return Timeline(
        target=target.name,
        vault_url=target.vault_url,
        secret_name=target.secret_name,
        made_up=target.made_up,
        range=range_name,
        start=start,
        end=now,
        ok=target.ok,
        since=target.since,
        readable_share=_share(segments, rows),
        segments=segments,
        latency=tuple(_latency(rows, start, _DAY if range_name == "90d" else _HOUR)),
        changes=tuple(map(change_row, changes)),
        observations=tuple(map(_row, rows)),
    )


def segments_of(rows: Sequence[Observation], gap: timedelta, start: datetime, now: datetime) -> tuple[Segment, ...]:
    """The states from `start` to `now`; `gap`: a longer time without readings is unknown."""
    return tuple(_clipped(joined(_segments(rows, gap, now)), start, now))


MAX_OBSERVATIONS = 10_000
"""Of a page of targets."""


def segments_of_targets(
    intervals_s: Mapping[int, int | None], range_name: str, now: datetime
) -> dict[int, tuple[Segment, ...]]:
    """The states of several targets: their numbers and intervals -> the segments. Raises django.db.Error."""
    start = now - RANGES[range_name]
    columns = ("target_id", "first_at", "last_at", "ok", "status", "code", "cause")
    found = Observation.objects.filter(target__in=intervals_s, last_at__gte=start).only(*columns)
    rows: dict[int, list[Observation]] = {number: [] for number in intervals_s}
    for row in found.order_by("-last_at")[:MAX_OBSERVATIONS]:
        rows[row.target_id].append(row)
    return {
        number: segments_of(of_target[::-1], max_gap(intervals_s[number]), start, now)
        for number, of_target in rows.items()
    }


def _segments(rows: Sequence[Observation], gap: timedelta, now: datetime) -> Iterator[Segment]:
    """A state lasts until the next reading, unless that comes much later: then nothing is known in between."""
    for row, following in zip(rows, [row.first_at for row in rows[1:]] + [now] * bool(rows), strict=True):
        is_continuous = following - row.last_at <= gap
        end = max(row.last_at, following) if is_continuous else row.last_at
        yield Segment(start=row.first_at, end=end, ok=row.ok, result=_result(row))
        if not is_continuous:
            yield _unknown(end, following)


def _unknown(start: datetime, end: datetime) -> Segment:
    return Segment(start=start, end=end, ok=None, result="no readings")


def joined(segments: Iterable[Segment]) -> Iterator[Segment]:
    """Neighbours with the same result as one."""
    last: Segment | None = None
    for segment in segments:
        if last and (last.ok, last.result) == (segment.ok, segment.result) and last.end == segment.start:
            last = Segment(start=last.start, end=segment.end, ok=last.ok, result=last.result)
            continue
        if last:
            yield last
        last = segment
    if last:
        yield last


def _clipped(segments: Iterable[Segment], start: datetime, end: datetime) -> Iterator[Segment]:
    """The segments within the range; the time before the first one is unknown."""
    at = start
    for segment in segments:
        first, last = max(segment.start, at), min(segment.end, end)
        if first > at:
            yield _unknown(at, first)
        if last >= first:
            yield Segment(start=first, end=last, ok=segment.ok, result=segment.result)
            at = last
    if at < end:
        yield _unknown(at, end)


def _share(segments: Iterable[Segment], rows: Iterable[Observation]) -> float | None:
    """By time; where readings are too rare for that, by their number."""
    known: list[tuple[bool | None, float]] = [
        (segment.ok, (segment.end - segment.start).total_seconds()) for segment in segments if segment.ok is not None
    ]
    total = sum(seconds for _, seconds in known)
    if not total:
        known = [(row.ok, row.count) for row in rows]
        total = sum(count for _, count in known)
    return sum(part for ok, part in known if ok) / total if total else None


def _latency(rows: Iterable[Observation], start: datetime, unit: timedelta) -> Iterator[Latency]:
    """Means and maxima for each hour or day that has readings, in order."""
    sums: dict[datetime, list[int]] = {}
    for row in rows:
        midnight = row.first_at.replace(hour=0, minute=0, second=0, microsecond=0)
        for hour, (count, token, vault, slowest) in row.hours.items():
            at = midnight + (timedelta(hours=int(hour)) if unit == _HOUR else timedelta())
            if at + unit > start:
                found = sums.setdefault(at, [0, 0, 0, 0])
                found[:] = [found[0] + count, found[1] + token, found[2] + vault, max(found[3], slowest)]
    for at, (count, token, vault, slowest) in sorted(sums.items()):
        yield Latency(at=at, count=count, token_ms=token / count, vault_ms=vault / count, slowest_ms=slowest)


def _result(row: Observation) -> str:
    return "OK" if row.ok else " ".join(filter(None, (str(row.status or ""), row.code))) or row.cause or "not read"


def change_row(change: Change) -> ChangeRow:
    """A change as plain data."""
    names = ("at", "previous_at", "kind", "ok", "before", "after", "sentence")
    return ChangeRow(**{name: getattr(change, name) for name in names})


_COPIED = (
    *("first_at", "last_at", "count", "ok", "cause", "status", "code", "object_id", "tenant_id", "credential"),
    *("secret_version", "fingerprint", "expires_on", "client_address"),
)


def _row(row: Observation) -> ObservationRow:
    return ObservationRow(principal=principal_label(row), **{name: getattr(row, name) for name in _COPIED})
