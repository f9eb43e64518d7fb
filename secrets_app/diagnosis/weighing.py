"""Which member of a chain should have worked here, and which are noise."""

from collections.abc import Sequence
from dataclasses import dataclass

from secrets_app.diagnosis.cause import Weight
from secrets_app.diagnosis.causes import CAUSES
from secrets_app.reading import Place, Platform

_LIKELIER_FIRST = (
    "EnvironmentCredential",
    "WorkloadIdentityCredential",
    "ManagedIdentityCredential",
    "AzureCliCredential",
    "AzureDeveloperCliCredential",
    "AzurePowerShellCredential",
    "VisualStudioCodeCredential",
)
DEFAULT_CHAIN = (
    "EnvironmentCredential",
    "WorkloadIdentityCredential",
    "ManagedIdentityCredential",
    "SharedTokenCacheCredential",
    "VisualStudioCodeCredential",
    "AzureCliCredential",
    "AzurePowerShellCredential",
    "AzureDeveloperCliCredential",
    "BrokerCredential",
)
"""The members of DefaultAzureCredential in azure-identity 1.27, in their order."""

_NOT_HERE = frozenset({"imds_unreachable", "socket_access_forbidden", "mi_platform_env_inconsistent"})
_IDENTITY_VARIABLES = frozenset({Platform.APP_SERVICE, Platform.FUNCTIONS, Platform.CONTAINER_APPS})
_WITH_MANAGED_IDENTITY = frozenset(Platform) - {Platform.UNKNOWN, Platform.KUBERNETES}


@dataclass(frozen=True, kw_only=True)
class Member:
    """One member of a chain that was asked and gave no token."""

    credential: str
    cause: str


def cause_here(cause: str, place: Place) -> str:
    """The cause of a managed identity's failure, read for the place.

    App Service, Functions and Container Apps set IDENTITY_ENDPOINT exactly while an identity is assigned
    (https://learn.microsoft.com/azure/app-service/overview-managed-identity). Without it the library turns to the
    metadata service of virtual machines, which does not exist there. So "unreachable" means: no identity.
    """
    if place.platform in _IDENTITY_VARIABLES and cause in _NOT_HERE:
        return "mi_identity_not_assigned"
    return cause


def main_member(members: Sequence[Member], place: Place) -> Member | None:
    """The member that should have worked here; None when nothing stands out among several."""
    ranked = sorted(members, key=lambda member: _rank(member, place))
    if not ranked:
        return None
    main = ranked[0]
    stands_out = _weight(main, place) > Weight.NOISE or len(members) == 1
    return main if stands_out else None


def _rank(member: Member, place: Place) -> tuple[int, int]:
    name = member.credential
    order = _LIKELIER_FIRST.index(name) if name in _LIKELIER_FIRST else len(_LIKELIER_FIRST)
    return -_weight(member, place), order


def _weight(member: Member, place: Place) -> int:
    """A member made for this place outweighs all but a refusal by Entra itself."""
    weight = CAUSES[member.cause].weight
    if member.cause == "unexpected" and member.credential not in _LIKELIER_FIRST:
        weight = Weight.NOISE
    at_home = (place.platform in _WITH_MANAGED_IDENTITY and member.credential == "ManagedIdentityCredential") or (
        place.platform is Platform.KUBERNETES and member.credential == "WorkloadIdentityCredential"
    )
    return max(weight, Weight.TROUBLE) if at_home else weight
