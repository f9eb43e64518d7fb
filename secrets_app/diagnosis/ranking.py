"""Ranks the failed credentials of a chain: which one should have worked on this platform."""

from collections.abc import Sequence
from dataclasses import dataclass

from secrets_app.core.credential_options import MEMBERS, CredentialKind
from secrets_app.core.reading import HostEnvironment, Platform
from secrets_app.diagnosis.catalog import CAUSES
from secrets_app.diagnosis.cause import Severity

_RELEVANCE = {kind.class_name: kind.row.relevance for kind in CredentialKind if kind.row.relevance}
_MANAGED_IDENTITY = CredentialKind.MANAGED_IDENTITY.class_name
_LEAST = len(_RELEVANCE) + 1
DEFAULT_CHAIN = tuple(kind.class_name for kind in MEMBERS)
"""The credentials of DefaultAzureCredential in azure-identity 1.27, in order."""

_NOT_HERE = frozenset({"imds_unreachable", "socket_access_forbidden", "mi_platform_env_inconsistent"})
_IDENTITY_VARIABLES = frozenset({Platform.APP_SERVICE, Platform.FUNCTIONS, Platform.CONTAINER_APPS})
_WITH_MANAGED_IDENTITY = frozenset(Platform) - {Platform.UNKNOWN, Platform.KUBERNETES}


@dataclass(frozen=True, kw_only=True)
class Member:
    """A credential of a chain that was tried and returned no token."""

    credential: str
    cause: str


def cause_on_platform(cause: str, place: HostEnvironment) -> str:
    """The cause of a managed identity failure, adjusted to the platform.

    App Service, Functions and Container Apps set IDENTITY_ENDPOINT exactly while an identity is assigned
    (https://learn.microsoft.com/azure/app-service/overview-managed-identity). Without it the library falls back to
    IMDS, which does not exist on these platforms. So "unreachable" means that no identity is assigned.
    """
    if place.platform in _IDENTITY_VARIABLES and cause in _NOT_HERE:
        return "mi_identity_not_assigned"
    return cause


def most_relevant_failure(members: Sequence[Member], place: HostEnvironment) -> Member | None:
    """The failed credential most relevant on this platform; None if there are several and none stands out."""
    ranked = sorted(members, key=lambda member: _rank(member, place))
    if not ranked:
        return None
    main = ranked[0]
    stands_out = _weight(main, place) > Severity.NOISE or len(members) == 1
    return main if stands_out else None


def _rank(member: Member, place: HostEnvironment) -> tuple[int, int]:
    return -_weight(member, place), _RELEVANCE.get(member.credential, _LEAST)


def _weight(member: Member, place: HostEnvironment) -> int:
    """The credential made for this platform outranks all others except those rejected by Microsoft Entra ID."""
    weight = CAUSES[member.cause].weight
    if member.cause == "unexpected" and member.credential not in _RELEVANCE:
        weight = Severity.NOISE
    at_home = (place.platform in _WITH_MANAGED_IDENTITY and member.credential == _MANAGED_IDENTITY) or (
        place.platform is Platform.KUBERNETES and member.credential == CredentialKind.WORKLOAD_IDENTITY.class_name
    )
    return max(weight, Severity.TROUBLE) if at_home else weight


_LIKELY_MEANT = (_MANAGED_IDENTITY, CredentialKind.AZURE_CLI.class_name)


def untried_credentials(failed: Member, behind: Sequence[str]) -> str:
    """A sentence naming the most likely untried credentials; empty if the chain did not stop at `failed`."""
    if not behind or CAUSES[failed.cause].weight < Severity.TROUBLE:
        return ""
    named = [name for name in behind if name in _LIKELY_MEANT] or list(behind[:1])
    others = len(behind) - len(named)
    names = ", ".join(named) + (f" and {others} other{'' if others == 1 else 's'}" if others else "")
    return f"The chain stopped at {failed.credential}. Not tried: {names}."
