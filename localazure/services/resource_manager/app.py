"""Routing: finds the operation of a request, authenticates the caller and checks the API version."""

import re
import uuid

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from localazure.services.errors import ServiceError, handle_service_error
from localazure.services.resource_manager import (
    api_versions,
    clusters,
    errors,
    groups,
    resources,
    role_assignments,
    role_definitions,
    sites,
    subscriptions,
    user_assigned_identities,
    vaults,
    virtual_machines,
)
from localazure.services.resource_manager.call import (
    Call,
    Operation,
    authenticate,
    check_tenant,
    find_subscription,
    read_json,
)
from localazure.state.emulator_state import EmulatorState

HOSTS = ("management.azure.com", "management.core.windows.net")
SUBSCRIPTION = re.compile(r"/subscriptions/([^/]+)", re.IGNORECASE)
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]

OPERATIONS: tuple[Operation, ...] = (
    *subscriptions.OPERATIONS,
    *role_definitions.OPERATIONS,
    *role_assignments.OPERATIONS,
    *vaults.OPERATIONS,
    *sites.OPERATIONS,
    *virtual_machines.OPERATIONS,
    *user_assigned_identities.OPERATIONS,
    *clusters.OPERATIONS,
    *groups.OPERATIONS,
    *resources.OPERATIONS,
)
_TABLE = tuple((operation.pattern, operation) for operation in OPERATIONS)


def create_app(state: EmulatorState) -> Starlette:
    """Return the ASGI application."""

    async def handle(request: Request) -> Response:
        caller, path = authenticate(state, request), request.url.path
        version = request.query_params.get("api-version")
        if not version:
            raise errors.missing_api_version()
        operation, parameters = _find(request.method, path)
        _check_api_version(operation, version)
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


def _find(method: str, path: str) -> tuple[Operation, dict[str, str]]:
    """Return the operation and the placeholders of its path. Raises ServiceError."""
    known_path = False
    for pattern, operation in _TABLE:
        match = pattern.fullmatch(path)
        if match and operation.method == method:
            return operation, match.groupdict()
        known_path = known_path or match is not None
    raise errors.method_not_allowed(method) if known_path else errors.not_emulated(path)


def _check_api_version(operation: Operation, version: str) -> None:
    supported = api_versions.SUPPORTED[operation.type]
    if version.lower() in supported:
        return
    if operation.type in (api_versions.SUBSCRIPTIONS, api_versions.RESOURCES):
        raise errors.invalid_api_version(version, supported)
    raise errors.unsupported_api_version(operation.type, version, supported)


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
