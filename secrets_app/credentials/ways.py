"""Each way to a token, made with azure-identity's public classes: one entry for each word of KVSITE_CREDENTIAL."""

from collections.abc import Callable, Mapping
from typing import Any

from azure.core.credentials import SupportsTokenInfo
from azure.identity import (
    AzureCliCredential,
    AzureDeveloperCliCredential,
    AzurePipelinesCredential,
    AzurePowerShellCredential,
    ClientSecretCredential,
    DefaultAzureCredential,
    DeviceCodeCredential,
    EnvironmentCredential,
    InteractiveBrowserCredential,
    ManagedIdentityCredential,
    SharedTokenCacheCredential,
    VisualStudioCodeCredential,
    WorkloadIdentityCredential,
)

from secrets_app.patience import credential_limits, process_timeout_s
from secrets_app.sign_in import DEV_MEMBERS, MEMBERS, PROD_MEMBERS, IdentityKind, SignIn, Way

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


def _given(**arguments: Any) -> dict[str, Any]:
    """Without those the settings do not give: azure-identity fills them in from its own variables."""
    return {name: value for name, value in arguments.items() if value is not None and value != ()}


def _tenants(sign_in: SignIn) -> dict[str, Any]:
    return _given(tenant_id=sign_in.tenant_id, additionally_allowed_tenants=list(sign_in.additional_tenants) or None)


def _network(sign_in: SignIn, deadline_s: float) -> dict[str, Any]:
    return {**credential_limits(deadline_s), **_given(authority=sign_in.authority_host)}


def _process(sign_in: SignIn, deadline_s: float) -> dict[str, Any]:
    return {"process_timeout": int(sign_in.process_timeout_s or process_timeout_s(deadline_s))}


def _chain(*members: Way) -> Maker:
    def make(sign_in: SignIn, deadline_s: float) -> SupportsTokenInfo:
        # What AZURE_TOKEN_CREDENTIALS says stays in force for the default chain; `dev` and `prod` win over it.
        left_out = {_EXCLUDE[way]: True for way in sign_in.excluded}
        if members != MEMBERS:
            left_out = {_EXCLUDE[way]: way not in members or way in sign_in.excluded for way in MEMBERS}
        identity = sign_in.managed_identity
        by_client_id = identity.value if identity and identity.kind is IdentityKind.CLIENT_ID else None
        chain = DefaultAzureCredential(
            **left_out,
            **_network(sign_in, deadline_s),
            **_process(sign_in, deadline_s),
            **_given(managed_identity_client_id=by_client_id),
        )
        if identity and not by_client_id:
            # The chain takes a client id only, so its member is replaced by one that knows the other ids.
            chain.credentials = tuple(
                _managed_identity(sign_in, deadline_s) if isinstance(member, ManagedIdentityCredential) else member
                for member in chain.credentials
            )
        return chain

    return make


def _managed_identity(sign_in: SignIn, deadline_s: float) -> SupportsTokenInfo:
    identity = sign_in.managed_identity
    which = _given(identity_config={identity.kind.value: identity.value} if identity else None)
    return ManagedIdentityCredential(**which, **credential_limits(deadline_s))


def _azure_cli(sign_in: SignIn, deadline_s: float) -> SupportsTokenInfo:
    return AzureCliCredential(
        **_tenants(sign_in), **_process(sign_in, deadline_s), **_given(subscription=sign_in.az_subscription)
    )


def _client_secret(sign_in: SignIn, deadline_s: float) -> SupportsTokenInfo:
    return ClientSecretCredential(
        **_tenants(sign_in),
        client_id=sign_in.client_id or "",
        client_secret=sign_in.client_secret or "",
        **_network(sign_in, deadline_s),
    )


def _azure_pipelines(sign_in: SignIn, deadline_s: float) -> SupportsTokenInfo:
    return AzurePipelinesCredential(
        **_tenants(sign_in),
        client_id=sign_in.client_id or "",
        service_connection_id=sign_in.service_connection_id or "",
        system_access_token=sign_in.system_access_token or "",
        **_network(sign_in, deadline_s),
    )


def _with_tenants(credential: Any) -> Maker:
    def make(sign_in: SignIn, deadline_s: float) -> SupportsTokenInfo:
        made: SupportsTokenInfo = credential(
            **_tenants(sign_in), **_given(client_id=sign_in.client_id), **_network(sign_in, deadline_s)
        )
        return made

    return make


def _tool(credential: Any) -> Maker:
    def make(sign_in: SignIn, deadline_s: float) -> SupportsTokenInfo:
        made: SupportsTokenInfo = credential(**_tenants(sign_in), **_process(sign_in, deadline_s))
        return made

    return make


MAKERS: Mapping[Way, Maker] = {
    Way.DEFAULT: _chain(*MEMBERS),
    Way.DEV: _chain(*DEV_MEMBERS),
    Way.PROD: _chain(*PROD_MEMBERS),
    Way.ENVIRONMENT: lambda sign_in, deadline_s: EnvironmentCredential(**_network(sign_in, deadline_s)),
    Way.WORKLOAD_IDENTITY: _with_tenants(WorkloadIdentityCredential),
    Way.MANAGED_IDENTITY: _managed_identity,
    Way.SHARED_CACHE: lambda sign_in, deadline_s: SharedTokenCacheCredential(**_network(sign_in, deadline_s)),
    Way.VISUAL_STUDIO_CODE: lambda sign_in, deadline_s: VisualStudioCodeCredential(
        **_tenants(sign_in), **_network(sign_in, deadline_s)
    ),
    Way.AZURE_CLI: _azure_cli,
    Way.AZURE_POWERSHELL: _tool(AzurePowerShellCredential),
    Way.AZURE_DEVELOPER_CLI: _tool(AzureDeveloperCliCredential),
    Way.INTERACTIVE_BROWSER: _with_tenants(InteractiveBrowserCredential),
    Way.DEVICE_CODE: _with_tenants(DeviceCodeCredential),
    Way.CLIENT_SECRET: _client_secret,
    Way.AZURE_PIPELINES: _azure_pipelines,
}
