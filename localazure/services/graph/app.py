"""Routes and request handlers: users, applications and their credentials, service principals.

https://learn.microsoft.com/graph/api/overview
"""

import re
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import jwt
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from localazure.crypto.tokens import verify
from localazure.scenarios.directory import Application, Identity, ManagedIdentity, User
from localazure.scenarios.registrations import FederatedCredential
from localazure.services.errors import AzureJSONResponse, ServiceError, handle_service_error
from localazure.services.graph import HOST, objects
from localazure.services.request_body import parse_json, read_body
from localazure.state.client_secrets import YEAR_S
from localazure.state.emulator_state import EmulatorState

AUDIENCES = ("https://graph.microsoft.com", "https://graph.microsoft.com/", "00000003-0000-0000-c000-000000000000")
MAX_SECRET_YEARS = 299
_EQUALS = re.compile(r"(\w+) eq '((?:[^']|'')*)'")
_ANY = re.compile(r"servicePrincipalNames/any\((\w+):\s*\1 eq '((?:[^']|'')*)'\)")


def create_app(state: EmulatorState) -> Starlette:
    """Return the ASGI application."""
    handlers = GraphHandlers(state)
    methods = ["GET", "POST", "PATCH", "DELETE"]
    routes = [
        Route("/me", handlers.me),
        Route("/users", handlers.list_users),
        Route("/users/{id}", handlers.get_user),
        Route("/applications", handlers.list_applications),
        Route("/applications/$count", handlers.count_applications),
        Route("/applications/{id}", handlers.get_application),
        Route("/applications/{id}/addPassword", handlers.add_password, methods=["POST"]),
        Route("/applications/{id}/removePassword", handlers.remove_password, methods=["POST"]),
        Route("/applications/{id}/federatedIdentityCredentials", handlers.list_federated),
        Route("/applications/{id}/federatedIdentityCredentials", handlers.add_federated, methods=["POST"]),
        Route("/servicePrincipals", handlers.list_service_principals),
        Route("/servicePrincipals/{id}", handlers.get_service_principal),
        Route("/directoryObjects/getByIds", handlers.get_by_ids, methods=["POST"]),
        Route("/{path:path}", handlers.not_found, methods=methods),
    ]
    versions = [
        Route(f"/{version}{route.path}", route.endpoint, methods=list(route.methods or ()))
        for version in ("v1.0", "beta")
        for route in routes
    ]
    return Starlette(
        routes=[*versions, Route("/{path:path}", handlers.not_found, methods=methods)],
        exception_handlers={ServiceError: handle_service_error},
    )


class GraphHandlers:
    def __init__(self, state: EmulatorState) -> None:
        self._state = state

    async def me(self, request: Request) -> Response:
        caller = self._authenticate(request)
        if not isinstance(caller, User):
            raise graph_error(400, "BadRequest", "/me request is only valid with delegated authentication flow.")
        return AzureJSONResponse({"@odata.context": _context("users/$entity"), **objects.user_json(caller)})

    async def list_users(self, request: Request) -> Response:
        self._authenticate(request)
        users = [objects.user_json(item) for item in self._state.directory.principals() if isinstance(item, User)]
        return _list("users", _filtered(request, users))

    async def get_user(self, request: Request) -> Response:
        self._authenticate(request)
        wanted = request.path_params["id"].lower()
        for item in self._state.directory.principals():
            if isinstance(item, User) and wanted in (item.object_id, item.principal_name.lower()):
                return AzureJSONResponse({"@odata.context": _context("users/$entity"), **objects.user_json(item)})
        raise not_found(request.path_params["id"])

    async def list_applications(self, request: Request) -> Response:
        self._authenticate(request)
        found = [item.identity for item in self._state.directory.registrations.values()]
        applications = [objects.application_json(self._state, item) for item in found if isinstance(item, Application)]
        return _list("applications", _filtered(request, applications))

    async def get_application(self, request: Request) -> Response:
        self._authenticate(request)
        return AzureJSONResponse(objects.application_json(self._state, self._application(request)))

    async def add_password(self, request: Request) -> Response:
        """The secret takes effect immediately; only this response contains it."""
        application = self._writable(request)
        fields = _object((await _body(request)).get("passwordCredential") or {})
        now_s = self._state.now_s()
        starts_on = _time(fields.get("startDateTime"), now_s)
        ends_on = _time(fields.get("endDateTime"), now_s + 2 * YEAR_S)
        if ends_on <= starts_on or ends_on > now_s + MAX_SECRET_YEARS * YEAR_S:
            text = "Key credential end date is invalid."
            raise graph_error(400, "KeyCredentialsInvalidEndDate", text)
        added = self._state.directory.client_secrets.add(
            application.client_id, starts_on=starts_on, ends_on=ends_on, name=_text(fields.get("displayName"))
        )
        content = {"@odata.context": _context("microsoft.graph.passwordCredential"), **objects.secret_json(added)}
        return AzureJSONResponse({**content, "secretText": added.text})

    async def remove_password(self, request: Request) -> Response:
        application = self._writable(request)
        key_id = str((await _body(request)).get("keyId", ""))
        if not self._state.directory.client_secrets.remove(application.client_id, key_id):
            text = f"No password credential found with keyId '{key_id}'."
            raise graph_error(400, "Request_BadRequest", text)
        return Response(status_code=204)

    async def list_federated(self, request: Request) -> Response:
        self._authenticate(request)
        found = self._state.directory.federated_credentials(self._application(request).client_id)
        return _list("federatedIdentityCredentials", [objects.federated_json(item) for item in found])

    async def add_federated(self, request: Request) -> Response:
        application, fields = self._writable(request), await _body(request)
        known = self._state.directory.federated_credentials(application.client_id)
        names, audiences = ("name", "issuer", "subject"), fields.get("audiences")
        if not all(isinstance(fields.get(name), str) and fields[name] for name in names):
            raise graph_error(
                400, "Request_BadRequest", "A value is required for property 'name', 'issuer' or 'subject'."
            )
        if not isinstance(audiences, list) or len(audiences) != 1:
            raise graph_error(400, "Request_BadRequest", "Exactly one audience must be specified.")
        added = FederatedCredential(audience=str(audiences[0]), **{name: fields[name] for name in names})
        if any((item.issuer, item.subject) == (added.issuer, added.subject) for item in known):
            text = "FederatedIdentityCredential with the same issuer and subject already exists."
            raise graph_error(409, "Request_MultipleObjectsWithSameKeyValue", text)
        self._state.directory.set_federated_credentials(application, (*known, added))
        return AzureJSONResponse(objects.federated_json(added), status_code=201)

    async def list_service_principals(self, request: Request) -> Response:
        self._authenticate(request)
        found = [item for item in self._state.directory.principals() if not isinstance(item, User)]
        return _list("servicePrincipals", _filtered(request, [objects.service_principal_json(item) for item in found]))

    async def get_service_principal(self, request: Request) -> Response:
        self._authenticate(request)
        found = self._state.directory.find_principal(request.path_params["id"])
        if found is None or isinstance(found, User):
            raise not_found(request.path_params["id"])
        return AzureJSONResponse(objects.service_principal_json(found))

    async def get_by_ids(self, request: Request) -> Response:
        self._authenticate(request)
        ids = (await _body(request)).get("ids")
        if not isinstance(ids, list):
            raise graph_error(400, "Request_BadRequest", "Expected non-empty array of object identifiers.")
        found = [self._state.directory.find_principal(str(item)) for item in ids]
        return _list("directoryObjects", [objects.directory_object_json(item) for item in found if item is not None])

    async def not_found(self, request: Request) -> Response:
        self._authenticate(request)
        text = f"Resource not found for the segment '{request.url.path.strip('/').rpartition('/')[2]}'."
        raise graph_error(400, "BadRequest", f"{text} Local Azure emulates users, applications and service principals.")

    def _authenticate(self, request: Request) -> Identity:
        """Return the principal of the token. Raises ServiceError."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise _unauthorized("Access token is empty.")
        try:
            claims = verify(token)
        except jwt.InvalidTokenError:
            raise _unauthorized("IDX14100: JWT is not well formed, there are no dots (.).") from None
        if claims["aud"] not in AUDIENCES:
            raise _unauthorized("Access token validation failure. Invalid audience.")
        if claims["exp"] < self._state.now_s():
            raise _unauthorized("Lifetime validation failed, the token is expired.")
        caller = self._state.directory.find_principal(str(claims["oid"]))
        if caller is None:
            raise _unauthorized("The identity of the calling application could not be established.")
        if not isinstance(caller, User) and not self._may_read(caller):
            raise graph_error(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
        return caller

    def _may_read(self, caller: Application | ManagedIdentity) -> bool:
        """Whether the application has a permission; those of a seed file include reading applications."""
        registration = self._state.directory.registrations.get(caller.client_id)
        return registration is not None and bool(registration.graph_permissions)

    async def count_applications(self, request: Request) -> Response:
        """https://learn.microsoft.com/graph/aad-advanced-queries"""
        self._authenticate(request)
        if request.headers.get("ConsistencyLevel", "").lower() != "eventual":
            raise graph_error(400, "Request_BadRequest", "$count is not currently supported.")
        found = [item.identity for item in self._state.directory.registrations.values()]
        return PlainTextResponse(str(sum(isinstance(item, Application) for item in found)))

    def _application(self, request: Request) -> Application:
        application = self._state.directory.application(request.path_params["id"])
        if application is None:
            raise not_found(request.path_params["id"])
        return application

    def _writable(self, request: Request) -> Application:
        """Return the application in the path, which only its owner, the developer, can change. Raises ServiceError."""
        caller = self._authenticate(request)
        if not isinstance(caller, User) or caller.guest_of:
            raise graph_error(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
        return self._application(request)


def response_headers(_state: EmulatorState, client_request_id: str | None) -> dict[str, str]:
    """The headers of every response."""
    request_id = str(uuid.uuid4())
    return {
        "Cache-Control": "no-cache",
        "Strict-Transport-Security": "max-age=31536000",
        "request-id": request_id,
        "client-request-id": client_request_id or request_id,
        "OData-Version": "4.0",
    }


def graph_error(status: int, code: str, message: str) -> ServiceError:
    """An error in Graph's format: https://learn.microsoft.com/graph/errors"""
    request_id = str(uuid.uuid4())
    date = f"{datetime.now(tz=UTC):%Y-%m-%dT%H:%M:%S}"
    inner = {"date": date, "request-id": request_id, "client-request-id": request_id}
    return ServiceError(status, {"error": {"code": code, "message": message, "innerError": inner}})


def not_found(id_: str) -> ServiceError:
    text = f"Resource '{id_}' does not exist or one of its queried reference-property objects are not present."
    return graph_error(404, "Request_ResourceNotFound", text)


def _unauthorized(message: str) -> ServiceError:
    return graph_error(401, "InvalidAuthenticationToken", message)


def _context(name: str) -> str:
    return f"https://{HOST}/v1.0/$metadata#{name}"


def _list(name: str, items: list[dict[str, Any]]) -> Response:
    return AzureJSONResponse({"@odata.context": _context(name), "value": items})


def _filtered(request: Request, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Apply `$filter`: a property eq a value, or servicePrincipalNames/any(). Raises ServiceError."""
    text = request.query_params.get("$filter", "")
    selected = _predicate(text) if text else None
    return items if selected is None else [item for item in items if selected(item)]


def _predicate(text: str) -> Callable[[Mapping[str, Any]], bool]:
    if match := _ANY.fullmatch(text.strip()):
        wanted = match[2].replace("''", "'").lower()
        return lambda item: wanted in [name.lower() for name in item.get("servicePrincipalNames", ())]
    match = _EQUALS.fullmatch(text.strip())
    if match is None:
        raise graph_error(400, "Request_UnsupportedQuery", f"Unsupported or invalid query filter clause: {text}")
    field, value = match[1], match[2].replace("''", "'").lower()
    return lambda item: str(item.get(field, "")).lower() == value


async def _body(request: Request) -> dict[str, Any]:
    """Return the JSON object of the body. Raises ServiceError."""
    try:
        return _object(parse_json(await read_body(request)))
    except (ValueError, RecursionError):
        return _object(None)


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        text = (
            "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON"
            " format."
        )
        raise graph_error(400, "BadRequest", text)
    return value


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _time(value: Any, default: int) -> int:
    """Return an ISO 8601 time in seconds since the epoch. Raises ServiceError."""
    if value is None:
        return default
    try:
        return int(datetime.fromisoformat(str(value)).replace(tzinfo=UTC).timestamp())
    except (ValueError, OverflowError):
        raise graph_error(
            400, "Request_BadRequest", "Cannot convert the literal to the expected type 'Edm.DateTimeOffset'."
        ) from None
