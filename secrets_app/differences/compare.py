"""Compares two readings: which properties differ, and which of them explains why one of them failed."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from secrets_app.core import formatting
from secrets_app.core.reading import SCHEMA_VERSION
from secrets_app.differences.saved_reading import SavedReading, safe_lines
from secrets_app.differences.topics import TOPICS, Topic, likely_topics


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One property in which the readings differ."""

    key: str
    title: str
    a: str | None
    """The value in the first reading; None where it has none."""
    b: str | None
    explains_failure: bool
    """This kind of failure is usually caused by a difference of this property."""
    meaning: str
    """What the difference means, and what to do; empty where there is nothing to say."""


@dataclass(frozen=True, kw_only=True)
class SavedFix:
    """How to fix the failed reading, from its document."""

    cause: str | None
    title: str
    fix: str
    commands: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Differences:
    """The result of a comparison."""

    headline: str
    a: str
    """The first reading in one line."""
    b: str
    differences: tuple[Difference, ...]
    """The most likely cause of the failure first."""
    same: tuple[str, ...]
    """Titles of the properties that are the same."""
    fix: SavedFix | None
    """None where both secrets were read."""

    def as_json(self) -> dict[str, Any]:
        """The result as plain JSON values."""
        return {"schema_version": SCHEMA_VERSION, **asdict(self)}


def compare(a: SavedReading, b: SavedReading) -> Differences:
    """What differs between the readings `a` and `b`."""
    good, bad = (b, a) if b.ok and not a.ok else (a, b)
    likely = () if a.ok and b.ok else likely_topics(bad)
    found = [_difference(topic, a, b, good, bad, likely) for topic in TOPICS if topic.value(a) != topic.value(b)]
    found.sort(key=lambda difference: likely.index(difference.key) if difference.key in likely else len(likely))
    same = tuple(topic.title for topic in TOPICS if topic.value(a) is not None and topic.value(a) == topic.value(b))
    return Differences(
        headline=_headline(a, b, good, bad, tuple(found)),
        a=_summary(a),
        b=_summary(b),
        differences=tuple(found),
        same=same,
        fix=None if bad.ok else _fix(bad),
    )


def _difference(
    topic: Topic, a: SavedReading, b: SavedReading, good: SavedReading, bad: SavedReading, likely: tuple[str, ...]
) -> Difference:
    return Difference(
        key=topic.key,
        title=topic.title,
        a=topic.value(a),
        b=topic.value(b),
        explains_failure=topic.key in likely,
        meaning=topic.meaning(good, bad),
    )


def _headline(
    a: SavedReading, b: SavedReading, good: SavedReading, bad: SavedReading, found: tuple[Difference, ...]
) -> str:
    if a.ok and b.ok:
        return "Both readings succeeded."
    if a.ok is b.ok:
        same = a.result == b.result and a.main_cause == b.main_cause
        return f"Both readings failed{' in the same way' if same else f': {a.result} and {b.result}'}."
    if not found:
        return (
            f"{good.name} works and {bad.name} fails ({bad.result}), but nothing else that a reading records differs. "
            "If access was changed between them, read both again."
        )
    first = found[0]
    title = f"{first.title[:1].lower()}{first.title[1:]}"
    reason = f"Most likely cause: {title}." if first.explains_failure else "None of the differences explains it."
    return f"{good.name} works, {bad.name} fails ({bad.result}). {reason}"


def _summary(reading: SavedReading) -> str:
    principal = reading.principal or "no principal"
    return f"{reading.result}, {principal}, {_time(reading)}"


def _time(reading: SavedReading) -> str:
    """When the reading started, in UTC."""
    try:
        return formatting.moment(datetime.fromisoformat(reading.text("started_at") or ""))
    except (ValueError, OverflowError):
        return "time unknown"


def _fix(reading: SavedReading) -> SavedFix | None:
    hints = reading.items("hints")
    if not hints:
        return None
    commands = hints[0].document.get("commands")
    return SavedFix(
        cause=hints[0].text("cause"),
        title=hints[0].text("title") or "",
        fix=hints[0].text("fix") or "",
        commands=tuple(map(safe_lines, commands)) if isinstance(commands, list) else (),
    )
