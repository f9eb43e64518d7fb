"""The other half of the world's `az`: takes its arguments, answers with what it should print."""

import hmac
import json
from dataclasses import asdict

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from localazure.services.azure_cli import run
from localazure.services.refusal import Refusal, answer_refusal
from localazure.services.requests import body_of
from localazure.world import World

PATH = "/.localazure/az"


def azure_cli_endpoint(world: World) -> Starlette:
    """The ASGI application the script on PATH talks to; only that script knows its key."""

    async def answer(request: Request) -> Response:
        if not hmac.compare_digest(request.headers.get("Authorization", "").encode(), world.cli_key.encode()):
            return Response(status_code=404)
        return JSONResponse(asdict(run(world, json.loads(await body_of(request)))))

    return Starlette(routes=[Route(PATH, answer, methods=["POST"])], exception_handlers={Refusal: answer_refusal})
