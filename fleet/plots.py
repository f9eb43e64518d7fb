"""Plots as plain geometry for SVG: no script draws them, and each one has the same facts as text."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from fleet.document import Access, ExpiryDay
from fleet.results import split_principal
from fleet.timeline import TITLES, Latency, Segment, Timeline
from secrets_app.core.formatting import elapsed, moment, plural

WIDTH, HEIGHT = 1000, 160
_MIN_WIDTH, _MIN_WIDTH_OF_ROW = 3.0, 15.0
"""A failure of a minute must be visible in 90 days, and in a row of the heat map, which is narrow."""
_STATES = {True: "yes", False: "no", None: "gap"}


class Bar(NamedTuple):
    """One state in a band."""

    x: float
    width: float
    state: str
    """`yes`, `no` or `gap`."""
    title: str


class Band(NamedTuple):
    """The states of one range."""

    key: str
    title: str
    bars: tuple[Bar, ...]
    summary: str
    """For everyone, and as the text of the picture."""


def band(history: Timeline) -> Band:
    """The states of a history, side by side."""
    bars = tuple(_bars(history.segments, history.start, history.end))
    return Band(history.range, TITLES[history.range], bars, summary(history.segments))


def heat_map_row(segments: Sequence[Segment], range_name: str) -> Band:
    """One row of the heat map of a fleet: the states of one target."""
    bars = tuple(_bars(segments, segments[0].start, segments[-1].end, _MIN_WIDTH_OF_ROW)) if segments else ()
    shown = tuple(bar for bar in bars if bar.state != "gap")  # as the background
    return Band(range_name, TITLES[range_name], shown, summary(segments))


def _bars(segments: Sequence[Segment], start: datetime, end: datetime, min_width: float = _MIN_WIDTH) -> Iterator[Bar]:
    """Failures last, so that they are drawn above their neighbours."""
    total = (end - start).total_seconds()
    for segment in sorted(segments, key=lambda segment: segment.ok is False):
        x = WIDTH * (segment.start - start).total_seconds() / total
        width = WIDTH * (segment.end - segment.start).total_seconds() / total
        if segment.ok is not None:
            width = max(width, min_width)
        title = f"{segment.result}: {moment(segment.start)} to {moment(segment.end)}"
        yield Bar(round(min(x, WIDTH - width), 1), round(width, 1), _STATES[segment.ok], title)


def summary(segments: Sequence[Segment]) -> str:
    """`readable 99.95 %, 2 failures`: the states of a range as text.

    A range that begins without readings counts from the first one. The share is that of the time with readings; single
    readings that are far apart are counted instead.
    """
    known = [segment for segment in segments if segment.ok is not None]
    if not known:
        return "no readings"
    readable, total = (sum(_seconds(s) for s in known if s.ok or not only) for only in (True, False))
    failures = sum(not segment.ok for segment in known)
    lasted = (segments[-1].end - known[0].start).total_seconds()
    if total < _SPARSE * lasted or not total:
        if len(known) == 1:
            return f"1 reading, {'not readable' if failures else 'readable'}"
        return f"{len(known)} single readings, {failures or 'none'} of them failed"
    gaps = timedelta(seconds=lasted - total)
    texts = (
        f"readable {percent(readable / total)}"
        + (f" since {moment(known[0].start)}" if known[0] is not segments[0] else ""),
        plural(failures, "failure") if failures else "",
        f"no readings for {elapsed(segments[-1].end - gaps, segments[-1].end)}" if gaps > _SPARSE * lasted * _S else "",
    )
    return ", ".join(filter(None, texts))


_SPARSE = 0.01
"""Part of the time: with readings for less than that, they are single ones."""
_S = timedelta(seconds=1)


def _seconds(segment: Segment) -> float:
    return (segment.end - segment.start).total_seconds()


def percent(share: float) -> str:
    """`100 %`, `99.95 %`; never 100 % for less."""
    if share in {0, 1}:
        return f"{share:.0%}".replace("%", " %")
    return f"{min(99.99, max(0.01, share * 100)):.2f} %"


class Point(NamedTuple):
    """One hour or day of a latency plot."""

    x: float
    token_y: float
    vault_y: float
    slowest_y: float
    title: str


class LatencyPlot(NamedTuple):
    """The mean durations of token and vault requests, and the slowest readings."""

    points: tuple[Point, ...]
    token_line: str
    """Points of an SVG polyline."""
    vault_line: str
    top_ms: int
    """The value at the upper edge."""


def latency_plot(history: Timeline) -> LatencyPlot | None:
    """The plot; None without readings."""
    if not history.latency:
        return None
    top = _round_up(max(max(row.slowest_ms, row.token_ms, row.vault_ms) for row in history.latency))
    points = tuple(_point(row, history, top) for row in history.latency)
    return LatencyPlot(
        points=points,
        token_line=" ".join(f"{point.x},{point.token_y}" for point in points),
        vault_line=" ".join(f"{point.x},{point.vault_y}" for point in points),
        top_ms=top,
    )


def _point(row: Latency, history: Timeline, top: int) -> Point:
    total = (history.end - history.start).total_seconds()
    x = WIDTH * max(0.0, (row.at - history.start).total_seconds()) / total
    title = f"{moment(row.at)}: token {row.token_ms:.0f} ms, vault {row.vault_ms:.0f} ms, slowest {row.slowest_ms} ms"
    token_y, vault_y, slowest_y = (
        round(HEIGHT * (1 - ms / top), 1) for ms in (row.token_ms, row.vault_ms, row.slowest_ms)
    )
    return Point(round(x, 1), token_y, vault_y, slowest_y, title)


def _round_up(ms: float) -> int:
    """The next of 1, 2, 5, 10, 20, 50 ..."""
    size = 1
    while True:
        for step in (1, 2, 5):
            if ms <= step * size:
                return step * size
        size *= 10


class Day(NamedTuple):
    """One day of the expiry calendar on which something expires."""

    x: int
    y: int
    level: int
    """1 to 3: how much."""
    total: int
    title: str

    @property
    def text_x(self) -> int:
        return self.x + 5

    @property
    def text_y(self) -> int:
        return self.y + 7


class Month(NamedTuple):
    """A name above the first week that begins in a month."""

    x: int
    name: str


class Calendar(NamedTuple):
    """A column for each week, Monday at the top, from the current week on."""

    squares: str
    """Every day, as the path of an SVG."""
    days: tuple[Day, ...]
    months: tuple[Month, ...]


CALENDAR_WEEKS, _DAY_SIZE = 14, 12


def expiry_calendar(days: Sequence[ExpiryDay], now: datetime) -> Calendar:
    """The calendar of the next weeks."""
    monday = now.date() - timedelta(days=now.weekday())
    squares = "".join(
        f"M{week * _DAY_SIZE} {weekday * _DAY_SIZE}h10v10h-10z"
        for week in range(CALENDAR_WEEKS)
        for weekday in range(7)
        if week or weekday >= now.weekday()
    )
    return Calendar(squares, tuple(_day(day, monday) for day in days), tuple(_months(monday)))


def _months(monday: date) -> Iterator[Month]:
    for week in range(CALENDAR_WEEKS - 1):
        first = monday + timedelta(weeks=week)
        begins_month = first.day <= 7
        if begins_month or (week == 0 and (first + timedelta(weeks=1)).day > 7):
            yield Month(week * _DAY_SIZE, first.strftime("%b"))


def _day(of: ExpiryDay, monday: date) -> Day:
    week, weekday = divmod((date.fromisoformat(of.day) - monday).days, 7)
    kinds = {"secret": of.secrets, "certificate": of.certificates, "credential": of.credentials}
    total = sum(kinds.values())
    text = ", ".join(plural(count, kind) for kind, count in kinds.items() if count)
    return Day(week * _DAY_SIZE, weekday * _DAY_SIZE, 1 + (total > 2) + (total > 9), total, f"{of.day}: {text}")


class Matrix(NamedTuple):
    """Which identity was tried on which secret."""

    identities: tuple[tuple[str, str], ...]
    """Each one's label and name."""
    rows: tuple[tuple[str, tuple[Access | None, ...]], ...]
    """Each secret with a cell for each identity; None: not tried."""


def matrix(cells: Sequence[Access]) -> Matrix | None:
    """The cells as a table; None without any."""
    identities = tuple(dict.fromkeys(cell.principal for cell in cells))
    found = {(cell.secret, cell.principal): cell for cell in cells}
    secrets = sorted({cell.secret for cell in cells})
    rows = ((secret, tuple(found.get((secret, identity)) for identity in identities)) for secret in secrets)
    named = tuple((identity, split_principal(identity)[0]) for identity in identities)
    return Matrix(named, tuple(rows)) if cells else None
