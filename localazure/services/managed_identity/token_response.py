"""The fields of a managed identity token response; each host returns some of them."""

from localazure.scenarios.directory import Identity, User, managed_identity_audience
from localazure.state.emulator_state import EmulatorState


class UnknownResourceError(LookupError):
    """The requested resource does not exist."""


def token_fields(state: EmulatorState, identity: Identity, resource: str) -> dict[str, str]:
    """Return all fields; numbers are strings, times are in seconds. Raises UnknownResourceError."""
    audience = state.directory.audience_of(resource) or managed_identity_audience(resource)
    if audience is None:
        raise UnknownResourceError(resource)
    token = state.token(identity, audience)
    expires_in = str(token.expires_on - state.now_s())
    client_id = {} if isinstance(identity, User) else {"client_id": identity.client_id}
    return {
        "access_token": token.text,
        **client_id,
        "expires_in": expires_in,
        "expires_on": str(token.expires_on),
        "ext_expires_in": expires_in,
        "not_before": str(token.not_before),
        "resource": resource,
        "token_type": "Bearer",
    }
