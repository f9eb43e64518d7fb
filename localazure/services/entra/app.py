"""Routes and request handlers: discovery, signing keys, tokens and sign-in."""

import base64
import re
import uuid
from urllib.parse import unquote_plus

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from localazure.scenarios.directory import CONTOSO, Tenant
from localazure.services.entra import discovery, errors
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
POST_ONLY = ("token", "v2.0/token", "devicecode", "v2.0/devicecode")
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
            *(Route(f"/{{tenant}}/oauth2/{path}", handlers.post_only) for path in POST_ONLY),
            Route("/{tenant}/oauth2/v2.0/authorize", handlers.authorize),
            Route("/{tenant}/oauth2/devicecode", handlers.device_code, methods=["POST"]),
            Route("/{tenant}/oauth2/v2.0/devicecode", handlers.device_code, methods=["POST"]),
        ],
        exception_handlers={ServiceError: _handle_error},
    )


async def _handle_error(request: Request, error: Exception) -> Response:
    """The response for `error`; its correlation ID is the request ID of the client, when it has one."""
    requested = request.headers.get("client-request-id", "")
    if isinstance(error, ServiceError) and isinstance(error.body, dict) and GUID.fullmatch(requested.lower()):
        correlation = str(error.body.get("correlation_id"))
        description = str(error.body.get("error_description")).replace(correlation, requested)
        body = {**error.body, "error_description": description, "correlation_id": requested}
        error = ServiceError(error.status, body, error.headers)
    return await handle_service_error(request, error)


class EntraHandlers:
    def __init__(self, state: EmulatorState) -> None:
        self._state = state

    async def instance(self, request: Request) -> Response:
        endpoint = request.query_params.get("authorization_endpoint", f"https://{LOGIN}/common/oauth2/v2.0/authorize")
        if discovery.host_of(endpoint) not in discovery.INSTANCES:
            raise errors.unknown_instance(self._state)
        return AzureJSONResponse(discovery.instance_metadata(endpoint))

    async def configuration_v1(self, request: Request) -> Response:
        path, tenant_id = _issuer(self._state, request)
        return AzureJSONResponse(discovery.configuration_v1(path, f"https://sts.windows.net/{tenant_id}/"))

    async def configuration_v2(self, request: Request) -> Response:
        path, tenant_id = _issuer(self._state, request)
        return AzureJSONResponse(discovery.configuration_v2(path, f"https://{LOGIN}/{tenant_id}/v2.0"))

    async def keys(self, request: Request) -> Response:
        _, tenant_id = _issuer(self._state, request)
        return AzureJSONResponse({"keys": [discovery.public_key(f"https://{LOGIN}/{tenant_id}/v2.0")]})

    async def post_only(self, request: Request) -> Response:
        text = f"The endpoint only accepts POST requests. Received a {request.method} request."
        raise errors.entra_error(self._state, 900561, "invalid_request", text)

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
