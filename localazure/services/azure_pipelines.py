"""Azure DevOps for a pipeline job: issues ID tokens for the service connection.

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

from localazure.crypto.signing_keys import pipelines_key
from localazure.scenarios.directory import PIPELINES_ISSUER, PIPELINES_SUBJECT, SERVICE_CONNECTION_ID
from localazure.scenarios.registrations import TOKEN_EXCHANGE_AUDIENCE
from localazure.services.errors import AzureJSONResponse, ServiceError, handle_service_error
from localazure.state.emulator_state import EmulatorState

HOST = "dev.azure.com"
PATH = (
    "/contoso/5d1c8a0e-3f27-4b96-8e4d-a07f2c6b9135/_apis/distributedtask/hubs/build"
    "/plans/0c7e4f92-6b1d-4a58-93e0-d8f5a2c17b64/jobs/12f1170f-54f2-53f3-20dd-22fc7dff55f9/oidctoken"
)
TOKEN_LIFE_S = 600
_OBJECT_MOVED = (
    '<html><head><title>Object moved</title></head><body>\n<h2>Object moved to <a href="{location}">here</a>.</h2>\n'
    "</body></html>\n"
)


def create_app(state: EmulatorState) -> Starlette:
    """Return the ASGI application: the endpoint that issues ID tokens."""

    async def token(request: Request) -> Response:
        if request.method != "POST":
            text = f"The requested resource does not support http method '{request.method}'."
            return AzureJSONResponse({"count": 1, "value": {"Message": text}}, status_code=405)
        if not _is_authenticated(state, request):
            return _sign_in_required(request)
        _check(request)
        return AzureJSONResponse({"oidcToken": _id_token(state)})

    methods = ["GET", "POST", "PUT", "DELETE"]
    return Starlette(
        routes=[Route(PATH, token, methods=methods)], exception_handlers={ServiceError: handle_service_error}
    )


def _id_token(state: EmulatorState) -> str:
    """The token that Entra accepts for the service connection; its subject is the connection, not the pipeline."""
    now_s = state.now_s()
    claims = {
        "jti": str(uuid.uuid4()),
        "sub": PIPELINES_SUBJECT,
        "aud": TOKEN_EXCHANGE_AUDIENCE,
        "iss": PIPELINES_ISSUER,
        "nbf": now_s,
        "exp": now_s + TOKEN_LIFE_S,
        "iat": now_s,
    }
    return jwt.encode(claims, pipelines_key(), algorithm="RS256", headers={"kid": "kvsite-pipelines"})


def _is_authenticated(state: EmulatorState, request: Request) -> bool:
    return hmac.compare_digest(request.headers.get("Authorization", "").encode(), f"Bearer {state.job_token}".encode())


def _sign_in_required(request: Request) -> Response:
    """Redirect browsers to sign in; reject clients that suppress the redirect."""
    if request.headers.get("X-TFS-FedAuthRedirect") == "Suppress":
        return Response(status_code=401, headers={"WWW-Authenticate": "Bearer"})
    location = "https://spsprodweu1.vssps.visualstudio.com/_signin?realm=dev.azure.com"
    return Response(
        _OBJECT_MOVED.format(location=location), status_code=302, headers={"Location": location}, media_type="text/html"
    )


def _check(request: Request) -> None:
    if not request.query_params.get("api-version", "").startswith("7."):
        text = (
            'No api-version was supplied for the "POST" request. The version must be supplied either as part of the'
            ' Accept header (e.g. "application/json; api-version=1.0") or as a query parameter'
            ' (e.g. "?api-version=1.0").'
        )
        raise _error(400, "VssVersionNotSpecifiedException", text)
    requested = request.query_params.get("serviceConnectionId", "")
    if requested.lower() != SERVICE_CONNECTION_ID:
        raise _error(404, "EndpointNotFoundException", f"No service connection found with identifier {requested}.")


def _error(status: int, kind: str, message: str) -> ServiceError:
    fields = {"$id": "1", "innerException": None, "message": message, "typeKey": kind, "errorCode": 0, "eventId": 3000}
    return ServiceError(status, fields)
