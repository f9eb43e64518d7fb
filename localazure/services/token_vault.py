"""Token Vault (later Token Store): a preview that stored OAuth tokens of other services, retired on 17 November 2020.

Its documentation is no longer available. The protocol follows its samples; see "Known differences" in the README.
"""

import secrets
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import jwt
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from localazure.crypto.tokens import verify
from localazure.services.errors import AzureJSONResponse, ServiceError, handle_service_error
from localazure.services.request_body import parse_json, read_body
from localazure.state.emulator_state import EmulatorState

AUDIENCES = {
    "contoso.westcentralus.tokenvault.azure.net": "https://tokenvault.azure.net",
    "contoso.tokenstore.azure.net": "https://contoso.tokenstore.azure.net",
}
"""Host -> required audience of the token."""
LIFETIME_S = 3600
SAMPLE_TOKEN = ("dropbox", "sampleToken")
"""The service and the token of the samples; a user has signed in to it."""


@dataclass(frozen=True, kw_only=True)
class StoredToken:
    service: str
    name: str
    display_name: str
    access_token: str | None
    """None until a user has signed in."""

    def __repr__(self) -> str:
        return f"StoredToken(service={self.service!r}, name={self.name!r})"


def create_app(state: EmulatorState, host: str) -> Starlette:
    """Return the ASGI application of the token vault at `host`."""
    handlers = TokenHandlers(state, host)
    path = "/services/{service}/tokens/{token}"
    return Starlette(
        routes=[
            Route("/services/{service}/tokens", handlers.list),
            Route(path, handlers.get),
            Route(path, handlers.put, methods=["PUT"]),
            Route(path, handlers.post, methods=["POST"]),
            Route(path, handlers.delete, methods=["DELETE"]),
        ],
        exception_handlers={ServiceError: handle_service_error},
    )


class TokenHandlers:
    def __init__(self, state: EmulatorState, host: str) -> None:
        self._state = state
        self._host = host
        service, name = SAMPLE_TOKEN
        stored = StoredToken(service=service, name=name, display_name=name, access_token=secrets.token_urlsafe(32))
        self._tokens = {SAMPLE_TOKEN: stored}

    async def post(self, request: Request) -> Response:
        """Return the access token."""
        stored = self._existing(request)
        if stored.access_token is None:
            raise _error(401, "Unauthenticated", "No user has signed in to this token.")
        return AzureJSONResponse({"Value": {"AccessToken": stored.access_token}, "ExpiresIn": LIFETIME_S})

    async def get(self, request: Request) -> Response:
        return AzureJSONResponse(self._describe(self._existing(request)))

    async def list(self, request: Request) -> Response:
        self._authenticate(request)
        service = request.path_params["service"]
        return AzureJSONResponse(
            {"value": [self._describe(stored) for stored in self._tokens.values() if stored.service == service]}
        )

    async def put(self, request: Request) -> Response:
        self._authenticate(request)
        service, name = request.path_params["service"], request.path_params["token"]
        display_name = _display_name(await read_body(request)) or name
        existing = self._tokens.get((service, name))
        access_token = existing.access_token if existing else None
        stored = StoredToken(service=service, name=name, display_name=display_name, access_token=access_token)
        self._tokens[service, name] = stored
        return AzureJSONResponse(self._describe(stored), status_code=HTTPStatus.OK if existing else HTTPStatus.CREATED)

    async def delete(self, request: Request) -> Response:
        stored = self._existing(request)
        del self._tokens[stored.service, stored.name]
        return Response(status_code=HTTPStatus.NO_CONTENT)

    def _existing(self, request: Request) -> StoredToken:
        self._authenticate(request)
        service, name = request.path_params["service"], request.path_params["token"]
        if (service, name) not in self._tokens:
            raise _error(404, "NotFound", f"The token '{name}' of the service '{service}' was not found.")
        return self._tokens[service, name]

    def _authenticate(self, request: Request) -> None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        try:
            claims = verify(token) if scheme.lower() == "bearer" else {}
        except jwt.InvalidTokenError:
            claims = {}
        if claims.get("aud") != AUDIENCES[self._host] or claims["exp"] < self._state.now_s():
            raise _error(401, "Unauthorized", "A bearer token for this token vault is required.")

    def _describe(self, stored: StoredToken) -> dict[str, Any]:
        address = f"https://{self._host}/services/{stored.service}/tokens/{stored.name}"
        error = {"code": "Unauthenticated", "message": "No user has signed in to this token."}
        return {
            "name": stored.name,
            "properties": {
                "displayName": stored.display_name,
                "tokenUri": address,
                "loginUri": f"{address}/login",
                "status": {"state": "Ok"} if stored.access_token else {"state": "Error", "error": error},
            },
        }


def _display_name(body: bytes) -> str | None:
    try:
        fields = parse_json(body) if body else {}
    except ValueError:
        fields = None
    if not isinstance(fields, dict) or not isinstance(fields.get("properties", {}), dict):
        raise _error(400, "BadRequest", "The body must be a JSON object with properties.")
    name = fields.get("properties", {}).get("displayName")
    return name if isinstance(name, str) else None


def _error(status: int, code: str, message: str) -> ServiceError:
    return ServiceError(status, {"error": {"code": code, "message": message}})
