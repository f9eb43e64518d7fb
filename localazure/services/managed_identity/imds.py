"""Instance Metadata Service (IMDS) of a virtual machine: http://169.254.169.254.

https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
"""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from localazure.scenarios.directory import ManagedIdentity
from localazure.services.entra import errors as entra_errors
from localazure.services.errors import AzureJSONResponse, ServiceError, handle_service_error
from localazure.services.managed_identity.selection import (
    IdentityNotFoundError,
    IdentityParameters,
    MultipleIdentitiesError,
    select_identity,
)
from localazure.services.managed_identity.token_response import UnknownResourceError, token_fields
from localazure.state.emulator_state import EmulatorState

HOST = "169.254.169.254"
PATH = "/metadata/identity/oauth2/token"
API_VERSIONS = ("2018-02-01", "2019-08-01", "2020-06-01", "2021-02-01")
IDENTITY_PARAMETERS = IdentityParameters(
    client_id=("client_id",), object_id=("object_id",), resource_id=("msi_res_id", "mi_res_id")
)


def create_app(state: EmulatorState) -> Starlette:
    """Return the ASGI application."""

    async def token(request: Request) -> Response:
        _check(request)
        identity, resource = _identity(state.identities, request), request.query_params["resource"]
        try:
            return AzureJSONResponse(token_fields(state, identity, resource))
        except UnknownResourceError:
            raise _unknown_resource(state, resource) from None

    async def not_found(_request: Request) -> Response:
        raise error_for_status(404)

    return Starlette(
        routes=[Route(PATH, token), Route("/{path:path}", not_found)],
        exception_handlers={ServiceError: handle_service_error},
    )


def response_headers(_state: EmulatorState, client_request_id: str | None) -> dict[str, str]:
    """The headers of every response."""
    echoed = {"x-ms-client-request-id": client_request_id} if client_request_id else {}
    return {"Server": "IMDS/150.870.65.1854", **echoed}


def _check(request: Request) -> None:
    """Checks the headers that protect IMDS from forwarded requests, then the parameters."""
    if request.headers.get("Metadata", "").lower() != "true":
        raise invalid_request("Required metadata header not specified")
    if "X-Forwarded-For" in request.headers:
        raise invalid_request("Request contains X-Forwarded-For header, which is not allowed")
    version = request.query_params.get("api-version")
    if version not in API_VERSIONS:
        reason = "api-version was not specified in the request" if not version else f"api-version {version} is invalid"
        raise ServiceError(400, {"error": f"Bad request. {reason}", "newest-versions": list(reversed(API_VERSIONS))})
    if not request.query_params.get("resource"):
        raise invalid_request("Required query variable 'resource' is missing")


def _identity(identities: tuple[ManagedIdentity, ...], request: Request) -> ManagedIdentity:
    try:
        return select_identity(identities, request.query_params, IDENTITY_PARAMETERS)
    except IdentityNotFoundError:
        raise invalid_request("Identity not found") from None
    except MultipleIdentitiesError:
        raise invalid_request(
            "Multiple user assigned identities exist, please specify the clientId / resourceId of the identity"
            " in the token request"
        ) from None


def invalid_request(description: str) -> ServiceError:
    return ServiceError(400, {"error": "invalid_request", "error_description": description})


def error_for_status(status: int) -> ServiceError:
    """The documented error for this HTTP status.

    https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token#error-handling
    """
    error, description = _ERRORS.get(status, ("unknown", "Failed to retrieve token from the Active directory."))
    return ServiceError(status, {"error": error, "error_description": description})


_ERRORS = {
    404: ("not_found", "The requested resource was not found."),
    410: ("gone", "The endpoint is being updated. It will be available again within 70 seconds."),
    429: ("too_many_requests", "Too many requests"),
}


def _unknown_resource(state: EmulatorState, resource: str) -> ServiceError:
    """Entra's error, which IMDS passes on."""
    description = entra_errors.unknown_resource(state, resource).description
    return ServiceError(400, {"error": "invalid_resource", "error_description": description})
