"""The token service of Azure Cloud Shell: tokens of whoever opened the shell, so of a person.

https://learn.microsoft.com/azure/cloud-shell/msi-authorization
"""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from localazure.directory import DEVELOPER
from localazure.services import entra_refusals
from localazure.services.managed_identity import UnknownResourceError, token_fields
from localazure.services.refusal import Json, Refusal, answer_refusal
from localazure.services.requests import form_of
from localazure.world import World

PATH = "/oauth2/token"


def cloud_shell(world: World) -> Starlette:
    """The shell's token service, as an ASGI application."""

    async def token(request: Request) -> Response:
        if request.headers.get("Metadata", "").lower() != "true":
            raise _refused("Metadata header is required")
        resource = (await form_of(request)).get("resource")
        if not resource:
            raise _refused("Resource is required")
        try:
            return Json(token_fields(world, DEVELOPER, resource))
        except UnknownResourceError:
            raise _refused(entra_refusals.unknown_resource(world, resource).description) from None

    return Starlette(routes=[Route(PATH, token, methods=["POST"])], exception_handlers={Refusal: answer_refusal})


def _refused(message: str) -> Refusal:
    return Refusal(400, {"error": {"code": "AudienceNotSupported", "message": message}})
