"""Routes and request handlers: discovery, signing keys, tokens and sign-in."""

import base64
import json
import re
import uuid
from typing import Any
from urllib.parse import unquote_plus, urlsplit

from jwt.algorithms import RSAAlgorithm
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from localazure.crypto.signing_keys import signing_key
from localazure.scenarios.directory import CONTOSO, Tenant
from localazure.services.entra import errors
from localazure.services.entra.authorize import authorize
from localazure.services.entra.errors import LOGIN
from localazure.services.entra.grants import TokenRequest, grant, start_device_code_flow
from localazure.services.entra.injected_errors import raise_injected_error
from localazure.services.errors import AzureJSONResponse, ServiceError, handle_service_error
from localazure.services.request_body import read_form
from localazure.state.emulator_state import EmulatorState

REGIONS = (
    "westeurope",
    "northeurope",
    "eastus",
    "eastus2",
    "centralus",
    "westus2",
    "westus3",
    "uksouth",
    "southeastasia",
)
HOSTS = (LOGIN, "login.windows.net", "sts.windows.net", *(f"{region}.login.microsoft.com" for region in REGIONS))
ALIASES = [LOGIN, "login.windows.net", "login.microsoft.com", "sts.windows.net"]
INSTANCES = (*ALIASES, "login.microsoftonline.us", "login.partner.microsoftonline.cn", "login.chinacloudapi.cn")
"""The hosts that instance discovery confirms as an authority."""
SPECIAL_TENANTS = ("common", "organizations", "consumers")
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
DOMAIN = re.compile(r"([a-z0-9-]+\.)+[a-z]{2,}")


def create_app(state: EmulatorState) -> Starlette:
    """Return the ASGI application."""
    handlers = EntraHandlers(state)
    return Starlette(
        routes=[
            Route("/common/discovery/instance", handlers.instance),
            Route("/{tenant}/.well-known/openid-configuration", handlers.configuration_v1),
            Route("/{tenant}/v2.0/.well-known/openid-configuration", handlers.configuration_v2),
            Route("/{tenant}/discovery/keys", handlers.keys),
            Route("/{tenant}/discovery/v2.0/keys", handlers.keys),
            Route("/{tenant}/oauth2/token", handlers.token, methods=["POST"]),
            Route("/{tenant}/oauth2/v2.0/token", handlers.token, methods=["POST"]),
            Route("/{tenant}/oauth2/v2.0/authorize", handlers.authorize),
            Route("/{tenant}/oauth2/devicecode", handlers.device_code, methods=["POST"]),
            Route("/{tenant}/oauth2/v2.0/devicecode", handlers.device_code, methods=["POST"]),
        ],
        exception_handlers={ServiceError: handle_service_error},
    )


class EntraHandlers:
    def __init__(self, state: EmulatorState) -> None:
        self._state = state

    async def instance(self, request: Request) -> Response:
        host = urlsplit(request.query_params.get("authorization_endpoint", f"https://{LOGIN}")).hostname
        if host not in INSTANCES:
            raise errors.unknown_instance(self._state)
        return AzureJSONResponse(_instance_metadata(self._state.tenant.id))

    async def configuration_v1(self, request: Request) -> Response:
        path, tenant_id = _issuer(self._state, request)
        return AzureJSONResponse(_configuration(path, version="", issuer=f"https://sts.windows.net/{tenant_id}/"))

    async def configuration_v2(self, request: Request) -> Response:
        path, tenant_id = _issuer(self._state, request)
        return AzureJSONResponse(_configuration(path, version="/v2.0", issuer=f"https://{LOGIN}/{tenant_id}/v2.0"))

    async def keys(self, request: Request) -> Response:
        _tenant(self._state, request)
        return AzureJSONResponse({"keys": [_public_key()]})

    async def token(self, request: Request) -> Response:
        form, v2 = _basic_credentials(request) | await read_form(request), "/v2.0/" in request.url.path
        tenant = _tenant(self._state, request)
        if form.get("grant_type") != "client_credentials" and request.path_params["tenant"].lower() in SPECIAL_TENANTS:
            tenant = CONTOSO  # the home tenant of the user
        token_request = TokenRequest(state=self._state, tenant=tenant, form=form, v2=v2)
        raise_injected_error(self._state, form.get("client_id", ""), form.get("resource") or form.get("scope", ""))
        return AzureJSONResponse(grant(token_request))

    async def authorize(self, request: Request) -> Response:
        _tenant(self._state, request)
        return authorize(self._state, request)

    async def device_code(self, request: Request) -> Response:
        _tenant(self._state, request)
        return AzureJSONResponse(start_device_code_flow(self._state, await read_form(request)))


def response_headers(_state: EmulatorState, client_request_id: str | None) -> dict[str, str]:
    """The headers of every response."""
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


def _basic_credentials(request: Request) -> dict[str, str]:
    """The client ID and secret of the Authorization header (client_secret_basic), URL-encoded as RFC 6749 requires."""
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return {}
    try:
        client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        return {}
    return {"client_id": unquote_plus(client_id), "client_secret": unquote_plus(secret)}


def _issuer(state: EmulatorState, request: Request) -> tuple[str, str]:
    """Return the tenant in the endpoint URLs and in the issuer, which is a placeholder for `common` and similar."""
    special = request.path_params["tenant"].lower()
    if special in SPECIAL_TENANTS:
        return special, "{tenantid}"
    return (_tenant(state, request).id,) * 2


def _tenant(state: EmulatorState, request: Request) -> Tenant:
    """Return the tenant in the path; for `common` and similar, the tenant of the user. Raises ServiceError."""
    requested = request.path_params["tenant"].lower()
    if requested in SPECIAL_TENANTS:
        return state.tenant
    for tenant in state.tenants:
        if requested in (tenant.id, tenant.domain):
            return tenant
    if GUID.fullmatch(requested) or DOMAIN.fullmatch(requested):
        raise errors.unknown_tenant(state, requested)
    raise errors.malformed_tenant(state, requested)


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
