"""The result of one candidate, and the credential that the site uses."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from secrets_app.core.reading import Diagnosis, HostEnvironment, Outcome, Reading, reading_json
from secrets_app.diagnosis.ranking import Member, most_relevant_failure
from secrets_app.identities.candidates import Candidate


@dataclass(frozen=True, kw_only=True)
class CandidateResult:
    """One candidate and its reading; no reading where it was not tried."""

    candidate: Candidate
    reading: Reading | None = None
    diagnosis: Diagnosis = field(default_factory=Diagnosis)
    same_as: Candidate | None = None
    """An earlier candidate with the same principal."""
    principal_number: int | None = None
    """Number of the principal, from 1, in order of arrival."""

    @property
    def outcome(self) -> Outcome | None:
        """The credential's outcome; None where it could not be created or was not tried."""
        return self.reading.attempts[0].outcome if self.reading and self.reading.attempts else None

    @property
    def principal_key(self) -> tuple[str | None, ...] | None:
        """Equal for rows with the same principal."""
        who = self.reading.principal if self.reading else None
        return (who.tenant_id, who.object_id or who.app_id or who.user_principal_name) if who and who.type else None


@dataclass(frozen=True, kw_only=True)
class Selection:
    """The credential at which the site's own chain ends."""

    row: CandidateResult | None
    """None where every credential of the chain is unavailable."""
    to_fix: CandidateResult | None = None
    """If `row` is None: the credential to fix, as on the home page."""

    @property
    def marked(self) -> CandidateResult | None:
        """The row to highlight."""
        return self.row or self.to_fix

    @property
    def picked(self) -> bool:
        """Whether `row` returned a token; otherwise it stops the chain."""
        return self.row is not None and self.row.outcome is Outcome.TOKEN

    @property
    def ok(self) -> bool:
        """Whether the credential in use can read the secret."""
        return self.picked and self.row is not None and self.row.reading is not None and self.row.reading.ok


def selection_of(rows: Iterable[CandidateResult]) -> Selection:
    """The credential the site uses, by the chain's rule: unavailable continues, anything else stops.

    https://learn.microsoft.com/azure/developer/python/sdk/authentication/credential-chains
    """
    asked = sorted((row for row in rows if row.candidate.turn is not None), key=lambda row: row.candidate.turn or 0)
    ends = next((row for row in asked if not _goes_on(row)), None)
    return Selection(row=ends, to_fix=None if ends else _to_fix(asked))


def _to_fix(asked: Iterable[CandidateResult]) -> CandidateResult | None:
    members: dict[Member, tuple[CandidateResult, HostEnvironment]] = {}
    for row in asked:
        cause = next(iter(row.diagnosis.causes), None)
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
    """The rows in page order, as plain JSON values; `reading` as in /api/reading."""
    return [
        {
            "way": str(row.candidate.kind),
            "credential": row.candidate.credential,
            "identity": row.candidate.identity,
            "picked": pick.picked and row == pick.row,
            "same_as": str(row.same_as.kind) if row.same_as else None,
            "why_not_asked": row.candidate.why_not,
            "reading": reading_json(row.reading, row.diagnosis) if row.reading else None,
        }
        for row in sorted(rows, key=lambda row: row.candidate.number)
    ]
