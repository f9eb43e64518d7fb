"""The managed identity endpoint of Azure Machine Learning: App Service's API version 2017-09-01 with `MSI_SECRET`.

https://learn.microsoft.com/azure/machine-learning/how-to-identity-based-service-authentication
"""

import hmac

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from localazure.services.errors import AzureJSONResponse, ServiceError, handle_service_error
from localazure.services.managed_identity.app_service import app_service_error, error_for_status, requested_identity
from localazure.services.managed_identity.selection import IdentityParameters
from localazure.services.managed_identity.token_response import UnknownResourceError, token_fields
from localazure.state.emulator_state import EmulatorState

PATH = "/MSI/auth"
API_VERSION = "2017-09-01"
IDENTITY_PARAMETERS = IdentityParameters(
    client_id=("clientid",), object_id=("object_id",), resource_id=("mi_res_id", "msi_res_id")
)
FIELDS = ("access_token", "expires_on", "resource", "token_type", "client_id")


def create_app(state: EmulatorState) -> Starlette:
    """Return the ASGI application."""

    async def token(request: Request) -> Response:
        if not hmac.compare_digest(request.headers.get("secret", "").encode(), state.identity_header.encode()):
            raise app_service_error(401, "Unauthorized")
        if request.query_params.get("api-version") != API_VERSION:
            raise app_service_error(400, "Unsupported api-version.")
        identity = requested_identity(state, request, IDENTITY_PARAMETERS)
        try:
            fields = token_fields(state, identity, request.query_params.get("resource", ""))
        except UnknownResourceError:
            raise error_for_status(500) from None
        return AzureJSONResponse({name: fields[name] for name in FIELDS})

    return Starlette(routes=[Route(PATH, token)], exception_handlers={ServiceError: handle_service_error})
