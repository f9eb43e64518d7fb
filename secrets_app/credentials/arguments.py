"""Settings -> keyword arguments of azure-identity's constructors."""

from typing import Any

from secrets_app.azure_client.timeouts import credential_limits, limits_with_retries, process_timeout_s
from secrets_app.azure_client.transport import with_transport
from secrets_app.core.credential_options import CredentialOptions


def without_unset(**arguments: Any) -> dict[str, Any]:
    """The arguments that are set. azure-identity reads the others from its own environment variables."""
    return {name: value for name, value in arguments.items() if value is not None and value != ()}


def tenants(options: CredentialOptions) -> dict[str, Any]:
    """The tenant to sign in to, and the additionally allowed ones."""
    return without_unset(tenant_id=options.tenant_id, **additional_tenants(options))


def additional_tenants(options: CredentialOptions) -> dict[str, Any]:
    return without_unset(additionally_allowed_tenants=list(options.additional_tenants) or None)


def network(options: CredentialOptions, deadline_s: float) -> dict[str, Any]:
    """Time limits for Microsoft Entra ID, and the authority host of the cloud."""
    return {**timeouts(deadline_s), **without_unset(authority=options.authority_host)}


def timeouts(deadline_s: float) -> dict[str, Any]:
    """Time limits for a token endpoint."""
    return with_transport(credential_limits(deadline_s))


def timeouts_with_retries(deadline_s: float, seconds: float | None) -> dict[str, Any]:
    """The same for the managed identity endpoint, which is retried for `seconds` if that is set."""
    return timeouts(deadline_s) if seconds is None else with_transport(limits_with_retries(deadline_s, seconds))


def process(options: CredentialOptions, deadline_s: float) -> dict[str, Any]:
    """The time limit for a developer tool, in whole seconds."""
    return {"process_timeout": int(options.process_timeout_s or process_timeout_s(deadline_s))}
