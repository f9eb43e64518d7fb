"""One authenticated management operation: the request, who sent it and what it may do."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import jwt
from starlette.requests import Request
from starlette.responses import Response

from localazure.crypto.tokens import verify
from localazure.scenarios.directory import Subscription, Tenant
from localazure.services.errors import AzureJSONResponse
from localazure.services.request_body import read_body
from localazure.services.resource_manager import errors, jsonc
from localazure.state.emulator_state import EmulatorState

AUDIENCES = (
    *("https://management.core.windows.net/", "https://management.core.windows.net"),
    *("https://management.azure.com/", "https://management.azure.com"),
)


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who sent the request, from the token."""

    object_id: str
    tenant_id: str
    client: str
    """The user principal name or the application (client) ID, as error messages name the client."""
    is_user: bool


@dataclass(frozen=True, kw_only=True)
class Call:
    state: EmulatorState
    caller: Caller
    method: str
    path: str
    api_version: str
    query: Mapping[str, str]
    parameters: Mapping[str, str]
    """The placeholders of the operation's path."""
    body: Any = field(default=None, repr=False)
    """The JSON of the request, None without one."""

    @property
    def subscription(self) -> Subscription:
        """The subscription in the path. Raises ServiceError."""
        return find_subscription(self.state, self.parameters["subscription"])

    def require(self, action: str, scope: str) -> None:
        """Raises ServiceError unless a role allows the caller this action at `scope`."""
        if not self.state.roles.allows(self.caller.object_id, action, scope):
            raise errors.authorization_failed(self.caller.client, self.caller.object_id, action, scope)

    def allows(self, action: str, scope: str) -> bool:
        """Whether a role allows the caller this action at `scope`."""
        return self.state.roles.allows(self.caller.object_id, action, scope)

    def properties(self) -> dict[str, Any]:
        """The `properties` of the body. Raises ServiceError."""
        return as_object(as_object(self.body, "body").get("properties", {}), "properties")


Handler = Callable[[Call], Response]


@dataclass(frozen=True)
class Operation:
    """One row of the routing table. `{name}` in `path` is one segment; a leading `{scope}` is any resource ID."""

    method: str
    path: str
    handler: Handler
    type: str
    """The resource type, which determines the supported API versions."""

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        parts = re.split(r"\{(\w+)\}", self.path)
        names = {"scope": r"/.+?"}
        text = "".join(
            f"(?P<{part}>{names.get(part, '[^/]+')})" if index % 2 else re.escape(part)
            for index, part in enumerate(parts)
        )
        return re.compile(f"{text}/?", re.IGNORECASE)


def json_response(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return `content` as JSON."""
    return AzureJSONResponse(content, status_code=status, headers=headers)


def as_object(value: Any, name: str) -> dict[str, Any]:
    """Return `value` when it is a JSON object. Raises ServiceError."""
    if not isinstance(value, dict):
        raise errors.invalid_request_content(f"The {name} must be a JSON object")
    return value


def find_subscription(state: EmulatorState, subscription_id: str) -> Subscription:
    """Return the subscription with this ID. Raises ServiceError."""
    for subscription in state.subscriptions:
        if subscription.id == subscription_id.lower():
            return subscription
    raise errors.subscription_not_found(subscription_id)


def require_group(call: Call) -> str:
    """Return the ID of the resource group in the path. Raises ServiceError when it does not exist."""
    subscription = call.subscription
    if call.parameters["group"].lower() != subscription.resource_group.lower():
        raise errors.group_not_found(call.parameters["group"])
    return subscription.group_scope


async def read_json(request: Request) -> Any:
    """Return the JSON of the body, None without one. Raises ServiceError."""
    text = await read_body(request)
    if not text.strip():
        return None
    try:
        return jsonc.parse(text.decode())
    except (ValueError, RecursionError):
        raise errors.invalid_request_content("The body is not valid JSON") from None


def authenticate(state: EmulatorState, request: Request) -> Caller:
    """Return the caller that the token identifies. Raises ServiceError with Resource Manager's challenge."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        text = "Authentication failed. The 'Authorization' header is missing."
        reason = "The authentication failed because of missing 'Authorization' header."
        raise errors.unauthorized(state.tenant, "AuthenticationFailed", text, reason)
    try:
        claims = verify(token)
    except jwt.InvalidTokenError:
        raise errors.unauthorized(state.tenant, "InvalidAuthenticationToken", "The access token is invalid.") from None
    _check_claims(state, claims)
    client = str(claims.get("upn") or claims.get("unique_name") or claims.get("appid", ""))
    return Caller(
        object_id=str(claims["oid"]),
        tenant_id=str(claims.get("tid", "")),
        client=client,
        is_user="unique_name" in claims,
    )


def _check_claims(state: EmulatorState, claims: Mapping[str, Any]) -> None:
    if claims["aud"] not in AUDIENCES:
        allowed = ",".join(f"'{audience}'" for audience in AUDIENCES)
        text = (
            f"The access token has been obtained for wrong audience or resource '{claims['aud']}'."
            f" It should exactly match with one of the allowed audiences {allowed}."
        )
        raise errors.unauthorized(state.tenant, "InvalidAuthenticationTokenAudience", text)
    if claims["exp"] < state.now_s():
        text = "The access token expiry UTC time is earlier than current UTC time."
        raise errors.unauthorized(state.tenant, "ExpiredAuthenticationToken", text)


def check_tenant(caller: Caller, tenant: Tenant) -> None:
    """Raises ServiceError unless the token was issued by the tenant of the subscription."""
    if caller.tenant_id == tenant.id:
        return
    text = (
        f"The access token is from the wrong issuer 'https://sts.windows.net/{caller.tenant_id}/'. It must match the"
        f" tenant '{tenant.issuer}' associated with this subscription. Please use the authority (URL)"
        f" 'https://login.windows.net/{tenant.id}' to get the token. Note, if the subscription is transferred to"
        " another tenant there is no impact to the services, but information about new tenant could take time to"
        " propagate (up to an hour). If you just transferred your subscription and see this error message, please try"
        " back later."
    )
    raise errors.unauthorized(tenant, "InvalidAuthenticationTokenTenant", text)
