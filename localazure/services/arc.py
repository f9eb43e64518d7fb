"""The token service of Azure Arc's agent: a challenge names a file, whose content is the proof that one may read it.

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

from localazure.arc_keys import ArcKeys
from localazure.services.instance_metadata import invalid_request
from localazure.services.managed_identity import UnknownResourceError, token_fields
from localazure.services.refusal import Json, Refusal, answer_refusal
from localazure.world import World

PATH = "/metadata/identity/oauth2/token"
API_VERSIONS = ("2019-08-15", "2019-11-01", "2020-06-01")


def arc(world: World, keys: ArcKeys) -> Starlette:
    """The agent's token service. It knows one identity, the machine's own, and no name changes that."""

    async def token(request: Request) -> Response:
        _check(request)
        _check_key(request, keys)
        try:
            return Json(token_fields(world, world.scenario.identities[0], request.query_params["resource"]))
        except UnknownResourceError as error:
            raise invalid_request(f"The resource {error} is not known") from None

    return Starlette(routes=[Route(PATH, token)], exception_handlers={Refusal: answer_refusal})


def _check(request: Request) -> None:
    if request.headers.get("Metadata", "").lower() != "true":
        raise invalid_request("Required metadata header not specified")
    if request.query_params.get("api-version") not in API_VERSIONS:
        raise invalid_request(f"Supported API versions: {', '.join(API_VERSIONS)}")
    if not request.query_params.get("resource"):
        raise invalid_request("Required query variable 'resource' is missing")


def _check_key(request: Request, keys: ArcKeys) -> None:
    """Raises Refusal with a challenge unless the request carries the key of one that was given."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme == "Basic" and any(hmac.compare_digest(given.encode(), key.encode()) for key in keys.given):
        return
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    path = keys.write(f"{uuid.uuid4()}.key", key)
    body = {"error": "unauthorized_client", "error_description": "Missing Basic Authorization header"}
    raise Refusal(401, body, {"WWW-Authenticate": f"Basic realm={path}"})
