"""The token endpoint of Azure Cloud Shell, which issues tokens of the signed-in user.

https://learn.microsoft.com/azure/cloud-shell/msi-authorization
"""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from localazure.scenarios.directory import DEVELOPER
from localazure.services.entra import errors as entra_errors
from localazure.services.errors import AzureJSONResponse, ServiceError, handle_service_error
from localazure.services.managed_identity.token_response import UnknownResourceError, token_fields
from localazure.services.request_body import read_form
from localazure.state.emulator_state import EmulatorState

PATH = "/oauth2/token"


def create_app(state: EmulatorState) -> Starlette:
    """Return the ASGI application."""

    async def token(request: Request) -> Response:
        if request.headers.get("Metadata", "").lower() != "true":
            raise _error("Metadata header is required")
        resource = (await read_form(request)).get("resource")
        if not resource:
            raise _error("Resource is required")
        try:
            return AzureJSONResponse(token_fields(state, DEVELOPER, resource))
        except UnknownResourceError:
            raise _error(entra_errors.unknown_resource(state, resource).description) from None

    return Starlette(
        routes=[Route(PATH, token, methods=["POST"])], exception_handlers={ServiceError: handle_service_error}
    )


def _error(message: str) -> ServiceError:
    return ServiceError(400, {"error": {"code": "AudienceNotSupported", "message": message}})
