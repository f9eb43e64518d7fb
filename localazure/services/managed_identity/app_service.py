"""The managed identity endpoint of App Service (`IDENTITY_ENDPOINT`).

https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference
"""

import hmac
import uuid
from datetime import UTC, datetime

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from localazure.scenarios.directory import ManagedIdentity
from localazure.scenarios.scenario import Host
from localazure.services.errors import AzureJSONResponse, ServiceError, handle_service_error
from localazure.services.managed_identity.selection import (
    IdentityNotFoundError,
    IdentityParameters,
    MultipleIdentitiesError,
    select_identity,
)
from localazure.services.managed_identity.token_response import UnknownResourceError, token_fields
from localazure.state.emulator_state import EmulatorState

PATH = "/msi/token"
API_VERSION = "2019-08-01"
FORMER_API_VERSION = "2017-09-01"
"""Of MSI_ENDPOINT and MSI_SECRET, which clients of before 2020 use."""
FORMER_FIELDS = ("access_token", "expires_on", "resource", "token_type", "client_id")
FIELDS = ("access_token", "expires_on", "resource", "token_type", "client_id")
IDENTITY_PARAMETERS = IdentityParameters(
    client_id=("client_id",), object_id=("object_id", "principal_id"), resource_id=("mi_res_id",)
)

FORMER_PARAMETERS = IdentityParameters(client_id=("clientid",), object_id=(), resource_id=())


def has_identity_endpoint(state: EmulatorState) -> bool:
    """App Service has a managed identity endpoint only when an identity is assigned to the site."""
    return state.scenario.host is Host.APP_SERVICE and bool(state.identities)


def create_app(state: EmulatorState) -> Starlette:
    """Return the ASGI application."""

    async def token(request: Request) -> Response:
        if not has_identity_endpoint(state):
            raise app_service_error(404, "Not Found")
        former = request.query_params.get("api-version") == FORMER_API_VERSION
        _check(request, state.identity_header, former=former)
        identity = requested_identity(state, request, FORMER_PARAMETERS if former else IDENTITY_PARAMETERS)
        try:
            fields = token_fields(state, identity, request.query_params["resource"])
        except UnknownResourceError:
            raise error_for_status(500) from None
        if former:
            expires_on = datetime.fromtimestamp(int(fields["expires_on"]), tz=UTC)
            fields["expires_on"] = f"{expires_on:%m/%d/%Y %I:%M:%S %p} +00:00"
        return AzureJSONResponse({name: fields[name] for name in (FORMER_FIELDS if former else FIELDS)})

    return Starlette(routes=[Route(PATH, token)], exception_handlers={ServiceError: handle_service_error})


def _check(request: Request, identity_header: str, *, former: bool) -> None:
    provided = request.headers.get("secret" if former else "X-IDENTITY-HEADER", "")
    if not hmac.compare_digest(provided.encode(), identity_header.encode()):
        raise app_service_error(401, "Unauthorized")
    if request.query_params.get("api-version") not in (API_VERSION, FORMER_API_VERSION):
        raise app_service_error(400, "Unsupported api-version.")
    if not request.query_params.get("resource"):
        raise app_service_error(400, "Resource is not specified.")


def requested_identity(state: EmulatorState, request: Request, parameters: IdentityParameters) -> ManagedIdentity:
    """Return the identity that the request specifies. Raises ServiceError."""
    try:
        return select_identity(state.identities, request.query_params, parameters)
    except (IdentityNotFoundError, MultipleIdentitiesError):
        text = "No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId."
        raise app_service_error(400, text) from None


def error_for_status(status: int) -> ServiceError:
    """An internal error with this HTTP status."""
    return app_service_error(status, "An unexpected error occured while fetching the AAD Token.")


def app_service_error(status: int, message: str) -> ServiceError:
    """An error in App Service's format."""
    return ServiceError(status, {"statusCode": status, "message": message, "correlationId": str(uuid.uuid4())})
