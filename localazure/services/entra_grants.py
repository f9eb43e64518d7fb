"""What Entra's token endpoint gives for each kind of grant.

https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow and its neighbours
"""

import base64
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from localazure.directory import AUDIENCES, DEVELOPER, Tenant
from localazure.services import entra_refusals as refusals
from localazure.services.entra_authorize import redeemed
from localazure.services.entra_proofs import prove_client
from localazure.sessions import DeviceSignIn, Session
from localazure.tokens import AccessToken, id_token
from localazure.world import World

DEFAULT_SCOPE = "/.default"
OPENID_SCOPES = frozenset({"openid", "profile", "offline_access", "email"})
DEVICE_CODE_LIFE_S = 900
POLL_S = 1
"""Azure asks for five seconds between two questions; nobody types anything here."""


@dataclass(frozen=True, kw_only=True)
class TokenRequest:
    world: World
    tenant: Tenant
    form: Mapping[str, str]
    v2: bool
    """Whether it came to the v2 endpoint, which takes a scope and not a resource."""


def grant(request: TokenRequest) -> dict[str, Any]:
    """The JSON of the token answer. Raises Refusal."""
    grant_type = request.form.get("grant_type")
    if not grant_type:
        raise refusals.missing_field(request.world, "grant_type")
    if grant_type not in _GRANTS:
        raise refusals.unsupported_grant(request.world, grant_type)
    return _GRANTS[grant_type](request)


def begin_device_sign_in(world: World, form: Mapping[str, str]) -> dict[str, Any]:
    """The codes of a device sign-in; the developer of this world types hers at once."""
    if "client_id" not in form:
        raise refusals.missing_field(world, "client_id")
    code = secrets.token_urlsafe(48)
    user_code = secrets.token_hex(5)[:9].upper()
    world.sessions.device_codes[code] = DeviceSignIn(form=form)
    address = "https://login.microsoft.com/device"
    return {
        "user_code": user_code,
        "device_code": code,
        "verification_uri": address,
        "expires_in": DEVICE_CODE_LIFE_S,
        "interval": POLL_S,
        "message": (
            f"To sign in, use a web browser to open the page {address} and enter the code {user_code} to authenticate."
        ),
    }


def _client_credentials(request: TokenRequest) -> dict[str, Any]:
    registration, proof = prove_client(request.world, request.tenant, request.form)
    resource = _resource(request)
    if request.v2 and not request.form.get("scope", "").endswith(DEFAULT_SCOPE):
        raise refusals.scope_without_default(request.world, request.form["scope"])
    token = request.world.token(registration.identity, _audience(request.world, resource), proof)
    return _answer_v2(request, token) if request.v2 else _answer_v1(request, token, resource)


def _device_code(request: TokenRequest) -> dict[str, Any]:
    world = request.world
    codes, code = world.sessions.device_codes, request.form.get("device_code", request.form.get("code", ""))
    if code not in codes:
        raise refusals.unknown_device_code(world)
    if not codes[code].asked:
        codes[code].asked = True
        raise refusals.authorization_pending(world)
    begun = codes.pop(code)
    return _user_answer(replace(request, form={**begun.form, **request.form}), Session(user=DEVELOPER, mfa=True))


def _authorization_code(request: TokenRequest) -> dict[str, Any]:
    asked = redeemed(request.world, request.form)
    form = {"scope": asked["scope"], **request.form, "client_id": asked["client_id"], "nonce": asked.get("nonce", "")}
    return _user_answer(replace(request, form=form), Session(user=DEVELOPER, mfa=True))


def _refresh_token(request: TokenRequest) -> dict[str, Any]:
    session = request.world.sessions.refresh_tokens.get(request.form.get("refresh_token", ""))
    if session is None:
        raise refusals.unknown_refresh_token(request.world)
    return _user_answer(request, session)


def _user_answer(request: TokenRequest, session: Session) -> dict[str, Any]:
    world, user = request.world, session.user
    if request.tenant != world.tenant:
        raise refusals.user_not_in_tenant(world, world.tenant.issuer, request.tenant.name)
    resource = _resource(request)
    if world.scenario.users_need_mfa and not session.mfa:
        raise refusals.mfa_required(world, resource)
    token = world.token(user, _audience(world, resource))
    client_id = request.form.get("client_id", "")
    return _answer_v2(request, token, scope=f"{resource}/user_impersonation {resource}{DEFAULT_SCOPE}") | {
        "refresh_token": world.sessions.remember(session),
        "foci": "1",
        "id_token": id_token(
            user, tenant=request.tenant, client_id=client_id, now_s=world.now_s(), nonce=request.form.get("nonce")
        ),
        "client_info": _base64url(json.dumps({"uid": user.object_id, "utid": request.tenant.id})),
    }


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
            raise refusals.missing_field(request.world, "resource")
        return request.form["resource"]
    if not request.form.get("scope"):
        raise refusals.missing_field(request.world, "scope")
    wanted = [scope for scope in request.form["scope"].split() if scope not in OPENID_SCOPES]
    if len({scope.rpartition("/")[0] for scope in wanted}) != 1:
        raise refusals.invalid_scope(request.world, request.form["scope"])
    return wanted[0].rpartition("/")[0] or wanted[0]


def _audience(world: World, resource: str) -> str:
    if resource not in AUDIENCES:
        raise refusals.unknown_resource(world, resource)
    return AUDIENCES[resource]


def _answer_v2(request: TokenRequest, token: AccessToken, scope: str | None = None) -> dict[str, Any]:
    life_s = token.expires_on - request.world.now_s() - 1
    scopes = {"scope": scope} if scope else {}
    return {
        "token_type": "Bearer",
        **scopes,
        "expires_in": life_s,
        "ext_expires_in": life_s,
        "access_token": token.text,
    }


def _answer_v1(request: TokenRequest, token: AccessToken, resource: str) -> dict[str, Any]:
    """The v1 endpoint writes its numbers as text."""
    life_s = str(token.expires_on - request.world.now_s() - 1)
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
