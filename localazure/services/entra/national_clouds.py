"""Entra in Azure China and Azure US Government, where the tenants of Local Azure do not exist.

https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud
"""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from localazure.services.entra import errors
from localazure.services.errors import ServiceError, handle_service_error
from localazure.state.emulator_state import EmulatorState

HOSTS = ("login.chinacloudapi.cn", "login.microsoftonline.us")


def create_app(state: EmulatorState) -> Starlette:
    """Return the ASGI application: every tenant is unknown."""

    async def unknown_tenant(request: Request) -> Response:
        raise errors.unknown_tenant(state, request.path_params["tenant"].lower())

    routes = [Route("/{tenant}/{rest:path}", unknown_tenant, methods=["GET", "POST"])]
    return Starlette(routes=routes, exception_handlers={ServiceError: handle_service_error})
