"""Each way to a token, made with azure-identity's public classes: one entry for each word of KVSITE_CREDENTIAL."""

from collections.abc import Mapping
from typing import Any

from azure.core.credentials import SupportsTokenInfo
from azure.identity import (
    AzurePipelinesCredential,
    ClientSecretCredential,
    SharedTokenCacheCredential,
    VisualStudioCodeCredential,
    WorkloadIdentityCredential,
)

from secrets_app.credentials import client_certificate, interactive, tools
from secrets_app.credentials.arguments import given, network, tenants
from secrets_app.credentials.chain import Maker, broker, chain_of, environment, managed_identity
from secrets_app.sign_in import DEV_MEMBERS, MEMBERS, PROD_MEMBERS, SignIn, Way


def _workload_identity(sign_in: SignIn, deadline_s: float) -> SupportsTokenInfo:
    which = given(client_id=sign_in.client_id)
    return WorkloadIdentityCredential(**tenants(sign_in), **which, **network(sign_in, deadline_s))


def _shared_cache(sign_in: SignIn, deadline_s: float) -> SupportsTokenInfo:
    return SharedTokenCacheCredential(**given(tenant_id=sign_in.tenant_id), **network(sign_in, deadline_s))


def _visual_studio_code(sign_in: SignIn, deadline_s: float) -> SupportsTokenInfo:
    return VisualStudioCodeCredential(**tenants(sign_in), **network(sign_in, deadline_s))


def _client_secret(sign_in: SignIn, deadline_s: float) -> SupportsTokenInfo:
    return ClientSecretCredential(
        **_application(sign_in, deadline_s), client_secret=sign_in.client_secret or ""
    )  # fmt: skip


def _azure_pipelines(sign_in: SignIn, deadline_s: float) -> SupportsTokenInfo:
    return AzurePipelinesCredential(
        **_application(sign_in, deadline_s),
        service_connection_id=sign_in.service_connection_id or "",
        system_access_token=sign_in.system_access_token or "",
    )


def _application(sign_in: SignIn, deadline_s: float) -> dict[str, Any]:
    return {**tenants(sign_in), "client_id": sign_in.client_id or "", **network(sign_in, deadline_s)}


MAKERS: Mapping[Way, Maker] = {
    Way.DEFAULT: chain_of(*MEMBERS),
    Way.DEV: chain_of(*DEV_MEMBERS),
    Way.PROD: chain_of(*PROD_MEMBERS),
    Way.ENVIRONMENT: environment,
    Way.WORKLOAD_IDENTITY: _workload_identity,
    Way.MANAGED_IDENTITY: managed_identity,
    Way.SHARED_CACHE: _shared_cache,
    Way.VISUAL_STUDIO_CODE: _visual_studio_code,
    Way.AZURE_CLI: tools.azure_cli,
    Way.AZURE_POWERSHELL: tools.azure_powershell,
    Way.AZURE_DEVELOPER_CLI: tools.azure_developer_cli,
    Way.BROKER: broker,
    Way.INTERACTIVE_BROWSER: interactive.interactive_browser,
    Way.DEVICE_CODE: interactive.device_code,
    Way.CLIENT_SECRET: _client_secret,
    Way.CLIENT_CERTIFICATE: client_certificate.client_certificate,
    Way.AZURE_PIPELINES: _azure_pipelines,
}
