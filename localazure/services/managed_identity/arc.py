"""The managed identity endpoint of Azure Arc. Its challenge names a key file that only privileged users can read.

https://learn.microsoft.com/azure/azure-arc/servers/managed-identity-authentication
"""

import base64
import hmac
import secrets
import uuid

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from localazure.services.errors import AzureJSONResponse, ServiceError, handle_service_error
from localazure.services.managed_identity.arc_key_files import ArcKeyFiles
from localazure.services.managed_identity.imds import invalid_request
from localazure.services.managed_identity.token_response import UnknownResourceError, token_fields
from localazure.state.emulator_state import EmulatorState

PATH = "/metadata/identity/oauth2/token"
API_VERSIONS = ("2019-08-15", "2019-11-01", "2020-06-01")


def create_app(state: EmulatorState, key_files: ArcKeyFiles) -> Starlette:
    """Return the ASGI application. The only identity is the system-assigned one; requests cannot select another."""

    async def token(request: Request) -> Response:
        _check(request)
        _check_key(request, key_files)
        try:
            return AzureJSONResponse(token_fields(state, state.identities[0], request.query_params["resource"]))
        except UnknownResourceError as error:
            raise invalid_request(f"The resource {error} is not known") from None

    return Starlette(routes=[Route(PATH, token)], exception_handlers={ServiceError: handle_service_error})


def _check(request: Request) -> None:
    if request.headers.get("Metadata", "").lower() != "true":
        raise invalid_request("Required metadata header not specified")
    if request.query_params.get("api-version") not in API_VERSIONS:
        raise invalid_request(f"Supported API versions: {', '.join(API_VERSIONS)}")
    if not request.query_params.get("resource"):
        raise invalid_request("Required query variable 'resource' is missing")


def _check_key(request: Request, key_files: ArcKeyFiles) -> None:
    """Raises ServiceError with a challenge unless the request contains an issued key."""
    scheme, _, provided = request.headers.get("Authorization", "").partition(" ")
    if scheme == "Basic" and any(hmac.compare_digest(provided.encode(), key.encode()) for key in key_files.issued):
        return
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    path = key_files.write(f"{uuid.uuid4()}.key", key)
    body = {"error": "unauthorized_client", "error_description": "Missing Basic Authorization header"}
    raise ServiceError(401, body, {"WWW-Authenticate": f"Basic realm={path}"})
