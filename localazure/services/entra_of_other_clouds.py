"""Entra in Azure China and in Azure US Government: other directories, which know no tenant of this world.

https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud
"""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from localazure.services import entra_refusals as refusals
from localazure.services.refusal import Refusal, answer_refusal
from localazure.world import World

HOSTS = ("login.chinacloudapi.cn", "login.microsoftonline.us")


def entra_of_other_clouds(world: World) -> Starlette:
    """Whatever tenant is asked for, it is not there."""

    async def refuse(request: Request) -> Response:
        raise refusals.unknown_tenant(world, request.path_params["tenant"].lower())

    routes = [Route("/{tenant}/{rest:path}", refuse, methods=["GET", "POST"])]
    return Starlette(routes=routes, exception_handlers={Refusal: answer_refusal})
