"""The token service of Azure Machine Learning: App Service's older protocol, 2017-09-01, with `MSI_SECRET`.

https://learn.microsoft.com/azure/machine-learning/how-to-identity-based-service-authentication
"""

import hmac

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from localazure.services.app_service import app_service_failure, identity_of, refused
from localazure.services.managed_identity import Names, UnknownResourceError, token_fields
from localazure.services.refusal import Json, Refusal, answer_refusal
from localazure.world import World

PATH = "/MSI/auth"
API_VERSION = "2017-09-01"
NAMES = Names(client_id=("clientid",), object_id=("object_id",), resource_id=("mi_res_id", "msi_res_id"))
FIELDS = ("access_token", "expires_on", "resource", "token_type", "client_id")


def machine_learning(world: World) -> Starlette:
    """The token service of a compute of Azure Machine Learning, as an ASGI application."""

    async def token(request: Request) -> Response:
        if not hmac.compare_digest(request.headers.get("secret", "").encode(), world.identity_header.encode()):
            raise refused(401, "Unauthorized")
        if request.query_params.get("api-version") != API_VERSION:
            raise refused(400, "Unsupported api-version.")
        identity = identity_of(world, request, NAMES)
        try:
            fields = token_fields(world, identity, request.query_params.get("resource", ""))
        except UnknownResourceError:
            raise app_service_failure(500) from None
        return Json({name: fields[name] for name in FIELDS})

    return Starlette(routes=[Route(PATH, token)], exception_handlers={Refusal: answer_refusal})
