"""Token Vault, later Token Store: a preview that kept OAuth tokens of other services, closed on 17 November 2020.

Its documentation is gone; the protocol is as its samples used it, see "Known differences" in the README.
"""

import json
import secrets
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import jwt
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from localazure.services.refusal import Json, Refusal, answer_refusal
from localazure.services.requests import body_of
from localazure.tokens import verified
from localazure.world import World

AUDIENCES = {
    "contoso.westcentralus.tokenvault.azure.net": "https://tokenvault.azure.net",
    "contoso.tokenstore.azure.net": "https://contoso.tokenstore.azure.net",
}
"""Each host, and the audience a token for it must have."""
LIFE_S = 3600
SIGNED_IN = ("dropbox", "sampleToken")
"""The service and the token of the samples: somebody has signed in to it."""


@dataclass(frozen=True, kw_only=True)
class KeptToken:
    service: str
    name: str
    display_name: str
    access_token: str | None
    """None while nobody has signed in."""

    def __repr__(self) -> str:
        return f"KeptToken(service={self.service!r}, name={self.name!r})"


def token_vault(world: World, host: str) -> Starlette:
    """The token vault at `host`, as an ASGI application."""
    tokens = Tokens(world, host)
    path = "/services/{service}/tokens/{token}"
    return Starlette(
        routes=[
            Route("/services/{service}/tokens", tokens.list),
            Route(path, tokens.get),
            Route(path, tokens.put, methods=["PUT"]),
            Route(path, tokens.post, methods=["POST"]),
            Route(path, tokens.delete, methods=["DELETE"]),
        ],
        exception_handlers={Refusal: answer_refusal},
    )


class Tokens:
    def __init__(self, world: World, host: str) -> None:
        self._world = world
        self._host = host
        service, name = SIGNED_IN
        kept = KeptToken(service=service, name=name, display_name=name, access_token=secrets.token_urlsafe(32))
        self._kept = {SIGNED_IN: kept}

    async def post(self, request: Request) -> Response:
        """The access token itself."""
        kept = self._existing(request)
        if kept.access_token is None:
            raise _refused(401, "Unauthenticated", "Nobody has signed in to this token.")
        return Json({"Value": {"AccessToken": kept.access_token}, "ExpiresIn": LIFE_S})

    async def get(self, request: Request) -> Response:
        return Json(self._describe(self._existing(request)))

    async def list(self, request: Request) -> Response:
        self._let_in(request)
        service = request.path_params["service"]
        return Json({"value": [self._describe(kept) for kept in self._kept.values() if kept.service == service]})

    async def put(self, request: Request) -> Response:
        self._let_in(request)
        service, name = request.path_params["service"], request.path_params["token"]
        display_name = _display_name(await body_of(request)) or name
        known = self._kept.get((service, name))
        access_token = known.access_token if known else None
        kept = KeptToken(service=service, name=name, display_name=display_name, access_token=access_token)
        self._kept[service, name] = kept
        return Json(self._describe(kept), status_code=HTTPStatus.OK if known else HTTPStatus.CREATED)

    async def delete(self, request: Request) -> Response:
        kept = self._existing(request)
        del self._kept[kept.service, kept.name]
        return Response(status_code=HTTPStatus.NO_CONTENT)

    def _existing(self, request: Request) -> KeptToken:
        self._let_in(request)
        service, name = request.path_params["service"], request.path_params["token"]
        if (service, name) not in self._kept:
            raise _refused(404, "NotFound", f"The token '{name}' of the service '{service}' was not found.")
        return self._kept[service, name]

    def _let_in(self, request: Request) -> None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        try:
            claims = verified(token) if scheme.lower() == "bearer" else {}
        except jwt.InvalidTokenError:
            claims = {}
        if claims.get("aud") != AUDIENCES[self._host] or claims["exp"] < self._world.now_s():
            raise _refused(401, "Unauthorized", "A bearer token for this token vault is needed.")

    def _describe(self, kept: KeptToken) -> dict[str, Any]:
        address = f"https://{self._host}/services/{kept.service}/tokens/{kept.name}"
        error = {"code": "Unauthenticated", "message": "Nobody has signed in to this token."}
        return {
            "name": kept.name,
            "properties": {
                "displayName": kept.display_name,
                "tokenUri": address,
                "loginUri": f"{address}/login",
                "status": {"state": "Ok"} if kept.access_token else {"state": "Error", "error": error},
            },
        }


def _display_name(body: bytes) -> str | None:
    try:
        fields = json.loads(body) if body else {}
    except ValueError:
        fields = None
    if not isinstance(fields, dict) or not isinstance(fields.get("properties", {}), dict):
        raise _refused(400, "BadRequest", "The body must be a JSON object with properties.")
    name = fields.get("properties", {}).get("displayName")
    return name if isinstance(name, str) else None


def _refused(status: int, code: str, message: str) -> Refusal:
    return Refusal(status, {"error": {"code": code, "message": message}})
