"""Adds causes and hints to a reading."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

from secrets_app.core.reading import UNEXPECTED, Attempt, Failure, Outcome, Platform, Reading, Stage
from secrets_app.diagnosis.catalog import CAUSES
from secrets_app.diagnosis.cause import Severity
from secrets_app.diagnosis.certificate_errors import facts_of_certificate, use_certificate_error
from secrets_app.diagnosis.command_values import CommandValues
from secrets_app.diagnosis.evidence import Evidence
from secrets_app.diagnosis.explain import cause_of_member, explain
from secrets_app.diagnosis.extraction import extract_evidence
from secrets_app.diagnosis.hints import client_id_asked, facts_of_reading, facts_of_text, hint_of_case
from secrets_app.diagnosis.matching import match_causes
from secrets_app.diagnosis.ranking import Member, cause_on_platform, most_relevant_failure, untried_credentials
from secrets_app.diagnosis.tailoring import HintContext

_SKEW = timedelta(minutes=5)
_FROM_AFAR = frozenset({Stage.VAULT, Stage.NETWORK})
_ANSWERED = frozenset({"mi_identity_not_assigned", "mi_multiple_user_assigned"})
_DENIED = frozenset({"kv_rbac_denied", "kv_access_policy_denied"})


def diagnose(reading: Reading) -> Reading:
    """A copy of `reading` with the cause of each attempt and with hints, the main cause first."""
    attempts = tuple(replace(attempt, cause=_cause_of(attempt, reading)) for attempt in reading.attempts)
    reading = replace(reading, attempts=attempts, hints=())
    evidence = _evidence(reading.failure) if reading.failure else extract_evidence("")
    causes = tuple(_failure_causes(reading, evidence))
    more = _seen(reading, causes)
    if reading.mismatches:
        more["unexpected_principal"] = _differences(reading)
    keys = dict.fromkeys([*(["unexpected_principal"] if reading.mismatches else []), *causes, *more])
    facts = CommandValues(
        values=client_id_asked(reading)
        | facts_of_text(evidence)
        | facts_of_reading(reading)
        | _better_from_text(evidence),
        system=reading.place.system,
        platform=_platform(reading),
    )
    case = HintContext(facts=facts, reading=reading, failed_is_first=_failed_is_first(reading, next(iter(keys), "")))
    hints = tuple(hint_of_case(CAUSES[key], case, more=more.get(key, "")) for key in keys)
    return replace(reading, hints=use_certificate_error(hints, reading))


def _platform(reading: Reading) -> Platform:
    """No variable identifies a virtual machine, but an error from its metadata service shows that this is one."""
    answered = any(attempt.cause in _ANSWERED for attempt in reading.attempts)
    machine = answered and reading.place.platform is Platform.UNKNOWN
    return Platform.VIRTUAL_MACHINE if machine else reading.place.platform


def _failed_is_first(reading: Reading, first: str) -> bool:
    members = _members(reading)
    return bool(members) and members[-1].cause == first


def _differences(reading: Reading) -> str:
    """One sentence for each mismatch. Fix these first: an unexpected principal explains most other errors."""
    return " ".join(
        f"The {point.what} should be {point.expected}, but {f'is {point.found}' if point.found else 'is not known'}."
        for point in reading.mismatches
    )


def _cause_of(attempt: Attempt, reading: Reading) -> str | None:
    if attempt.outcome is Outcome.RUNNING:
        return "deadline_exceeded"
    if attempt.outcome not in (Outcome.UNAVAILABLE, Outcome.FAILED):
        return None
    cause = cause_of_member(attempt.message or "", attempt.credential)
    return cause_on_platform(cause, reading.place) if attempt.credential == "ManagedIdentityCredential" else cause


def _evidence(failure: Failure) -> Evidence:
    return extract_evidence(failure.message, exception=failure.exception, status=failure.status, code=failure.code)


def _better_from_text(evidence: Evidence) -> dict[str, str]:
    """Values that the error itself names. They are more exact than the configured vault and secret."""
    host = facts_of_text(evidence).get("host")
    return ({"host": host} if host else {}) | facts_of_certificate(evidence.text)


def _failure_causes(reading: Reading, evidence: Evidence) -> Iterable[str]:
    failure = reading.failure
    if failure is None:
        return []
    if failure.deleted_on:
        return ["secret_deleted"]
    if (failure.code or "").lower() in CAUSES:
        return [(failure.code or "").lower()]
    found = match_causes(evidence)
    if failure.stage is Stage.CONFIGURATION:
        # Setting errors have their own hints, and no exception.
        return found or ([UNEXPECTED] if failure.exception else [])
    if reading.kept_token_url is not None and failure.stage in _FROM_AFAR:
        return ["token_vault_retired"]
    if failure.stage is Stage.DEADLINE:
        return ["deadline_exceeded"]
    causes = _chain_causes(reading) if failure.stage is Stage.TOKEN else []
    # The whole text of a chain names every member, so the failed member's own cause is better, even if it is unknown.
    if causes and (causes[0] != UNEXPECTED or len(reading.attempts) > 1):
        return causes
    return found or explain(failure.message).causes or [UNEXPECTED]


def _members(reading: Reading) -> list[Member]:
    return [
        Member(credential=attempt.credential, cause=attempt.cause)
        for attempt in reading.attempts
        if attempt.cause and attempt.outcome in (Outcome.UNAVAILABLE, Outcome.FAILED)
    ]


def _chain_causes(reading: Reading) -> list[str]:
    members = _members(reading)
    if not members:
        return []
    main = most_relevant_failure(members, reading.place)
    keys = [main.cause if main else "no_credential_available"]
    if _hidden(reading):
        keys.append("chain_stopped_early")
    return keys + [member.cause for member in members if CAUSES[member.cause].weight > Severity.NOISE]


def _hidden(reading: Reading) -> str:
    members = _members(reading)
    own = [attempt for attempt in reading.attempts if not attempt.reads_certificate]
    if not members or any(attempt.outcome is Outcome.TOKEN for attempt in own):
        return ""
    behind = [attempt.credential for attempt in own if attempt.outcome is Outcome.NOT_REACHED]
    return untried_credentials(members[-1], behind)


def _seen(reading: Reading, causes: Sequence[str]) -> dict[str, str]:
    """Causes seen in the reading itself, each with a sentence about this case."""
    retired = {} if reading.kept_token_url is None else {"token_vault_retired": _of_the_retired(reading)}
    found = retired | {**_seen_at_failure(reading, causes), **_seen_in_secret(reading), **_seen_in_token(reading)}
    if "kv_wrong_tenant" in causes:
        found.pop("tenant_mismatch_ahead", None)
    return found


def _seen_at_failure(reading: Reading, causes: Sequence[str]) -> dict[str, str]:
    found = {}
    if "deadline_exceeded" in causes and reading.failure and reading.failure.waiting_for:
        found["deadline_exceeded"] = f"This site was waiting for {reading.failure.waiting_for}."
    if reading.failure and reading.failure.deleted_on:
        found["secret_deleted"] = f"It was deleted on {reading.failure.deleted_on:%d %B %Y}."
    if hidden := _hidden(reading):
        found["chain_stopped_early"] = hidden
    if reading.scope and "mi_endpoint_error" in causes:
        found["resource_not_in_tenant"] = "App Service returns this error if it does not know the resource."
    if not _DENIED.isdisjoint(causes):
        found["role_may_be_on_its_way"] = _age_of_token(reading)
    return found


def _of_the_retired(reading: Reading) -> str:
    if reading.kept_token:
        return "This one still responds, but the real service was shut down."
    return "Its hosts do not respond." if reading.failure and reading.failure.stage is Stage.NETWORK else ""


def _age_of_token(reading: Reading) -> str:
    issued = reading.principal.token_issued_at if reading.principal else None
    if not issued:
        return ""
    minutes = max(0, round((reading.started_at - issued).total_seconds() / 60))
    # Microsoft Entra ID backdates tokens by five minutes, so this is not the token's age.
    return f"The token's issue time is {minutes} minute{'' if minutes == 1 else 's'} ago."


def _seen_in_secret(reading: Reading) -> dict[str, str]:
    secret, now = reading.secret, reading.started_at
    found = {}
    if secret and secret.expires_on and secret.expires_on <= now:
        found["secret_expired"] = f"It expired on {secret.expires_on:%d %B %Y}."
    if secret and secret.not_before and secret.not_before > now:
        found["secret_not_yet_valid"] = f"It is valid from {secret.not_before:%d %B %Y}."
    return found


def _seen_in_token(reading: Reading) -> dict[str, str]:
    principal, found = reading.principal, {}
    if not principal:
        return {}
    starts = principal.token_issued_at
    if starts and starts - reading.started_at > _SKEW:
        found["clock_skew"] = (
            f"The token was issued at {starts:%H:%M:%S} UTC, "
            f"but this machine's clock shows {reading.started_at:%H:%M:%S} UTC."
        )
    if principal.tenant_id and reading.vault_tenant_id and principal.tenant_id != reading.vault_tenant_id:
        found["tenant_mismatch_ahead"] = f"Vault: {reading.vault_tenant_id}. Token: {principal.tenant_id}."
    return found
