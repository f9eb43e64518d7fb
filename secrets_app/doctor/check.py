"""What one check found: the value that page, JSON and command show."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from secrets_app.core.redaction import printable

Fact = tuple[str, str]
"""A name and its value, both for people."""


class Status(StrEnum):
    """How much a finding matters; the gravest comes first."""

    PROBLEM = "problem"
    NOTICE = "notice"
    UNKNOWN = "unknown"
    OK = "ok"

    @property
    def words(self) -> str:
        return _LABELS[self]


_LABELS = {
    Status.PROBLEM: "Problem",
    Status.NOTICE: "Worth a look",
    Status.UNKNOWN: "Not known",
    Status.OK: "Fine",
}


@dataclass(frozen=True, kw_only=True)
class Check:
    """One finding about this machine."""

    key: str = ""
    title: str = ""
    """Key and title are those of the check that found it; the register puts them in."""
    finding: str
    verdict: Status
    advice: str = ""
    """What to do; empty where there is nothing to do."""
    cause: str | None = None
    """A key of the catalogue of causes."""
    commands: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    gave_up_after_s: float | None = None
    """Set where time ran out."""

    def __post_init__(self) -> None:
        # Names come from files and certificates too: none of them may steer a terminal.
        object.__setattr__(self, "finding", printable(self.finding))
        object.__setattr__(self, "facts", tuple((name, printable(value)) for name, value in self.facts))

    def as_json(self) -> dict[str, Any]:
        """This finding as plain JSON values."""
        return asdict(self) | {"facts": [{"name": name, "value": value} for name, value in self.facts]}


def ok(finding: str, *, advice: str = "", facts: Iterable[Fact] = ()) -> Check:
    """Nothing to do."""
    return Check(finding=finding, verdict=Status.OK, advice=advice, facts=tuple(facts))


def unknown(finding: str, *, advice: str = "", facts: Iterable[Fact] = ()) -> Check:
    """It could not be found out."""
    return Check(finding=finding, verdict=Status.UNKNOWN, advice=advice, facts=tuple(facts))


def notice(finding: str, advice: str = "", *, cause: str | None = None, **more: Any) -> Check:
    """It works all the same, or only perhaps. Without `advice` or `commands` the cause's own are shown."""
    return _found(Status.NOTICE, finding, advice, cause, **more)


def problem(finding: str, advice: str = "", *, cause: str | None = None, **more: Any) -> Check:
    """It must be mended. Without `advice` or `commands` the cause's own are shown."""
    return _found(Status.PROBLEM, finding, advice, cause, **more)


def _found(
    verdict: Status,
    finding: str,
    advice: str,
    cause: str | None,
    commands: Iterable[str] = (),
    facts: Iterable[Fact] = (),
) -> Check:
    return Check(
        finding=finding, verdict=verdict, advice=advice, cause=cause, commands=tuple(commands), facts=tuple(facts)
    )
