"""Routing: finds the operation of a request, authenticates the caller and checks the API version."""

import re
import uuid

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from localazure.services.errors import ServiceError, handle_service_error
from localazure.services.resource_manager import deployments, errors
from localazure.services.resource_manager.call import Call, authenticate, check_tenant, find_subscription, read_json
from localazure.services.resource_manager.operations import OPERATIONS, check_api_version, find
from localazure.state.emulator_state import EmulatorState

SUBSCRIPTION = re.compile(r"/subscriptions/([^/]+)", re.IGNORECASE)
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]

TABLE = (*deployments.OPERATIONS, *OPERATIONS)


def create_app(state: EmulatorState) -> Starlette:
    """Return the ASGI application."""

    async def handle(request: Request) -> Response:
        caller, path = authenticate(state, request), request.url.path
        version = request.query_params.get("api-version")
        if not version:
            raise errors.missing_api_version()
        operation, parameters = find(TABLE, request.method, path)
        check_api_version(operation, version)
        subscription = SUBSCRIPTION.match(path)
        if subscription:
            check_tenant(caller, find_subscription(state, subscription[1]).tenant)
        return operation.handler(
            Call(
                state=state,
                caller=caller,
                method=request.method,
                path=path,
                api_version=version,
                query=request.query_params,
                parameters=parameters,
                body=await read_json(request),
            )
        )

    return Starlette(
        routes=[Route("/{path:path}", handle, methods=METHODS)],
        exception_handlers={ServiceError: handle_service_error},
    )


def response_headers(_state: EmulatorState, _client_request_id: str | None) -> dict[str, str]:
    """The headers of every response."""
    request_id = str(uuid.uuid4())
    return {
        "Cache-Control": "no-cache",
        "Pragma": "no-cache",
        "Expires": "-1",
        "x-ms-request-id": request_id,
        "x-ms-correlation-request-id": request_id,
        "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
        "X-Content-Type-Options": "nosniff",
    }
