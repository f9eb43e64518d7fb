"""The grant types of the token endpoint.

https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow and related pages
"""

import base64
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from localazure.crypto.tokens import AccessToken, id_token
from localazure.scenarios.directory import CONTOSO, DEVELOPER, GRAPH_RESOURCE, MICROSOFT_CLIENTS, Tenant
from localazure.services.entra import errors
from localazure.services.entra.authorize import redeem_code
from localazure.services.entra.client_authentication import authenticate_client
from localazure.state.emulator_state import EmulatorState
from localazure.state.sign_in_sessions import DeviceSignIn, Session

DEFAULT_SCOPE = "/.default"
OPENID_SCOPES = frozenset({"openid", "profile", "offline_access", "email"})
DEVICE_CODE_LIFETIME_S = 900
POLL_INTERVAL_S = 1
"""Azure uses 5 seconds; here no user has to enter a code."""


@dataclass(frozen=True, kw_only=True)
class TokenRequest:
    state: EmulatorState
    tenant: Tenant
    form: Mapping[str, str]
    v2: bool
    """Whether it was sent to the v2 endpoint, which uses scopes instead of resources."""


def grant(request: TokenRequest) -> dict[str, Any]:
    """Return the JSON of the token response. Raises ServiceError."""
    grant_type = request.form.get("grant_type")
    if not grant_type:
        raise errors.missing_field(request.state, "grant_type")
    if grant_type not in _GRANTS:
        raise errors.unsupported_grant(request.state, grant_type)
    return _GRANTS[grant_type](request)


def start_device_code_flow(state: EmulatorState, form: Mapping[str, str]) -> dict[str, Any]:
    """Return the codes of a device code sign-in, which the developer completes immediately."""
    if not form.get("client_id"):
        raise errors.missing_field(state, "client_id")
    _public_client(state, form["client_id"])
    code = secrets.token_urlsafe(48)
    user_code = secrets.token_hex(5)[:9].upper()
    state.sessions.device_codes[code] = DeviceSignIn(form=form)
    address = "https://login.microsoft.com/device"
    return {
        "user_code": user_code,
        "device_code": code,
        "verification_uri": address,
        "expires_in": DEVICE_CODE_LIFETIME_S,
        "interval": POLL_INTERVAL_S,
        "message": (
            f"To sign in, use a web browser to open the page {address} and enter the code {user_code} to authenticate."
        ),
    }


def _client_credentials(request: TokenRequest) -> dict[str, Any]:
    registration, client_auth = authenticate_client(request.state, request.tenant, request.form)
    resource = _resource(request)
    if request.v2 and not any(scope.endswith(DEFAULT_SCOPE) for scope in request.form.get("scope", "").split()):
        raise errors.scope_without_default(request.state, request.form["scope"])
    audience, capabilities = _audience(request.state, resource), _capabilities(request.form)
    token = request.state.token(registration.identity, audience, client_auth, capabilities=capabilities)
    return _response_v2(request, token) if request.v2 else _response_v1(request, token, resource)


def _device_code(request: TokenRequest) -> dict[str, Any]:
    state = request.state
    codes, code = state.sessions.device_codes, request.form.get("device_code", request.form.get("code", ""))
    if code not in codes:
        raise errors.unknown_device_code(state)
    _public_client(state, request.form.get("client_id", ""))
    if codes[code].form["client_id"].lower() != request.form.get("client_id", "").lower():
        raise errors.invalid_grant(state)
    if not codes[code].polled:
        codes[code].polled = True
        raise errors.authorization_pending(state)
    sign_in = codes.pop(code)
    return _user_response(replace(request, form={**sign_in.form, **request.form}), Session(user=DEVELOPER, mfa=True))


def _public_client(state: EmulatorState, client_id: str) -> None:
    """Raises ServiceError unless users can sign in to this client without a secret of the client."""
    if not client_id:
        raise errors.missing_field(state, "client_id")
    if client_id.lower() in MICROSOFT_CLIENTS:
        return
    if client_id.lower() in state.directory.registrations:
        raise errors.missing_client_credential(state)
    raise errors.unknown_application(state, client_id, state.tenant.name)


def _authorization_code(request: TokenRequest) -> dict[str, Any]:
    query = redeem_code(request.state, request.form)
    form = {"scope": query["scope"], **request.form, "client_id": query["client_id"], "nonce": query.get("nonce", "")}
    return _user_response(replace(request, form=form), Session(user=DEVELOPER, mfa=True))


def _refresh_token(request: TokenRequest) -> dict[str, Any]:
    session = request.state.sessions.refresh_tokens.get(request.form.get("refresh_token", ""))
    if session is None:
        raise errors.unknown_refresh_token(request.state)
    return _user_response(request, session)


def _user_response(request: TokenRequest, session: Session) -> dict[str, Any]:
    state, user = request.state, request.state.directory.user_in(session.user, request.tenant)
    if request.tenant not in state.directory.user_tenants():
        raise errors.user_not_in_tenant(state, CONTOSO.issuer, request.tenant.name)
    resource = _resource(request)
    if state.scenario.users_need_mfa and not session.mfa:
        raise errors.mfa_required(state, resource)
    capabilities = _capabilities(request.form)
    token = state.token(user, _audience(state, resource), tenant=request.tenant, capabilities=capabilities)
    client_id, scopes = request.form.get("client_id", ""), set(request.form.get("scope", "").split())
    response = _response_v2(request, token, scope=f"{resource}/user_impersonation {resource}{DEFAULT_SCOPE}")
    if not request.v2 or "offline_access" in scopes or request.form.get("grant_type") == "refresh_token":
        response["refresh_token"] = state.sessions.issue_refresh_token(session)
        response |= {"foci": "1"} if client_id.lower() in MICROSOFT_CLIENTS else {}
    if not request.v2 or "openid" in scopes:
        response["id_token"] = id_token(
            user, tenant=request.tenant, client_id=client_id, now_s=state.now_s(), nonce=request.form.get("nonce")
        )
        response["client_info"] = _base64url(json.dumps({"uid": session.user.object_id, "utid": CONTOSO.id}))
    return response


_GRANTS: Mapping[str, Callable[[TokenRequest], dict[str, Any]]] = {
    "client_credentials": _client_credentials,
    "authorization_code": _authorization_code,
    "urn:ietf:params:oauth:grant-type:device_code": _device_code,
    "device_code": _device_code,
    "refresh_token": _refresh_token,
}


def _resource(request: TokenRequest) -> str:
    if not request.v2:
        if "resource" not in request.form:
            raise errors.missing_field(request.state, "resource")
        return request.form["resource"]
    if not request.form.get("scope"):
        raise errors.missing_field(request.state, "scope")
    scopes = [scope for scope in request.form["scope"].split() if scope not in OPENID_SCOPES]
    scopes = [scope if "/" in scope or ":" in scope else f"{GRAPH_RESOURCE}/{scope}" for scope in scopes]
    if len({scope.rpartition("/")[0] for scope in scopes}) != 1:
        raise errors.invalid_scope(request.state, request.form["scope"])
    return scopes[0].rpartition("/")[0] or scopes[0]


def _audience(state: EmulatorState, resource: str) -> str:
    audience = state.directory.audience_of(resource)
    if audience is None:
        raise errors.unknown_resource(state, resource)
    return audience


def _capabilities(form: Mapping[str, str]) -> tuple[str, ...]:
    """The client capabilities that the `claims` parameter declares; they become the claim `xms_cc`.

    https://learn.microsoft.com/entra/identity-platform/claims-challenge#client-capabilities
    """
    try:
        values = json.loads(form.get("claims", "{}"))["access_token"]["xms_cc"]["values"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return ()
    return ("CP1",) if isinstance(values, list) and "CP1" in values else ()


def _response_v2(request: TokenRequest, token: AccessToken, scope: str | None = None) -> dict[str, Any]:
    life_s = token.expires_on - request.state.now_s() - 1
    scopes = {"scope": scope} if scope else {}
    return {
        "token_type": "Bearer",
        **scopes,
        "expires_in": life_s,
        "ext_expires_in": life_s,
        "access_token": token.text,
    }


def _response_v1(request: TokenRequest, token: AccessToken, resource: str) -> dict[str, Any]:
    """In v1 responses numbers are strings."""
    life_s = str(token.expires_on - request.state.now_s() - 1)
    return {
        "token_type": "Bearer",
        "expires_in": life_s,
        "ext_expires_in": life_s,
        "expires_on": str(token.expires_on),
        "not_before": str(token.not_before),
        "resource": resource,
        "access_token": token.text,
    }


def _base64url(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()
