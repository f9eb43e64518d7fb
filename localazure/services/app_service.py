"""App Service's token service: what IDENTITY_ENDPOINT points to.

https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference
"""

import hmac
import uuid

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from localazure.directory import ManagedIdentity
from localazure.scenario import Host
from localazure.services.managed_identity import (
    IdentityNotFoundError,
    Names,
    SeveralIdentitiesError,
    UnknownResourceError,
    choose,
    token_fields,
)
from localazure.services.refusal import Json, Refusal, answer_refusal
from localazure.world import World

PATH = "/msi/token"
API_VERSION = "2019-08-01"
FIELDS = ("access_token", "expires_on", "resource", "token_type", "client_id")
NAMES = Names(client_id=("client_id",), object_id=("object_id", "principal_id"), resource_id=("mi_res_id",))


def offers_token_service(world: World) -> bool:
    """App Service has a token service, and says so in IDENTITY_ENDPOINT, only when the site has an identity."""
    return world.scenario.host is Host.APP_SERVICE and bool(world.scenario.identities)


def app_service(world: World) -> Starlette:
    """The token service of a site, as an ASGI application."""

    async def token(request: Request) -> Response:
        _check(request, world.identity_header)
        identity = identity_of(world, request, NAMES)
        try:
            fields = token_fields(world, identity, request.query_params["resource"])
        except UnknownResourceError:
            raise app_service_failure(500) from None
        return Json({name: fields[name] for name in FIELDS})

    return Starlette(routes=[Route(PATH, token)], exception_handlers={Refusal: answer_refusal})


def _check(request: Request, identity_header: str) -> None:
    given = request.headers.get("X-IDENTITY-HEADER", "")
    if not hmac.compare_digest(given.encode(), identity_header.encode()):
        raise refused(401, "Unauthorized")
    if request.query_params.get("api-version") != API_VERSION:
        raise refused(400, "Unsupported api-version.")
    if not request.query_params.get("resource"):
        raise refused(400, "Resource is not specified.")


def identity_of(world: World, request: Request, names: Names) -> ManagedIdentity:
    """The identity the request means. Raises Refusal."""
    try:
        return choose(world.scenario.identities, request.query_params, names)
    except (IdentityNotFoundError, SeveralIdentitiesError):
        text = "No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId."
        raise refused(400, text) from None


def app_service_failure(status: int) -> Refusal:
    """What the token service answers when it fails."""
    return refused(status, "An unexpected error occured while fetching the AAD Token.")


def refused(status: int, message: str) -> Refusal:
    """A refusal in App Service's form."""
    return Refusal(status, {"statusCode": status, "message": message, "correlationId": str(uuid.uuid4())})
