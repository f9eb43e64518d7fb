"""Entra ID: https://login.microsoftonline.com. Discovery, signing keys, tokens."""

import json
import re
import uuid
from typing import Any
from urllib.parse import urlsplit

from jwt.algorithms import RSAAlgorithm
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from localazure.directory import Tenant
from localazure.keys import signing_key
from localazure.services import entra_refusals as refusals
from localazure.services.entra_authorize import authorize
from localazure.services.entra_catalogue import refuse_in_trouble
from localazure.services.entra_grants import TokenRequest, begin_device_sign_in, grant
from localazure.services.entra_refusals import LOGIN
from localazure.services.refusal import Json, Refusal, answer_refusal
from localazure.services.requests import form_of
from localazure.world import World

HOSTS = (LOGIN, "login.windows.net", "sts.windows.net")
ALIASES = [LOGIN, "login.windows.net", "login.microsoft.com", "sts.windows.net"]
INSTANCES = (*ALIASES, "login.microsoftonline.us", "login.partner.microsoftonline.cn", "login.chinacloudapi.cn")
"""Whom Entra vouches for when a client asks whether a host is an authority."""
SPECIAL_TENANTS = ("common", "organizations", "consumers")
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
DOMAIN = re.compile(r"([a-z0-9-]+\.)+[a-z]{2,}")


def entra(world: World) -> Starlette:
    """Entra of this world's tenants, as an ASGI application."""
    served = Entra(world)
    return Starlette(
        routes=[
            Route("/common/discovery/instance", served.instance),
            Route("/{tenant}/.well-known/openid-configuration", served.configuration_v1),
            Route("/{tenant}/v2.0/.well-known/openid-configuration", served.configuration_v2),
            Route("/{tenant}/discovery/keys", served.keys),
            Route("/{tenant}/discovery/v2.0/keys", served.keys),
            Route("/{tenant}/oauth2/token", served.token, methods=["POST"]),
            Route("/{tenant}/oauth2/v2.0/token", served.token, methods=["POST"]),
            Route("/{tenant}/oauth2/v2.0/authorize", served.authorize),
            Route("/{tenant}/oauth2/devicecode", served.device_code, methods=["POST"]),
            Route("/{tenant}/oauth2/v2.0/devicecode", served.device_code, methods=["POST"]),
        ],
        exception_handlers={Refusal: answer_refusal},
    )


class Entra:
    def __init__(self, world: World) -> None:
        self._world = world

    async def instance(self, request: Request) -> Response:
        asked = urlsplit(request.query_params.get("authorization_endpoint", f"https://{LOGIN}")).hostname
        if asked not in INSTANCES:
            raise refusals.unknown_instance(self._world)
        return Json(_instance_metadata(self._world.tenant.id))

    async def configuration_v1(self, request: Request) -> Response:
        path, tenant_id = _issuer(self._world, request)
        return Json(_configuration(path, version="", issuer=f"https://sts.windows.net/{tenant_id}/"))

    async def configuration_v2(self, request: Request) -> Response:
        path, tenant_id = _issuer(self._world, request)
        return Json(_configuration(path, version="/v2.0", issuer=f"https://{LOGIN}/{tenant_id}/v2.0"))

    async def keys(self, request: Request) -> Response:
        _tenant(self._world, request)
        return Json({"keys": [_public_key()]})

    async def token(self, request: Request) -> Response:
        form, v2 = await form_of(request), "/v2.0/" in request.url.path
        asked = TokenRequest(world=self._world, tenant=_tenant(self._world, request), form=form, v2=v2)
        refuse_in_trouble(self._world, form.get("client_id", ""), form.get("resource") or form.get("scope", ""))
        return Json(grant(asked))

    async def authorize(self, request: Request) -> Response:
        _tenant(self._world, request)
        return authorize(self._world, request)

    async def device_code(self, request: Request) -> Response:
        _tenant(self._world, request)
        return Json(begin_device_sign_in(self._world, await form_of(request)))


def entra_headers(_world: World, client_request_id: str | None) -> dict[str, str]:
    """The headers Entra puts on every answer."""
    echoed = {"client-request-id": client_request_id} if client_request_id else {}
    return {
        "Cache-Control": "no-store, no-cache",
        "Pragma": "no-cache",
        "Expires": "-1",
        "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
        "X-Content-Type-Options": "nosniff",
        "P3P": 'CP="DSP CUR OTPi IND OTRi ONL FIN"',
        **echoed,
        "x-ms-request-id": str(uuid.uuid4()),
        "x-ms-ests-server": "2.1.22246.6 - WEULR1 ProdSlices",
        "X-XSS-Protection": "0",
    }


def _issuer(world: World, request: Request) -> tuple[str, str]:
    """The tenant as the endpoints name it, and as the issuer does: `common` and its like have none of their own."""
    special = request.path_params["tenant"].lower()
    if special in SPECIAL_TENANTS:
        return special, "{tenantid}"
    return (_tenant(world, request).id,) * 2


def _tenant(world: World, request: Request) -> Tenant:
    """The tenant the path means; `common` and its like mean that of whoever signs in. Raises Refusal."""
    wanted = request.path_params["tenant"].lower()
    if wanted in SPECIAL_TENANTS:
        return world.tenant
    for tenant in world.tenants:
        if wanted in (tenant.id, tenant.domain):
            return tenant
    if GUID.fullmatch(wanted) or DOMAIN.fullmatch(wanted):
        raise refusals.unknown_tenant(world, wanted)
    raise refusals.malformed_tenant(world, wanted)


def _instance_metadata(tenant_id: str) -> dict[str, Any]:
    return {
        "tenant_discovery_endpoint": f"https://{LOGIN}/{tenant_id}/v2.0/.well-known/openid-configuration",
        "api-version": "1.1",
        "metadata": [{"preferred_network": LOGIN, "preferred_cache": "login.windows.net", "aliases": ALIASES}],
    }


def _configuration(tenant: str, *, version: str, issuer: str) -> dict[str, Any]:
    base = f"https://{LOGIN}/{tenant}"
    return {
        "token_endpoint": f"{base}/oauth2{version}/token",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "jwks_uri": f"{base}/discovery{version}/keys",
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": issuer,
        "authorization_endpoint": f"{base}/oauth2{version}/authorize",
        "device_authorization_endpoint": f"{base}/oauth2{version}/devicecode",
        "end_session_endpoint": f"{base}/oauth2{version}/logout",
        "tenant_region_scope": "EU",
        "cloud_instance_name": "microsoftonline.com",
        "cloud_graph_host_name": "graph.windows.net",
        "msgraph_host": "graph.microsoft.com",
    }


def _public_key() -> dict[str, Any]:
    key = signing_key()
    public = json.loads(RSAAlgorithm.to_jwk(key.private.public_key()))
    return {"kty": "RSA", "use": "sig", "kid": key.id, "x5t": key.id, "n": public["n"], "e": public["e"]}
