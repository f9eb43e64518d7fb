"""Takes the place of a chain member that could not be created."""

from collections.abc import Mapping
from typing import Any, NoReturn

from azure.core.credentials import SupportsTokenInfo, TokenRequestOptions
from azure.identity import (
    AzurePipelinesCredential,
    ClientSecretCredential,
    CredentialUnavailableError,
    SharedTokenCacheCredential,
    VisualStudioCodeCredential,
    WorkloadIdentityCredential,
)

from secrets_app.core.credential_options import CHAINS, CredentialKind, CredentialOptions
from secrets_app.credentials import client_certificate, developer_tools, interactive
from secrets_app.credentials.arguments import network, tenants, without_unset
from secrets_app.credentials.default_chain import Factory, broker, default_chain, environment, managed_identity


class UnavailableCredential(SupportsTokenInfo):
    """Reports on each token request why the credential could not be created; the chain continues."""

    def __init__(self, kind: CredentialKind, message: str) -> None:
        self.stands_for = kind.class_name
        self._message = message

    def get_token_info(self, *_scopes: str, options: TokenRequestOptions | None = None) -> NoReturn:  # noqa: ARG002
        raise CredentialUnavailableError(message=self._message)

    def close(self) -> None:
        """Nothing to close."""

    def __enter__(self) -> "UnavailableCredential":
        return self

    def __exit__(self, *_args: object) -> None:
        self.close()


def _workload_identity(options: CredentialOptions, deadline_s: float) -> SupportsTokenInfo:
    which = without_unset(client_id=options.client_id)
    return WorkloadIdentityCredential(**tenants(options), **which, **network(options, deadline_s))


def _shared_cache(options: CredentialOptions, deadline_s: float) -> SupportsTokenInfo:
    return SharedTokenCacheCredential(**without_unset(tenant_id=options.tenant_id), **network(options, deadline_s))


def _visual_studio_code(options: CredentialOptions, deadline_s: float) -> SupportsTokenInfo:
    return VisualStudioCodeCredential(**tenants(options), **network(options, deadline_s))


def _client_secret(options: CredentialOptions, deadline_s: float) -> SupportsTokenInfo:
    return ClientSecretCredential(
        **_application(options, deadline_s), client_secret=options.client_secret or ""
    )  # fmt: skip


def _azure_pipelines(options: CredentialOptions, deadline_s: float) -> SupportsTokenInfo:
    return AzurePipelinesCredential(
        **_application(options, deadline_s),
        service_connection_id=options.service_connection_id or "",
        system_access_token=options.system_access_token or "",
    )


def _application(options: CredentialOptions, deadline_s: float) -> dict[str, Any]:
    return {**tenants(options), "client_id": options.client_id or "", **network(options, deadline_s)}


FACTORIES: Mapping[CredentialKind, Factory] = {
    **{chain: default_chain(*members) for chain, members in CHAINS.items()},
    CredentialKind.ENVIRONMENT: environment,
    CredentialKind.WORKLOAD_IDENTITY: _workload_identity,
    CredentialKind.MANAGED_IDENTITY: managed_identity,
    CredentialKind.SHARED_CACHE: _shared_cache,
    CredentialKind.VISUAL_STUDIO_CODE: _visual_studio_code,
    CredentialKind.AZURE_CLI: developer_tools.azure_cli,
    CredentialKind.AZURE_POWERSHELL: developer_tools.azure_powershell,
    CredentialKind.AZURE_DEVELOPER_CLI: developer_tools.azure_developer_cli,
    CredentialKind.BROKER: broker,
    CredentialKind.INTERACTIVE_BROWSER: interactive.interactive_browser,
    CredentialKind.DEVICE_CODE: interactive.device_code,
    CredentialKind.CLIENT_SECRET: _client_secret,
    CredentialKind.CLIENT_CERTIFICATE: client_certificate.client_certificate,
    CredentialKind.AZURE_PIPELINES: _azure_pipelines,
}
