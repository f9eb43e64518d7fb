"""DefaultAzureCredential with this site's settings, and its members that azure-identity cannot configure."""

import base64
import json
from collections.abc import Callable
from typing import Any, cast

import azure.identity
from azure.core.credentials import SupportsTokenInfo
from azure.core.pipeline import PipelineRequest
from azure.identity import AzureCliCredential as PlainAzureCliCredential
from azure.identity import (
    AzureDeveloperCliCredential,
    AzurePowerShellCredential,
    DefaultAzureCredential,
    InteractiveBrowserCredential,
    ManagedIdentityCredential,
)
from azure.identity import EnvironmentCredential as PlainEnvironmentCredential

from secrets_app.core.credential_options import MEMBERS, CredentialKind, CredentialOptions, IdentityKind
from secrets_app.credentials import developer_tools, interactive
from secrets_app.credentials.arguments import additional_tenants, network, process, timeouts_with_retries, without_unset


class EnvironmentCredential(azure.identity.EnvironmentCredential):
    """azure-identity's class of the same name. The thumbprint is visible only in its request to Microsoft Entra ID."""

    def __init__(self, **more: Any) -> None:
        self.certificate_thumbprint: str | None = None
        """SHA-1 in upper-case hex digits; None if no certificate was used."""
        super().__init__(raw_request_hook=self._record_thumbprint, **more)

    def _record_thumbprint(self, request: PipelineRequest[Any]) -> None:
        form = request.http_request.content  # a dict of form fields in a token request
        assertion = form.get("client_assertion") if isinstance(form, dict) else None
        if assertion:
            self.certificate_thumbprint = _thumbprint_in_assertion(assertion)


def _thumbprint_in_assertion(assertion: str | bytes) -> str | None:
    """The thumbprint in a client assertion's header (x5t).

    https://learn.microsoft.com/entra/identity-platform/certificate-credentials#header
    """
    text = assertion.decode() if isinstance(assertion, bytes) else assertion
    try:
        header = json.loads(base64.urlsafe_b64decode(text.partition(".")[0] + "=="))
        return base64.urlsafe_b64decode(header["x5t"] + "==").hex().upper()
    except (ValueError, KeyError, TypeError):
        return None


Factory = Callable[[CredentialOptions, float], SupportsTokenInfo]
"""(options, the reading's deadline in seconds) -> the credential. Raises ValueError if it cannot be created."""


def default_chain(*members: CredentialKind) -> Factory:
    """A chain of these members. AZURE_TOKEN_CREDENTIALS applies only if these are all of them."""

    def create(options: CredentialOptions, deadline_s: float) -> SupportsTokenInfo:
        chain = _chain(members, options, deadline_s)
        chain.credentials = tuple(_replacement(member, options, deadline_s) for member in chain.credentials)
        return chain

    return create


def broker(options: CredentialOptions, deadline_s: float) -> SupportsTokenInfo:
    """The operating system's broker. azure-identity has no public class for it, so it is taken from a chain."""
    return cast(SupportsTokenInfo, _chain((CredentialKind.BROKER,), options, deadline_s).credentials[0])


def managed_identity(options: CredentialOptions, deadline_s: float) -> SupportsTokenInfo:
    """The identity selected by client ID, object ID or resource ID, or the system-assigned one."""
    identity = options.managed_identity
    selector: dict[str, Any] = {}
    if identity:
        by_client_id = identity.kind is IdentityKind.CLIENT_ID
        selector = (
            {"client_id": identity.value} if by_client_id else {"identity_config": {identity.kind: identity.value}}
        )
    return ManagedIdentityCredential(**selector, **timeouts_with_retries(deadline_s, options.retry_timeout_s))


def environment(options: CredentialOptions, deadline_s: float) -> SupportsTokenInfo:
    """The service principal set in azure-identity's environment variables."""
    return EnvironmentCredential(**additional_tenants(options), **network(options, deadline_s))


def _chain(
    members: tuple[CredentialKind, ...], options: CredentialOptions, deadline_s: float
) -> DefaultAzureCredential:
    excluded = {kind.row.exclude_argument: True for kind in options.excluded}
    if members != MEMBERS:
        excluded = {kind.row.exclude_argument: kind not in members or kind in options.excluded for kind in MEMBERS}
    if all(excluded.get(kind.row.exclude_argument) for kind in MEMBERS):
        raise ValueError("KVSITE_EXCLUDE_CREDENTIALS excludes every credential in the chain. Keep at least one.")
    return DefaultAzureCredential(
        **excluded,
        # The chain has one set of limits for all members; only the managed identity settings can raise them.
        **timeouts_with_retries(deadline_s, options.retry_timeout_s),
        **without_unset(authority=options.authority_host),
        **process(options, deadline_s),
        **additional_tenants(options),
        **_tenant(options),
        **without_unset(managed_identity_client_id=_client_id(options)),
    )


def _tenant(options: CredentialOptions) -> dict[str, Any]:
    """The chain has no common tenant argument, only one for each member that signs in directly."""
    prefixes = ("workload_identity", "shared_cache", "visual_studio_code", "broker")
    return {f"{prefix}_tenant_id": options.tenant_id for prefix in prefixes} if options.tenant_id else {}


def _client_id(options: CredentialOptions) -> str | None:
    identity = options.managed_identity
    return identity.value if identity and identity.kind is IdentityKind.CLIENT_ID else None


def _replacement(member: Any, options: CredentialOptions, deadline_s: float) -> SupportsTokenInfo:
    """The member, or this product's replacement where the chain does not pass on the settings."""
    if isinstance(member, PlainEnvironmentCredential):
        return environment(options, deadline_s)
    if isinstance(member, PlainAzureCliCredential):
        return developer_tools.azure_cli(options, deadline_s, in_chain=True)
    if isinstance(member, InteractiveBrowserCredential):  # AZURE_TOKEN_CREDENTIALS names it
        return interactive.interactive_browser(options, deadline_s)
    if isinstance(member, AzurePowerShellCredential):
        return developer_tools.azure_powershell(options, deadline_s, in_chain=True)
    if isinstance(member, AzureDeveloperCliCredential):
        return developer_tools.azure_developer_cli(options, deadline_s, in_chain=True)
    selected_by_other_id = options.managed_identity and not _client_id(options)
    if isinstance(member, ManagedIdentityCredential) and selected_by_other_id:
        return managed_identity(options, deadline_s)
    return cast(SupportsTokenInfo, member)
