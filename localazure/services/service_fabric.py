"""The token service of a Service Fabric cluster: HTTPS, with a certificate its clients know by thumbprint alone.

https://learn.microsoft.com/azure/service-fabric/how-to-managed-identity-service-fabric-app-code
"""

import hmac
import uuid

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from localazure.services.managed_identity import UnknownResourceError, token_fields
from localazure.services.refusal import Json, Refusal, answer_refusal
from localazure.world import World

HOST = "10.0.0.4:2377"
PATH = "/metadata/identity/oauth2/token"
API_VERSION = "2019-07-01-preview"


def service_fabric(world: World) -> Starlette:
    """The cluster's token service. The application's identity is set in the cluster; no request can name another."""

    async def token(request: Request) -> Response:
        _check(request, world.identity_header)
        resource = request.query_params["resource"]
        if not world.scenario.identities:
            text = "Managed identity not found for the specified application host."
            raise _refused(404, "ManagedIdentityNotFound", text)
        try:
            fields = token_fields(world, world.scenario.identities[0], resource)
        except UnknownResourceError:
            raise _refused(500, "InternalServerError", "Failed to fetch the token.") from None
        names = ("token_type", "access_token", "expires_on", "resource")
        return Json({name: fields[name] for name in names})

    return Starlette(routes=[Route(PATH, token)], exception_handlers={Refusal: answer_refusal})


def _check(request: Request, secret: str) -> None:
    version = request.query_params.get("api-version", "")
    if not hmac.compare_digest(request.headers.get("Secret", "").encode(), secret.encode()):
        raise _refused(401, "SecretHeaderNotFound", "Secret is not found in the request headers.")
    if version != API_VERSION:
        text = f"The api-version '{version}' is not supported. Supported version is '{API_VERSION}'."
        raise _refused(400, "InvalidApiVersion", text)
    if not request.query_params.get("resource"):
        raise _refused(400, "ArgumentNullOrEmpty", "The parameter 'resource' should not be null or empty string.")


def _refused(status: int, code: str, message: str) -> Refusal:
    error = {"correlationId": str(uuid.uuid4()), "code": code, "message": message}
    return Refusal(status, {"error": error})
