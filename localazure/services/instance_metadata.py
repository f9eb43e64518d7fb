"""The virtual machine's metadata service (IMDS): http://169.254.169.254.

https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
"""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from localazure.directory import ManagedIdentity
from localazure.services import entra_refusals
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

HOST = "169.254.169.254"
PATH = "/metadata/identity/oauth2/token"
API_VERSIONS = ("2018-02-01", "2019-08-01", "2020-06-01", "2021-02-01")
NAMES = Names(client_id=("client_id",), object_id=("object_id",), resource_id=("msi_res_id", "mi_res_id"))


def instance_metadata(world: World) -> Starlette:
    """The metadata service of a virtual machine, as an ASGI application."""

    async def token(request: Request) -> Response:
        _check(request)
        identity, resource = _identity(world.scenario.identities, request), request.query_params["resource"]
        try:
            return Json(token_fields(world, identity, resource))
        except UnknownResourceError:
            raise _unknown_resource(world, resource) from None

    async def not_found(_request: Request) -> Response:
        raise metadata_failure(404)

    return Starlette(
        routes=[Route(PATH, token), Route("/{path:path}", not_found)], exception_handlers={Refusal: answer_refusal}
    )


def metadata_headers(_world: World, client_request_id: str | None) -> dict[str, str]:
    """The headers IMDS puts on every answer."""
    echoed = {"x-ms-client-request-id": client_request_id} if client_request_id else {}
    return {"Server": "IMDS/150.870.65.1854", **echoed}


def _check(request: Request) -> None:
    """The proofs IMDS wants that a request was made on purpose and on this machine, then its parameters."""
    if request.headers.get("Metadata", "").lower() != "true":
        raise invalid_request("Required metadata header not specified")
    if "X-Forwarded-For" in request.headers:
        raise invalid_request("Request contains X-Forwarded-For header, which is not allowed")
    version = request.query_params.get("api-version")
    if version not in API_VERSIONS:
        reason = "api-version was not specified in the request" if not version else f"api-version {version} is invalid"
        raise Refusal(400, {"error": f"Bad request. {reason}", "newest-versions": list(reversed(API_VERSIONS))})
    if not request.query_params.get("resource"):
        raise invalid_request("Required query variable 'resource' is missing")


def _identity(identities: tuple[ManagedIdentity, ...], request: Request) -> ManagedIdentity:
    try:
        return choose(identities, request.query_params, NAMES)
    except IdentityNotFoundError:
        raise invalid_request("Identity not found") from None
    except SeveralIdentitiesError:
        raise invalid_request(
            "Multiple user assigned identities exist, please specify the clientId / resourceId of the identity"
            " in the token request"
        ) from None


def invalid_request(description: str) -> Refusal:
    return Refusal(400, {"error": "invalid_request", "error_description": description})


def metadata_failure(status: int) -> Refusal:
    """The failures IMDS documents, each with the words it says.

    https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token#error-handling
    """
    error, description = _FAILURES.get(status, ("unknown", "Failed to retrieve token from the Active directory."))
    return Refusal(status, {"error": error, "error_description": description})


_FAILURES = {
    404: ("not_found", "The requested resource was not found."),
    410: ("gone", "The endpoint is being updated. It will be available again within 70 seconds."),
    429: ("too_many_requests", "Too many requests"),
}


def _unknown_resource(world: World, resource: str) -> Refusal:
    """What Entra said to IMDS, passed on."""
    description = entra_refusals.unknown_resource(world, resource).description
    return Refusal(400, {"error": "invalid_resource", "error_description": description})
