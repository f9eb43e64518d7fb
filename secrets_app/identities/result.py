"""The result of one candidate, and the credential that the site uses."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from secrets_app.core.reading import Diagnosis, HostEnvironment, Outcome, Reading
from secrets_app.core.reading_json import reading_json
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
        """Equal for results with the same principal."""
        principal = self.reading.principal if self.reading else None
        return (
            (principal.tenant_id, principal.object_id or principal.app_id or principal.user_principal_name)
            if principal and principal.type
            else None
        )


@dataclass(frozen=True, kw_only=True)
class Selection:
    """The credential at which the site's own chain ends."""

    result: CandidateResult | None
    """None where every credential of the chain is unavailable."""
    to_fix: CandidateResult | None = None
    """If `result` is None: the credential to fix, as on the home page."""

    @property
    def highlighted(self) -> CandidateResult | None:
        """The result to highlight."""
        return self.result or self.to_fix

    @property
    def has_token(self) -> bool:
        """Whether `result` returned a token; otherwise it stops the chain."""
        return self.result is not None and self.result.outcome is Outcome.TOKEN

    @property
    def ok(self) -> bool:
        """Whether the credential in use can read the secret."""
        return self.has_token and self.result is not None and self.result.reading is not None and self.result.reading.ok


def selection_of(results: Iterable[CandidateResult]) -> Selection:
    """The credential the site uses, by the chain's rule: unavailable continues, anything else stops.

    https://learn.microsoft.com/azure/developer/python/sdk/authentication/credential-chains
    """
    tried = sorted(
        (result for result in results if result.candidate.order is not None),
        key=lambda result: result.candidate.order or 0,
    )
    end = next((result for result in tried if not _continues_chain(result)), None)
    return Selection(result=end, to_fix=None if end else _to_fix(tried))


def _to_fix(tried: Iterable[CandidateResult]) -> CandidateResult | None:
    # Imported here: the catalog of causes, which only a failure needs.
    from secrets_app.diagnosis.ranking import Member, most_relevant_failure

    members: dict[Member, tuple[CandidateResult, HostEnvironment]] = {}
    for result in tried:
        cause = next(iter(result.diagnosis.causes), None)
        if result.reading and cause:
            members[Member(credential=result.candidate.credential, cause=cause)] = (result, result.reading.place)
    if not members:
        return None
    main = most_relevant_failure(list(members), next(iter(members.values()))[1])
    return members[main][0] if main else None


def _continues_chain(result: CandidateResult) -> bool:
    not_created = result.reading is not None and not result.reading.attempts
    return result.outcome is Outcome.UNAVAILABLE or not_created


def as_json(results: Iterable[CandidateResult], selection: Selection) -> list[dict[str, Any]]:
    """The results in page order, as plain JSON values; `reading` as in /api/reading."""
    return [
        {
            "way": str(result.candidate.kind),
            "credential": result.candidate.credential,
            "identity": result.candidate.identity,
            "picked": selection.has_token and result == selection.result,
            "same_as": str(result.same_as.kind) if result.same_as else None,
            "why_not_asked": result.candidate.not_tried_because,
            "reading": reading_json(result.reading, result.diagnosis) if result.reading else None,
        }
        for result in sorted(results, key=lambda result: result.candidate.number)
    ]
