"""Adds causes and hints to a reading."""

from collections.abc import Iterable, Sequence

from secrets_app.core.credential_options import CredentialKind
from secrets_app.core.reading import UNEXPECTED, Attempt, Diagnosis, Failure, Outcome, Platform, Reading, Stage
from secrets_app.diagnosis.catalog import CAUSES
from secrets_app.diagnosis.cause import Severity
from secrets_app.diagnosis.certificate_errors import certificate_values, use_certificate_error
from secrets_app.diagnosis.command_values import CommandValues
from secrets_app.diagnosis.evidence import Evidence
from secrets_app.diagnosis.explain import cause_of_member, explain
from secrets_app.diagnosis.extraction import extract_evidence
from secrets_app.diagnosis.hints import requested_client_id, tailored_hint, values_from_reading, values_from_text
from secrets_app.diagnosis.matching import match_causes
from secrets_app.diagnosis.observations import observed_causes
from secrets_app.diagnosis.ranking import Member, cause_on_platform, most_relevant_failure, untried_credentials
from secrets_app.diagnosis.tailoring import HintContext

_REMOTE_STAGES = frozenset({Stage.VAULT, Stage.NETWORK})
_FROM_IMDS = frozenset({"mi_identity_not_assigned", "mi_multiple_user_assigned"})


def diagnose(reading: Reading) -> Diagnosis:
    """The cause of each attempt, and the hints, the main cause first."""
    causes = tuple(_cause_of(attempt, reading) for attempt in reading.attempts)
    members, untried = _members(reading, causes), _untried(reading, causes)
    evidence = _evidence(reading.failure) if reading.failure else extract_evidence("")
    failure_causes = tuple(_failure_causes(reading, evidence, members, untried))
    observed = observed_causes(reading, failure_causes, untried)
    # An unexpected principal comes first: its permissions are secondary.
    keys = dict.fromkeys([*(["unexpected_principal"] if reading.mismatches else []), *failure_causes, *observed])
    if not keys:
        return Diagnosis(causes=causes)
    context = HintContext(
        command_values=_command_values(reading, evidence, causes),
        reading=reading,
        failed_is_first=bool(members) and members[-1].cause == next(iter(keys)),
    )
    hints = tuple(tailored_hint(CAUSES[key], context, detail=observed.get(key, "")) for key in keys)
    return Diagnosis(causes=causes, hints=use_certificate_error(hints, reading, causes))


def _command_values(reading: Reading, evidence: Evidence, causes: Sequence[str | None]) -> CommandValues:
    """The values for the commands of the hints."""
    return CommandValues(
        values=requested_client_id(reading)
        | values_from_text(evidence)
        | values_from_reading(reading)
        | _values_from_failure(evidence),
        system=reading.place.system,
        platform=_platform(reading, causes),
    )


def _platform(reading: Reading, causes: Sequence[str | None]) -> Platform:
    """The platform; a virtual machine is identified by an error from IMDS, because no variable identifies it."""
    is_vm = not _FROM_IMDS.isdisjoint(causes) and reading.place.platform is Platform.UNKNOWN
    return Platform.VIRTUAL_MACHINE if is_vm else reading.place.platform


def _cause_of(attempt: Attempt, reading: Reading) -> str | None:
    if attempt.outcome is Outcome.RUNNING:
        return "deadline_exceeded"
    if attempt.outcome not in (Outcome.UNAVAILABLE, Outcome.FAILED):
        return None
    cause = cause_of_member(attempt.message or "", attempt.credential)
    is_managed_identity = attempt.credential == CredentialKind.MANAGED_IDENTITY.class_name
    return cause_on_platform(cause, reading.place) if is_managed_identity else cause


def _evidence(failure: Failure) -> Evidence:
    return extract_evidence(failure.message, exception=failure.exception, status=failure.status, code=failure.code)


def _values_from_failure(evidence: Evidence) -> dict[str, str]:
    """Values named in the error. They take precedence over the configured vault and secret."""
    host = values_from_text(evidence).get("host")
    return ({"host": host} if host else {}) | certificate_values(evidence.text)


def _failure_causes(reading: Reading, evidence: Evidence, members: Sequence[Member], untried: str) -> Iterable[str]:
    failure = reading.failure
    if failure is None:
        return []
    if failure.deleted_on:
        return ["secret_deleted"]
    if (failure.code or "").lower() in CAUSES:
        return [(failure.code or "").lower()]
    matched = match_causes(evidence)
    if failure.stage is Stage.CONFIGURATION:
        # Setting errors have their own hints, and no exception.
        return matched or ([UNEXPECTED] if failure.exception else [])
    if reading.kept_token_url is not None and failure.stage in _REMOTE_STAGES:
        return ["token_vault_retired"]
    if failure.stage is Stage.DEADLINE:
        return ["deadline_exceeded"]
    causes = _chain_causes(reading, members, untried) if failure.stage is Stage.TOKEN else []
    # A chain's message contains the messages of all members, so the cause of the failed member is more accurate.
    if causes and (causes[0] != UNEXPECTED or len(reading.attempts) > 1):
        return causes
    return matched or explain(failure.message).causes or [UNEXPECTED]


def _members(reading: Reading, causes: Sequence[str | None]) -> list[Member]:
    """The chain members that failed, in order."""
    return [
        Member(credential=attempt.credential, cause=cause)
        for attempt, cause in zip(reading.attempts, causes, strict=True)
        if cause and attempt.outcome in (Outcome.UNAVAILABLE, Outcome.FAILED)
    ]


def _chain_causes(reading: Reading, members: Sequence[Member], untried: str) -> list[str]:
    if not members:
        return []
    main = most_relevant_failure(members, reading.place)
    keys = [main.cause if main else "no_credential_available"]
    if untried:
        keys.append("chain_stopped_early")
    return keys + [member.cause for member in members if CAUSES[member.cause].severity > Severity.NOISE]


def _untried(reading: Reading, causes: Sequence[str | None]) -> str:
    """A sentence naming the credentials after the one that stopped the chain; empty if none did."""
    members = _members(reading, causes)
    attempts = [attempt for attempt in reading.attempts if not attempt.reads_certificate]
    if not members or any(attempt.outcome is Outcome.TOKEN for attempt in attempts):
        return ""
    not_tried = [attempt.credential for attempt in attempts if attempt.outcome is Outcome.NOT_REACHED]
    return untried_credentials(members[-1], not_tried)
