"""azure-identity's chain, whole or a half of it, with the members that the settings say more about than it can take."""

from collections.abc import Callable, Mapping
from typing import Any, cast

from azure.core.credentials import SupportsTokenInfo
from azure.identity import AzureCliCredential as PlainAzureCliCredential
from azure.identity import (
    AzureDeveloperCliCredential,
    AzurePowerShellCredential,
    DefaultAzureCredential,
    InteractiveBrowserCredential,
    ManagedIdentityCredential,
)
from azure.identity import EnvironmentCredential as PlainEnvironmentCredential

from secrets_app.credentials import interactive, tools
from secrets_app.credentials.arguments import additional_tenants, given, limited_asking_again, network, process
from secrets_app.credentials.environment_credential import EnvironmentCredential
from secrets_app.sign_in import MEMBERS, IdentityKind, SignIn, Way

Maker = Callable[[SignIn, float], SupportsTokenInfo]
"""(the choice, the reading's deadline in seconds) -> the credential. Raises ValueError where it cannot be made."""

# DefaultAzureCredential's own words for its members.
_EXCLUDE: Mapping[Way, str] = {
    Way.ENVIRONMENT: "exclude_environment_credential",
    Way.WORKLOAD_IDENTITY: "exclude_workload_identity_credential",
    Way.MANAGED_IDENTITY: "exclude_managed_identity_credential",
    Way.SHARED_CACHE: "exclude_shared_token_cache_credential",
    Way.VISUAL_STUDIO_CODE: "exclude_visual_studio_code_credential",
    Way.AZURE_CLI: "exclude_cli_credential",
    Way.AZURE_POWERSHELL: "exclude_powershell_credential",
    Way.AZURE_DEVELOPER_CLI: "exclude_developer_cli_credential",
    Way.BROKER: "exclude_broker_credential",
}


def chain_of(*members: Way) -> Maker:
    """The chain of these members. All of them: what AZURE_TOKEN_CREDENTIALS says stays in force; less wins over it."""

    def make(sign_in: SignIn, deadline_s: float) -> SupportsTokenInfo:
        chain = _chain(members, sign_in, deadline_s)
        chain.credentials = tuple(_own(member, sign_in, deadline_s) for member in chain.credentials)
        return chain

    return make


def broker(sign_in: SignIn, deadline_s: float) -> SupportsTokenInfo:
    """The system's own sign-in. azure-identity has no public class for it, so it is taken out of a chain of one."""
    return cast(SupportsTokenInfo, _chain((Way.BROKER,), sign_in, deadline_s).credentials[0])


def managed_identity(sign_in: SignIn, deadline_s: float) -> SupportsTokenInfo:
    """The identity that the settings name by one of its ids, else the system-assigned one."""
    identity = sign_in.managed_identity
    which: dict[str, Any] = {}
    if identity:
        by_client_id = identity.kind is IdentityKind.CLIENT_ID
        which = {"client_id": identity.value} if by_client_id else {"identity_config": {identity.kind: identity.value}}
    return ManagedIdentityCredential(**which, **limited_asking_again(deadline_s, sign_in.retry_timeout_s))


def environment(sign_in: SignIn, deadline_s: float) -> SupportsTokenInfo:
    """The service principal of azure-identity's own variables."""
    return EnvironmentCredential(**additional_tenants(sign_in), **network(sign_in, deadline_s))


def _chain(members: tuple[Way, ...], sign_in: SignIn, deadline_s: float) -> DefaultAzureCredential:
    left_out = {_EXCLUDE[way]: True for way in sign_in.excluded}
    if members != MEMBERS:
        left_out = {_EXCLUDE[way]: way not in members or way in sign_in.excluded for way in MEMBERS}
    if all(left_out.get(word) for word in _EXCLUDE.values()):
        raise ValueError("KVSITE_EXCLUDE_CREDENTIALS leaves nobody in the chain. Let one member in.")
    return DefaultAzureCredential(
        **left_out,
        # The chain takes one patience for all of its members; only the managed identity's settings ask for more.
        **limited_asking_again(deadline_s, sign_in.retry_timeout_s),
        **given(authority=sign_in.authority_host),
        **process(sign_in, deadline_s),
        **additional_tenants(sign_in),
        **_tenant(sign_in),
        **given(managed_identity_client_id=_client_id(sign_in)),
    )


def _tenant(sign_in: SignIn) -> dict[str, Any]:
    """The chain knows no tenant for all, only one for each member that signs in by itself."""
    words = ("workload_identity", "shared_cache", "visual_studio_code", "broker")
    return {f"{word}_tenant_id": sign_in.tenant_id for word in words} if sign_in.tenant_id else {}


def _client_id(sign_in: SignIn) -> str | None:
    identity = sign_in.managed_identity
    return identity.value if identity and identity.kind is IdentityKind.CLIENT_ID else None


def _own(member: Any, sign_in: SignIn, deadline_s: float) -> SupportsTokenInfo:
    """The member, or ours in its place where the chain does not hand it on what the settings say."""
    if isinstance(member, PlainEnvironmentCredential):
        return environment(sign_in, deadline_s)
    if isinstance(member, PlainAzureCliCredential):
        return tools.azure_cli(sign_in, deadline_s, in_chain=True)
    if isinstance(member, InteractiveBrowserCredential):  # AZURE_TOKEN_CREDENTIALS names it
        return interactive.interactive_browser(sign_in, deadline_s)
    if isinstance(member, AzurePowerShellCredential):
        return tools.azure_powershell(sign_in, deadline_s)
    if isinstance(member, AzureDeveloperCliCredential):
        return tools.azure_developer_cli(sign_in, deadline_s)
    named_otherwise = sign_in.managed_identity and not _client_id(sign_in)
    if isinstance(member, ManagedIdentityCredential) and named_otherwise:
        return managed_identity(sign_in, deadline_s)
    return cast(SupportsTokenInfo, member)
