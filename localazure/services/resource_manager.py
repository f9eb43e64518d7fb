"""Azure Resource Manager, https://management.azure.com: the tenants and subscriptions that `az login` needs.

https://learn.microsoft.com/rest/api/resources/subscriptions
"""

import uuid
from typing import Any

import jwt
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from localazure.crypto.tokens import verify
from localazure.scenarios.directory import Subscription, Tenant
from localazure.services.errors import AzureJSONResponse, ServiceError, handle_service_error
from localazure.state.emulator_state import EmulatorState

HOSTS = ("management.azure.com", "management.core.windows.net")
AUDIENCES = (
    *("https://management.core.windows.net/", "https://management.core.windows.net"),
    *("https://management.azure.com/", "https://management.azure.com"),
)


def create_app(state: EmulatorState) -> Starlette:
    """Return the ASGI application."""
    handlers = ResourceManager(state)
    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    return Starlette(
        routes=[
            Route("/tenants", handlers.tenants),
            Route("/subscriptions", handlers.subscriptions),
            Route("/subscriptions/{id}", handlers.subscription),
            Route("/{path:path}", handlers.not_found, methods=methods),
        ],
        exception_handlers={ServiceError: handle_service_error},
    )


class ResourceManager:
    def __init__(self, state: EmulatorState) -> None:
        self._state = state

    async def tenants(self, request: Request) -> Response:
        _authenticate(self._state, request)
        return AzureJSONResponse({"value": [_tenant(self._state.tenant)]})

    async def subscriptions(self, request: Request) -> Response:
        _authenticate(self._state, request)
        subscription = _subscription(self._state.scenario.subscription)
        return AzureJSONResponse({"value": [subscription], "count": {"type": "Total", "value": 1}})

    async def subscription(self, request: Request) -> Response:
        _authenticate(self._state, request)
        requested = request.path_params["id"]
        if requested.lower() != self._state.scenario.subscription.id:
            raise _error(404, "SubscriptionNotFound", f"The subscription '{requested}' could not be found.")
        return AzureJSONResponse(_subscription(self._state.scenario.subscription))

    async def not_found(self, request: Request) -> Response:
        _authenticate(self._state, request)
        text = "No HTTP resource was found that matches the request URI. Local Azure has tenants and subscriptions."
        raise _error(404, "NotFound", text)


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


def _authenticate(state: EmulatorState, request: Request) -> None:
    """Raises ServiceError unless the request has a valid token for Resource Manager and an API version."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        reason = "The authentication failed because of missing 'Authorization' header."
        text = "Authentication failed. The 'Authorization' header is missing."
        raise _unauthorized(state, "AuthenticationFailed", text, reason)
    try:
        claims = verify(token)
    except jwt.InvalidTokenError:
        text = "The access token is invalid."
        raise _unauthorized(state, "InvalidAuthenticationToken", text, text) from None
    _check_claims(state, claims)
    if not request.query_params.get("api-version"):
        text = "The api-version query parameter (?api-version=) is required for all requests."
        raise _error(400, "MissingApiVersionParameter", text)


def _check_claims(state: EmulatorState, claims: dict[str, Any]) -> None:
    if claims["aud"] not in AUDIENCES:
        allowed = ",".join(f"'{audience}'" for audience in AUDIENCES)
        text = (
            f"The access token has been obtained for wrong audience or resource '{claims['aud']}'."
            f" It should exactly match with one of the allowed audiences {allowed}."
        )
        raise _unauthorized(state, "InvalidAuthenticationTokenAudience", text, text)
    if claims["exp"] < state.now_s():
        text = "The access token expiry UTC time is earlier than current UTC time."
        raise _unauthorized(state, "ExpiredAuthenticationToken", text, text)


def _unauthorized(state: EmulatorState, code: str, text: str, reason: str) -> ServiceError:
    address = f"https://login.microsoftonline.com/{state.tenant.id}"
    challenge = f'Bearer authorization_uri="{address}", error="invalid_token", error_description="{reason}"'
    return ServiceError(401, {"error": {"code": code, "message": text}}, {"WWW-Authenticate": challenge})


def _error(status: int, code: str, text: str) -> ServiceError:
    return ServiceError(status, {"error": {"code": code, "message": text}})


def _tenant(tenant: Tenant) -> dict[str, Any]:
    return {
        "id": f"/tenants/{tenant.id}",
        "tenantId": tenant.id,
        "countryCode": "DE",
        "displayName": tenant.name,
        "domains": [tenant.domain],
        "tenantCategory": "Home",
        "defaultDomain": tenant.domain,
        "tenantType": "AAD",
    }


def _subscription(subscription: Subscription) -> dict[str, Any]:
    return {
        "id": f"/subscriptions/{subscription.id}",
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "subscriptionId": subscription.id,
        "tenantId": subscription.tenant.id,
        "displayName": subscription.name,
        "state": "Enabled",
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "PayAsYouGo_2014-09-01",
            "spendingLimit": "Off",
        },
    }
