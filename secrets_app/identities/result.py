"""What came of asking one candidate, and what all of them mean for the site."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from secrets_app.core.reading import HostEnvironment, Outcome, Reading
from secrets_app.diagnosis.ranking import Member, most_relevant_failure
from secrets_app.identities.candidates import Candidate


@dataclass(frozen=True, kw_only=True)
class CandidateResult:
    """One candidate and its reading; none where it was not asked."""

    candidate: Candidate
    reading: Reading | None = None
    same_as: Candidate | None = None
    """An earlier one that is the same principal."""
    principal_number: int | None = None
    """Each principal's own, counted from 1 as they came."""

    @property
    def outcome(self) -> Outcome | None:
        """What the credential did; None where it could not be made or was not asked."""
        return self.reading.attempts[0].outcome if self.reading and self.reading.attempts else None

    @property
    def principal_key(self) -> tuple[str | None, ...] | None:
        """Two rows with the same one are the same principal."""
        who = self.reading.principal if self.reading else None
        return (who.tenant_id, who.object_id or who.app_id or who.user_principal_name) if who and who.type else None


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Where the site's own search for a token ends."""

    row: CandidateResult | None
    """None where every credential that the site asks is unavailable."""
    to_fix: CandidateResult | None = None
    """Then: the one that should have worked here, the same that the home page marks."""

    @property
    def marked(self) -> CandidateResult | None:
        """The row that matters."""
        return self.row or self.to_fix

    @property
    def picked(self) -> bool:
        """That one gives the token; else it is the one that stops the search."""
        return self.row is not None and self.row.outcome is Outcome.TOKEN

    @property
    def ok(self) -> bool:
        """The one that is picked can read the secret."""
        return self.picked and self.row is not None and self.row.reading is not None and self.row.reading.ok


def selection_of(rows: Iterable[CandidateResult]) -> Selection:
    """Who gives the site its token, by the chain's own rule: unavailable goes on to the next, anything else ends it.

    https://learn.microsoft.com/azure/developer/python/sdk/authentication/credential-chains
    """
    asked = sorted((row for row in rows if row.candidate.turn is not None), key=lambda row: row.candidate.turn or 0)
    ends = next((row for row in asked if not _goes_on(row)), None)
    return Selection(row=ends, to_fix=None if ends else _to_fix(asked))


def _to_fix(asked: Iterable[CandidateResult]) -> CandidateResult | None:
    members: dict[Member, tuple[CandidateResult, HostEnvironment]] = {}
    for row in asked:
        cause = row.reading.attempts[0].cause if row.reading and row.reading.attempts else None
        if row.reading and cause:
            members[Member(credential=row.candidate.credential, cause=cause)] = (row, row.reading.place)
    if not members:
        return None
    main = most_relevant_failure(list(members), next(iter(members.values()))[1])
    return members[main][0] if main else None


def _goes_on(row: CandidateResult) -> bool:
    could_not_be_made = row.reading is not None and not row.reading.attempts
    return row.outcome is Outcome.UNAVAILABLE or could_not_be_made


def as_json(rows: Iterable[CandidateResult], pick: Selection) -> list[dict[str, Any]]:
    """The rows in the page's order, as plain JSON values; `reading` as in /api/reading."""
    return [
        {
            "way": str(row.candidate.way),
            "credential": row.candidate.credential,
            "identity": row.candidate.identity,
            "picked": pick.picked and row == pick.row,
            "same_as": str(row.same_as.way) if row.same_as else None,
            "why_not_asked": row.candidate.why_not,
            "reading": row.reading.as_json() if row.reading else None,
        }
        for row in sorted(rows, key=lambda row: row.candidate.number)
    ]
