"""Azure Resource Manager, as much of it as `az login` asks: https://management.azure.com, tenants and subscriptions.

https://learn.microsoft.com/rest/api/resources/subscriptions
"""

import uuid
from typing import Any

import jwt
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from localazure.directory import Subscription, Tenant
from localazure.services.refusal import Json, Refusal, answer_refusal
from localazure.tokens import verified
from localazure.world import World

HOSTS = ("management.azure.com", "management.core.windows.net")
AUDIENCES = (
    *("https://management.core.windows.net/", "https://management.core.windows.net"),
    *("https://management.azure.com/", "https://management.azure.com"),
)


def resource_manager(world: World) -> Starlette:
    """Resource Manager of this world's tenant, as an ASGI application."""
    served = ResourceManager(world)
    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    return Starlette(
        routes=[
            Route("/tenants", served.tenants),
            Route("/subscriptions", served.subscriptions),
            Route("/subscriptions/{id}", served.subscription),
            Route("/{path:path}", served.unknown, methods=methods),
        ],
        exception_handlers={Refusal: answer_refusal},
    )


class ResourceManager:
    def __init__(self, world: World) -> None:
        self._world = world

    async def tenants(self, request: Request) -> Response:
        _let_in(self._world, request)
        return Json({"value": [_tenant(self._world.tenant)]})

    async def subscriptions(self, request: Request) -> Response:
        _let_in(self._world, request)
        known = _subscription(self._world.scenario.subscription)
        return Json({"value": [known], "count": {"type": "Total", "value": 1}})

    async def subscription(self, request: Request) -> Response:
        _let_in(self._world, request)
        wanted = request.path_params["id"]
        if wanted.lower() != self._world.scenario.subscription.id:
            raise _refused(404, "SubscriptionNotFound", f"The subscription '{wanted}' could not be found.")
        return Json(_subscription(self._world.scenario.subscription))

    async def unknown(self, request: Request) -> Response:
        _let_in(self._world, request)
        text = "No HTTP resource was found that matches the request URI. Local Azure plays tenants and subscriptions."
        raise _refused(404, "NotFound", text)


def resource_manager_headers(_world: World, _client_request_id: str | None) -> dict[str, str]:
    """The headers Resource Manager puts on every answer."""
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


def _let_in(world: World, request: Request) -> None:
    """Raises Refusal unless the request has a good token for Resource Manager and an API version."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        reason = "The authentication failed because of missing 'Authorization' header."
        text = "Authentication failed. The 'Authorization' header is missing."
        raise _unauthorized(world, "AuthenticationFailed", text, reason)
    try:
        claims = verified(token)
    except jwt.InvalidTokenError:
        text = "The access token is invalid."
        raise _unauthorized(world, "InvalidAuthenticationToken", text, text) from None
    _check_claims(world, claims)
    if not request.query_params.get("api-version"):
        text = "The api-version query parameter (?api-version=) is required for all requests."
        raise _refused(400, "MissingApiVersionParameter", text)


def _check_claims(world: World, claims: dict[str, Any]) -> None:
    if claims["aud"] not in AUDIENCES:
        allowed = ",".join(f"'{audience}'" for audience in AUDIENCES)
        text = (
            f"The access token has been obtained for wrong audience or resource '{claims['aud']}'."
            f" It should exactly match with one of the allowed audiences {allowed}."
        )
        raise _unauthorized(world, "InvalidAuthenticationTokenAudience", text, text)
    if claims["exp"] < world.now_s():
        text = "The access token expiry UTC time is earlier than current UTC time."
        raise _unauthorized(world, "ExpiredAuthenticationToken", text, text)


def _unauthorized(world: World, code: str, text: str, reason: str) -> Refusal:
    address = f"https://login.microsoftonline.com/{world.tenant.id}"
    challenge = f'Bearer authorization_uri="{address}", error="invalid_token", error_description="{reason}"'
    return Refusal(401, {"error": {"code": code, "message": text}}, {"WWW-Authenticate": challenge})


def _refused(status: int, code: str, text: str) -> Refusal:
    return Refusal(status, {"error": {"code": code, "message": text}})


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
