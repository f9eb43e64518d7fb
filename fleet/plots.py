"""Plots as plain geometry for SVG: no script draws them, and each one has the same facts as text."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from fleet.timeline import TITLES, Latency, Segment, Timeline
from secrets_app.core.formatting import moment

WIDTH, HEIGHT = 1000, 160
_MIN_WIDTH = 3.0
"""A failure of a minute must be visible in 90 days."""
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
    return Band(history.range, TITLES[history.range], bars, _summary(history))


def _bars(segments: Sequence[Segment], start: datetime, end: datetime) -> Iterator[Bar]:
    """Failures last, so that they are drawn above their neighbours."""
    total = (end - start).total_seconds()
    for segment in sorted(segments, key=lambda segment: segment.ok is False):
        x = WIDTH * (segment.start - start).total_seconds() / total
        width = WIDTH * (segment.end - segment.start).total_seconds() / total
        if segment.ok is not None:
            width = max(width, _MIN_WIDTH)
        title = f"{segment.result}: {moment(segment.start)} to {moment(segment.end)}"
        yield Bar(round(min(x, WIDTH - width), 1), round(width, 1), _STATES[segment.ok], title)


def _summary(history: Timeline) -> str:
    if history.readable_share is None:
        return "no readings"
    failures = sum(segment.ok is False for segment in history.segments)
    known = sum((s.end - s.start).total_seconds() for s in history.segments if s.ok is not None)
    unknown = 1 - known / (history.end - history.start).total_seconds()
    texts = (
        f"readable {percent(history.readable_share)}",
        f"{failures} failure{'' if failures == 1 else 's'}" if failures else "",
        f"no readings for {percent(unknown)} of the time" if unknown >= 0.01 else "",
    )
    return ", ".join(filter(None, texts))


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
