"""The failed credentials of a chain: the cause of each, and which one should have worked on this platform.

Imports nothing that makes hints: a reading that succeeded has such credentials too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from secrets_app.core.credential_options import MEMBERS, CredentialKind
from secrets_app.core.formatting import plural
from secrets_app.core.reading import Attempt, Certainty, HostEnvironment, Outcome, Platform, Reading
from secrets_app.diagnosis.catalog import CAUSES
from secrets_app.diagnosis.cause import Severity
from secrets_app.diagnosis.extraction import extract_evidence
from secrets_app.diagnosis.matching import NOTHING_MATCHES, Match, match_causes

_RELEVANCE = {kind.class_name: kind.row.relevance for kind in CredentialKind if kind.row.relevance}
_MANAGED_IDENTITY = CredentialKind.MANAGED_IDENTITY.class_name
_LEAST_RELEVANT = len(_RELEVANCE) + 1
DEFAULT_CHAIN = tuple(kind.class_name for kind in MEMBERS)
"""The credentials of DefaultAzureCredential in azure-identity 1.27, in order."""

_NO_ENDPOINT = frozenset({"imds_unreachable", "socket_access_forbidden", "mi_platform_env_inconsistent"})
_IDENTITY_VARIABLES = frozenset({Platform.APP_SERVICE, Platform.FUNCTIONS, Platform.CONTAINER_APPS})
_WITH_MANAGED_IDENTITY = frozenset(Platform) - {Platform.UNKNOWN, Platform.KUBERNETES}


@dataclass(frozen=True, kw_only=True)
class Member:
    """A credential of a chain that was tried and returned no token."""

    credential: str
    cause: str


def causes_of_attempts(reading: Reading) -> tuple[str | None, ...]:
    """The `causes` of a diagnosis alone."""
    return tuple(match.cause if match else None for match in matches_of_attempts(reading))


def matches_of_attempts(reading: Reading) -> tuple[Match | None, ...]:
    """The cause of each attempt; None for one that returned a token or was not made."""
    return tuple(_match_of(attempt, reading) for attempt in reading.attempts)


def _match_of(attempt: Attempt, reading: Reading) -> Match | None:
    if attempt.outcome is Outcome.RUNNING:
        return Match("deadline_exceeded", Certainty.SURE)
    if attempt.outcome not in (Outcome.UNAVAILABLE, Outcome.FAILED):
        return None
    match = match_of_member(attempt.message or "", attempt.credential)
    is_managed_identity = attempt.credential == CredentialKind.MANAGED_IDENTITY.class_name
    return match._replace(cause=cause_on_platform(match.cause, reading.place)) if is_managed_identity else match


def match_of_member(message: str, credential: str) -> Match:
    """The cause of one chain member's failure, from its own message."""
    if len(message) <= _MAX_CACHED:
        return cached_match(message, credential)
    if len(message) > 2 * _MEMBER_END:  # a log that repeats the chain: all of a member's messages are joined
        message = f"{message[:_MEMBER_END]}\n{message[-_MEMBER_END:]}"
    return _match_of_member(message, credential)


def _match_of_member(message: str, credential: str) -> Match:
    matches = match_causes(extract_evidence(message, credential=credential))
    return matches[0] if matches else NOTHING_MATCHES


cached_match = lru_cache(maxsize=512)(_match_of_member)  # the same few messages recur in every reading on a machine
_MEMBER_END = 8 * 1024
"""Characters used of each end of a member's message that is longer than both together."""
_MAX_CACHED = 4096
"""Characters: pasted texts must not fill the memory."""


def cause_on_platform(cause: str, place: HostEnvironment) -> str:
    """The cause of a managed identity failure, adjusted to the platform.

    App Service, Functions and Container Apps set IDENTITY_ENDPOINT exactly while an identity is assigned
    (https://learn.microsoft.com/azure/app-service/overview-managed-identity). Without it the library falls back to
    IMDS, which does not exist on these platforms. So "unreachable" means that no identity is assigned.
    """
    if place.platform in _IDENTITY_VARIABLES and cause in _NO_ENDPOINT:
        return "mi_identity_not_assigned"
    return cause


def most_relevant_failure(members: Sequence[Member], place: HostEnvironment, *, alone: bool = True) -> Member | None:
    """The failed credential most relevant on this platform; None if there are several and none stands out.

    `alone`: whether a single member is all that was tried.
    """
    ranked = sorted(members, key=lambda member: _rank(member, place))
    if not ranked:
        return None
    main = ranked[0]
    stands_out = _severity(main, place) > Severity.NOISE or (alone and len(members) == 1)
    return main if stands_out else None


def _rank(member: Member, place: HostEnvironment) -> tuple[int, int]:
    return -_severity(member, place), _RELEVANCE.get(member.credential, _LEAST_RELEVANT)


def _severity(member: Member, place: HostEnvironment) -> int:
    """The credential made for this platform outranks all others except those rejected by Microsoft Entra ID."""
    severity = CAUSES[member.cause].severity
    if member.cause == "unexpected" and member.credential not in _RELEVANCE:
        severity = Severity.NOISE
    preferred = (place.platform in _WITH_MANAGED_IDENTITY and member.credential == _MANAGED_IDENTITY) or (
        place.platform is Platform.KUBERNETES and member.credential == CredentialKind.WORKLOAD_IDENTITY.class_name
    )
    return max(severity, Severity.FAILED) if preferred else severity


_MOST_USED = (_MANAGED_IDENTITY, CredentialKind.AZURE_CLI.class_name)


def untried_credentials(failed: Member, not_tried: Sequence[str]) -> str:
    """A sentence naming the most likely untried credentials; empty if the chain did not stop at `failed`."""
    if not not_tried or CAUSES[failed.cause].severity < Severity.FAILED:
        return ""
    named = [name for name in not_tried if name in _MOST_USED] or list(not_tried[:1])
    others = len(not_tried) - len(named)
    names = ", ".join(named) + (f" and {plural(others, 'other')}" if others else "")
    return f"The chain stopped at {failed.credential}. Not tried: {names}."
