"""The endpoint that the `az` script calls: receives the arguments, returns what to print."""

import hmac
import json

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from localazure.services.azure_cli import PATH
from localazure.services.azure_cli.commands import as_json, run
from localazure.services.azure_cli.context import Context
from localazure.services.errors import ServiceError, handle_service_error
from localazure.services.request_body import read_body
from localazure.state.emulator_state import EmulatorState


def create_app(state: EmulatorState, services: ASGIApp) -> Starlette:
    """Return the ASGI application. Requests are authenticated with the key in the script.

    `services` routes the command's own requests to the emulated services.
    """
    context = Context(state, state.cli_session, services)

    async def run_command(request: Request) -> Response:
        if not hmac.compare_digest(request.headers.get("Authorization", "").encode(), state.cli_key.encode()):
            return Response(status_code=404)
        arguments = json.loads(await read_body(request))
        return JSONResponse(as_json(await run(context, arguments)))

    return Starlette(
        routes=[Route(PATH, run_command, methods=["POST"])], exception_handlers={ServiceError: handle_service_error}
    )
