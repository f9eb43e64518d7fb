"""Fault injection with an Entra error code: `--fault entra=AADSTS53003`."""

from datetime import UTC, datetime

from localazure.scenarios.aadsts import AADSTS_ERRORS
from localazure.services.entra.errors import entra_error
from localazure.services.errors import ServiceError
from localazure.state.emulator_state import EmulatorState

MONTH_S = 30 * 86_400


def raise_injected_error(state: EmulatorState, client_id: str, requested: str) -> None:
    """Raises ServiceError when an error code is injected. `requested` is a resource or a scope."""
    injection = state.faults.get("entra")
    if injection and injection.aadsts:
        resource = requested.split(" ")[0].removesuffix("/.default")
        raise injected_error(state, injection.aadsts, client_id=client_id, resource=resource)


def injected_error(state: EmulatorState, number: int, *, client_id: str, resource: str) -> ServiceError:
    """Return the error for this client and resource. Raises KeyError when it is not in AADSTS_ERRORS."""
    entry, now_s = AADSTS_ERRORS[number], state.now_s()
    text = entry.text.format(
        client_id=client_id,
        resource=resource,
        tenant_id=state.tenant.id,
        tenant_name=state.tenant.name,
        issuer=state.tenant.issuer,
        now=_time(now_s),
        then=_time(now_s - MONTH_S),
    )
    return entra_error(state, number, entry.error, text, entry.status)


def _time(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, tz=UTC):%Y-%m-%dT%H:%M:%S}.0000000Z"
