"""Adds causes and hints to a reading."""

from collections.abc import Iterable, Sequence

from secrets_app.core.observations import observed_causes
from secrets_app.core.reading import (
    UNEXPECTED,
    Certainty,
    Diagnosis,
    Failure,
    Outcome,
    Platform,
    Reading,
    Stage,
)
from secrets_app.diagnosis.case_values import cloud_of, requested_client_id, values_from_reading, values_from_text
from secrets_app.diagnosis.catalog import CAUSES
from secrets_app.diagnosis.cause import Severity
from secrets_app.diagnosis.certificate_errors import certificate_values, use_certificate_error
from secrets_app.diagnosis.command_values import CommandValues, HintContext
from secrets_app.diagnosis.evidence import Evidence
from secrets_app.diagnosis.explain import NONE_AVAILABLE, distinct, explain
from secrets_app.diagnosis.extraction import extract_evidence
from secrets_app.diagnosis.hints import tailored_hint
from secrets_app.diagnosis.matching import NOTHING_MATCHES, Match, match_causes
from secrets_app.diagnosis.ranking import Member, matches_of_attempts, most_relevant_failure, untried_credentials
from secrets_app.diagnosis.setting_causes import setting_causes, without_consequences

_REMOTE_STAGES = frozenset({Stage.VAULT, Stage.NETWORK})
_POSSIBLE = {"role_may_be_on_its_way": Certainty.GUESS}
"""Observed causes that the values of a reading allow, but do not prove."""
_FROM_IMDS = frozenset({"mi_identity_not_assigned", "mi_multiple_user_assigned"})


def diagnose(reading: Reading, *, missing_variables: str | None = None) -> Diagnosis:
    """The cause of each attempt, and the hints, the main cause first.

    `missing_variables`: what a service principal in the environment lacks, if others of its variables are set.
    """
    matches = matches_of_attempts(reading)
    causes = tuple(match.cause if match else None for match in matches)
    members, untried = _members(reading, causes), _untried(reading, causes)
    evidence = evidence_of(reading.failure) if reading.failure else extract_evidence("")
    failure_matches = distinct(_failure_matches(reading, evidence, matches, members, untried))
    in_settings = setting_causes(reading, missing_variables)
    failure_matches = tuple(without_consequences(failure_matches, in_settings))
    observed = observed_causes(reading, [match.cause for match in failure_matches], untried) | in_settings
    # An unexpected principal comes first: its permissions are secondary.
    found = distinct(
        [
            *_sure(*(["unexpected_principal"] if reading.mismatches else []), *in_settings),
            *failure_matches,
            *_sure(*observed),
        ]
    )
    if not found:
        return Diagnosis(find_causes=lambda: causes)
    context = HintContext(
        command_values=_command_values(reading, evidence, causes),
        reading=reading,
        failed_is_first=bool(members) and members[-1].cause == found[0].cause,
    )
    hints = tuple(
        tailored_hint(CAUSES[key], context, detail=observed.get(key, ""), certainty=_POSSIBLE.get(key, certainty))
        for key, certainty in found
    )
    return Diagnosis(find_causes=lambda: causes, hints=use_certificate_error(hints, reading, causes))


def _command_values(reading: Reading, evidence: Evidence, causes: Sequence[str | None]) -> CommandValues:
    """The values for the commands of the hints."""
    return CommandValues(
        values=requested_client_id(reading)
        | values_from_text(evidence)
        | values_from_reading(reading)
        | _values_from_failure(evidence),
        system=reading.place.system,
        platform=_platform(reading, causes),
        cloud=cloud_of(reading.vault_url),
        operation=evidence.operation,
    )


def _platform(reading: Reading, causes: Sequence[str | None]) -> Platform:
    """The platform; a virtual machine is identified by an error from IMDS, because no variable identifies it."""
    is_vm = not _FROM_IMDS.isdisjoint(causes) and reading.place.platform is Platform.UNKNOWN
    return Platform.VIRTUAL_MACHINE if is_vm else reading.place.platform


def evidence_of(failure: Failure) -> Evidence:
    return extract_evidence(failure.message, exception=failure.exception, status=failure.status, code=failure.code)


def _values_from_failure(evidence: Evidence) -> dict[str, str]:
    """Values named in the error. They take precedence over the configured vault and secret."""
    host = values_from_text(evidence).get("host")
    return ({"host": host} if host else {}) | certificate_values(evidence.text)


def _sure(*causes: str) -> list[Match]:
    return [Match(cause, Certainty.SURE) for cause in causes]


def _failure_matches(
    reading: Reading, evidence: Evidence, found: Sequence[Match | None], members: Sequence[Member], untried: str
) -> Iterable[Match]:
    failure = reading.failure
    if failure is None:
        return []
    if failure.deleted_on:
        return _sure("secret_deleted")
    if (failure.code or "").lower() in CAUSES:
        return _sure((failure.code or "").lower())
    matched = match_causes(evidence)
    if failure.stage is Stage.CONFIGURATION:
        # Setting errors have their own hints, and no exception: their sentences are not evidence.
        return (matched or [NOTHING_MATCHES]) if failure.exception else []
    if reading.kept_token_url is not None and failure.stage in _REMOTE_STAGES:
        return _sure("token_vault_retired")
    if failure.stage is Stage.DEADLINE:
        return _sure("deadline_exceeded")
    chain = _chain_matches(reading, found, members, untried) if failure.stage is Stage.TOKEN else []
    # A chain's message contains the messages of all members, so the cause of the failed member is more accurate.
    if chain and (chain[0].cause != UNEXPECTED or len(reading.attempts) > 1):
        return chain
    return matched or [Match(hint.cause, hint.certainty) for hint in explain(failure.message).hints]


def _members(reading: Reading, causes: Sequence[str | None]) -> list[Member]:
    """The chain members that failed, in order."""
    return [
        Member(credential=attempt.credential, cause=cause)
        for attempt, cause in zip(reading.attempts, causes, strict=True)
        if cause and attempt.outcome in (Outcome.UNAVAILABLE, Outcome.FAILED)
    ]


def _chain_matches(
    reading: Reading, found: Sequence[Match | None], members: Sequence[Member], untried: str
) -> list[Match]:
    if not members:
        return []
    certainty = {match.cause: match.certainty for match in found if match}
    main = most_relevant_failure(members, reading.place)
    matches = [Match(main.cause, certainty[main.cause]) if main else NONE_AVAILABLE]
    matches += _sure(*(["chain_stopped_early"] if untried else []))
    return matches + [
        Match(member.cause, certainty[member.cause])
        for member in members
        if CAUSES[member.cause].severity > Severity.NOISE
    ]


def _untried(reading: Reading, causes: Sequence[str | None]) -> str:
    """A sentence naming the credentials after the one that stopped the chain; empty if none did."""
    members = _members(reading, causes)
    attempts = [attempt for attempt in reading.attempts if not attempt.reads_certificate]
    if not members or any(attempt.outcome is Outcome.TOKEN for attempt in attempts):
        return ""
    not_tried = [attempt.credential for attempt in attempts if attempt.outcome is Outcome.NOT_REACHED]
    return untried_credentials(members[-1], not_tried)
