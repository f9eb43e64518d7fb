"""What the settings give to azure-identity's constructors, in its words."""

from typing import Any

from secrets_app.azure_client.timeouts import credential_limits, limits_with_retries, process_timeout_s
from secrets_app.azure_client.transport import with_transport
from secrets_app.core.credential_options import CredentialOptions


def without_unset(**arguments: Any) -> dict[str, Any]:
    """Without those the settings do not give: azure-identity fills them in from its own variables."""
    return {name: value for name, value in arguments.items() if value is not None and value != ()}


def tenants(sign_in: CredentialOptions) -> dict[str, Any]:
    """Which tenant to sign in to, and which others may be asked for a token."""
    return without_unset(tenant_id=sign_in.tenant_id, **additional_tenants(sign_in))


def additional_tenants(sign_in: CredentialOptions) -> dict[str, Any]:
    return without_unset(additionally_allowed_tenants=list(sign_in.additional_tenants) or None)


def network(sign_in: CredentialOptions, deadline_s: float) -> dict[str, Any]:
    """How long Entra may take, and which cloud's it is."""
    return {**timeouts(deadline_s), **without_unset(authority=sign_in.authority_host)}


def timeouts(deadline_s: float) -> dict[str, Any]:
    """How long a token service may take."""
    return with_transport(credential_limits(deadline_s))


def timeouts_with_retries(deadline_s: float, seconds: float | None) -> dict[str, Any]:
    """The same for a managed identity's endpoint, which the settings may have asked again for some seconds."""
    return timeouts(deadline_s) if seconds is None else with_transport(limits_with_retries(deadline_s, seconds))


def process(sign_in: CredentialOptions, deadline_s: float) -> dict[str, Any]:
    """Whole seconds that a tool may take."""
    return {"process_timeout": int(sign_in.process_timeout_s or process_timeout_s(deadline_s))}
