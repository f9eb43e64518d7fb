"""The managed identity endpoint of Service Fabric: HTTPS with a certificate that clients identify by thumbprint.

https://learn.microsoft.com/azure/service-fabric/how-to-managed-identity-service-fabric-app-code
"""

import hmac
import uuid

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from localazure.services.errors import AzureJSONResponse, ServiceError, handle_service_error
from localazure.services.managed_identity.token_response import UnknownResourceError, token_fields
from localazure.state.emulator_state import EmulatorState

HOST = "10.0.0.4:2377"
PATH = "/metadata/identity/oauth2/token"
API_VERSION = "2019-07-01-preview"


def create_app(state: EmulatorState) -> Starlette:
    """Return the ASGI application. The identity is configured in the cluster; requests cannot select another."""

    async def token(request: Request) -> Response:
        _check(request, state.identity_header)
        resource = request.query_params["resource"]
        if not state.identities:
            text = "Managed identity not found for the specified application host."
            raise _error(404, "ManagedIdentityNotFound", text)
        try:
            fields = token_fields(state, state.identities[0], resource)
        except UnknownResourceError:
            raise _error(500, "InternalServerError", "Failed to fetch the token.") from None
        names = ("token_type", "access_token", "expires_on", "resource")
        return AzureJSONResponse({name: fields[name] for name in names})

    return Starlette(routes=[Route(PATH, token)], exception_handlers={ServiceError: handle_service_error})


def _check(request: Request, secret: str) -> None:
    version = request.query_params.get("api-version", "")
    if not hmac.compare_digest(request.headers.get("Secret", "").encode(), secret.encode()):
        raise _error(401, "SecretHeaderNotFound", "Secret is not found in the request headers.")
    if version != API_VERSION:
        text = f"The api-version '{version}' is not supported. Supported version is '{API_VERSION}'."
        raise _error(400, "InvalidApiVersion", text)
    if not request.query_params.get("resource"):
        raise _error(400, "ArgumentNullOrEmpty", "The parameter 'resource' should not be null or empty string.")


def _error(status: int, code: str, message: str) -> ServiceError:
    error = {"correlationId": str(uuid.uuid4()), "code": code, "message": message}
    return ServiceError(status, {"error": error})
