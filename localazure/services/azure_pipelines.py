"""Azure DevOps as a pipeline's job sees it: a token of its own for the service connection that the job may use.

https://learn.microsoft.com/rest/api/azure/devops/distributedtask/oidctoken/create
https://learn.microsoft.com/azure/devops/pipelines/release/troubleshoot-workload-identity
"""

import hmac
import uuid

import jwt
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from localazure.directory import PIPELINES_ISSUER, PIPELINES_SUBJECT, SERVICE_CONNECTION_ID
from localazure.keys import pipelines_key
from localazure.registrations import TOKEN_EXCHANGE
from localazure.services.refusal import Json, Refusal, answer_refusal
from localazure.world import World

HOST = "dev.azure.com"
PATH = (
    "/contoso/5d1c8a0e-3f27-4b96-8e4d-a07f2c6b9135/_apis/distributedtask/hubs/build"
    "/plans/0c7e4f92-6b1d-4a58-93e0-d8f5a2c17b64/jobs/12f1170f-54f2-53f3-20dd-22fc7dff55f9/oidctoken"
)
TOKEN_LIFE_S = 600
_MOVED = (
    '<html><head><title>Object moved</title></head><body>\n<h2>Object moved to <a href="{where}">here</a>.</h2>\n'
    "</body></html>\n"
)


def azure_pipelines(world: World) -> Starlette:
    """The one address a job needs: where its tokens for service connections are made."""

    async def token(request: Request) -> Response:
        if request.method != "POST":
            text = f"The requested resource does not support http method '{request.method}'."
            return Json({"count": 1, "value": {"Message": text}}, status_code=405)
        if not _is_the_job(world, request):
            return _sign_in_first(request)
        _check(request)
        return Json({"oidcToken": job_token_for_entra(world)})

    methods = ["GET", "POST", "PUT", "DELETE"]
    return Starlette(routes=[Route(PATH, token, methods=methods)], exception_handlers={Refusal: answer_refusal})


def job_token_for_entra(world: World) -> str:
    """What Entra takes as proof of the service connection; it names the connection, not the pipeline."""
    now_s = world.now_s()
    claims = {
        "jti": str(uuid.uuid4()),
        "sub": PIPELINES_SUBJECT,
        "aud": TOKEN_EXCHANGE,
        "iss": PIPELINES_ISSUER,
        "nbf": now_s,
        "exp": now_s + TOKEN_LIFE_S,
        "iat": now_s,
    }
    return jwt.encode(claims, pipelines_key(), algorithm="RS256", headers={"kid": "kvsite-pipelines"})


def _is_the_job(world: World, request: Request) -> bool:
    return hmac.compare_digest(request.headers.get("Authorization", "").encode(), f"Bearer {world.job_token}".encode())


def _sign_in_first(request: Request) -> Response:
    """A browser is sent to sign in; a program that says it is one is refused."""
    if request.headers.get("X-TFS-FedAuthRedirect") == "Suppress":
        return Response(status_code=401, headers={"WWW-Authenticate": "Bearer"})
    where = "https://spsprodweu1.vssps.visualstudio.com/_signin?realm=dev.azure.com"
    return Response(_MOVED.format(where=where), status_code=302, headers={"Location": where}, media_type="text/html")


def _check(request: Request) -> None:
    if not request.query_params.get("api-version", "").startswith("7."):
        text = (
            'No api-version was supplied for the "POST" request. The version must be supplied either as part of the'
            ' Accept header (e.g. "application/json; api-version=1.0") or as a query parameter'
            ' (e.g. "?api-version=1.0").'
        )
        raise _refused(400, "VssVersionNotSpecifiedException", text)
    wanted = request.query_params.get("serviceConnectionId", "")
    if wanted.lower() != SERVICE_CONNECTION_ID:
        raise _refused(404, "EndpointNotFoundException", f"No service connection found with identifier {wanted}.")


def _refused(status: int, kind: str, message: str) -> Refusal:
    fields = {"$id": "1", "innerException": None, "message": message, "typeKey": kind, "errorCode": 0, "eventId": 3000}
    return Refusal(status, fields)
