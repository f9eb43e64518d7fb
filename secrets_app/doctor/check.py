"""The result of one check, as shown by the page, the JSON and the command."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from secrets_app.conf.project import use_shown_names
from secrets_app.core.known_secrets import known_secrets
from secrets_app.core.redaction import printable, well_formed

Fact = tuple[str, str]
"""A label and its value, both for display."""


class Status(StrEnum):
    """Severity of a finding; the most severe comes first."""

    PROBLEM = "problem"
    NOTICE = "notice"
    UNKNOWN = "unknown"
    OK = "ok"

    @property
    def label(self) -> str:
        return _LABELS[self]


_LABELS = {
    Status.PROBLEM: "Error",
    Status.NOTICE: "Warning",
    Status.UNKNOWN: "Unknown",
    Status.OK: "OK",
}


@dataclass(frozen=True, kw_only=True)
class Check:
    """One finding about this machine."""

    key: str = ""
    title: str = ""
    """Key and title of the check; set after it has run."""
    finding: str
    verdict: Status
    advice: str = ""
    """What to do; empty when no action is needed."""
    cause: str | None = None
    """Key in the catalog of causes."""
    commands: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    gave_up_after_s: float | None = None
    """Time limit in seconds; set when the check timed out."""

    def __post_init__(self) -> None:
        # Values also come from files, tools and certificates: no secret and no control character may be displayed.
        object.__setattr__(self, "finding", _cleaned(use_shown_names(self.finding)))
        object.__setattr__(self, "advice", _cleaned(use_shown_names(self.advice)))
        object.__setattr__(self, "facts", tuple((name, _cleaned(value)) for name, value in self.facts))

    def as_json(self) -> dict[str, Any]:
        """The finding as plain JSON values."""
        return asdict(self) | {"facts": [{"name": name, "value": value} for name, value in self.facts]}


def _cleaned(text: str) -> str:
    """Patterns are left out: the findings are the site's own sentences, which name variables and their lengths."""
    return printable(known_secrets().hide(well_formed(text)))


def ok(finding: str, *, advice: str = "", facts: Iterable[Fact] = ()) -> Check:
    """No action is needed."""
    return Check(finding=finding, verdict=Status.OK, advice=advice, facts=tuple(facts))


def unknown(finding: str, *, advice: str = "", facts: Iterable[Fact] = ()) -> Check:
    """The check could not determine its result."""
    return Check(finding=finding, verdict=Status.UNKNOWN, advice=advice, facts=tuple(facts))


def notice(finding: str, advice: str = "", *, cause: str | None = None, **details: Any) -> Check:
    """It works, but may fail later. Without `advice` or `commands`, those of the cause are shown."""
    return _finding(Status.NOTICE, finding, advice, cause, **details)


def problem(finding: str, advice: str = "", *, cause: str | None = None, **details: Any) -> Check:
    """It must be fixed. Without `advice` or `commands`, those of the cause are shown."""
    return _finding(Status.PROBLEM, finding, advice, cause, **details)


def _finding(
    status: Status,
    finding: str,
    advice: str,
    cause: str | None,
    commands: Iterable[str] = (),
    facts: Iterable[Fact] = (),
) -> Check:
    return Check(
        finding=finding, verdict=status, advice=advice, cause=cause, commands=tuple(commands), facts=tuple(facts)
    )
