"""Access and ID tokens as Entra issues them: v1 or v2 claims depending on the resource, signed with RS256."""

import base64
import secrets
import uuid
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

import jwt

from localazure.crypto.signing_keys import signing_key
from localazure.scenarios.directory import (
    AZURE_CLI_CLIENT_ID,
    CONTOSO,
    V2_AUDIENCES,
    Application,
    Identity,
    ManagedIdentity,
    Tenant,
    User,
)

CLOCK_SKEW_S = 300
"""Entra sets `nbf` to five minutes before the issue time to tolerate clock skew."""
MANAGED_IDENTITY_LIFE_S = 86_400
USER_LIFE_S = 4_500
APPLICATION_LIFE_S = 3_600

V2_NAMES = {"appid": "azp", "appidacr": "azpacr", "upn": "preferred_username"}
"""v1 claim -> v2 claim: https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference"""
NOT_IN_V2 = ("acr", "amr", "family_name", "given_name", "idp", "ipaddr", "puid", "unique_name")

GRAPH_SCOPES = "AuditLog.Read.All Directory.AccessAsUser.All Group.ReadWrite.All User.ReadWrite.All"
"""The delegated permissions of Azure CLI for Microsoft Graph."""

Claims = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class AccessToken:
    text: str
    audience: str
    not_before: int
    """Seconds since the epoch."""
    expires_on: int
    """Seconds since the epoch."""

    def __repr__(self) -> str:
        return f"AccessToken(audience={self.audience!r}, expires_on={self.expires_on})"


class ClientAuthentication(StrEnum):
    """How the client authenticated: the values of the `appidacr` claim."""

    NONE = "0"
    SECRET = "1"  # noqa: S105 - a protocol constant
    CERTIFICATE = "2"
    """Or a federated token, or a managed identity."""


def issue(
    identity: Identity,
    *,
    tenant: Tenant,
    audience: str,
    now_s: int,
    life_s: int | None = None,
    client_auth: ClientAuthentication = ClientAuthentication.CERTIFICATE,
    capabilities: tuple[str, ...] = (),
) -> AccessToken:
    """Return a signed token of `identity` for `audience`. Tokens of users are issued to Azure CLI."""
    identity_claims, default_life_s = _identity_claims(identity, tenant, client_auth, audience)
    not_before, expires_on = now_s - CLOCK_SKEW_S, now_s + (default_life_s if life_s is None else life_s)
    claims = (
        _common_claims(tenant, audience) | {"iat": not_before, "nbf": not_before, "exp": expires_on} | identity_claims
    )
    if capabilities:
        claims["xms_cc"] = list(capabilities)
    if audience in V2_AUDIENCES:
        claims = _as_v2(claims, tenant)
    return AccessToken(text=sign(claims), audience=audience, not_before=not_before, expires_on=expires_on)


def id_token(user: User, *, tenant: Tenant, client_id: str, now_s: int, nonce: str | None = None) -> str:
    """Return the OpenID Connect ID token of a signed-in user, with the nonce of the authorization request."""
    return sign(
        {
            **({"nonce": nonce} if nonce else {}),
            "aud": client_id,
            "iss": tenant.issuer_v2,
            "iat": now_s - CLOCK_SKEW_S,
            "nbf": now_s - CLOCK_SKEW_S,
            "exp": now_s + USER_LIFE_S,
            "name": user.name,
            "oid": user.object_id,
            "preferred_username": user.principal_name,
            "puid": user.puid,
            "sub": _subject(user),
            "tid": tenant.id,
            "ver": "2.0",
        }
    )


def sign(claims: Claims) -> str:
    """Return `claims` as a signed JWT with Entra's header."""
    key = signing_key()
    return jwt.encode(claims, key.private, algorithm="RS256", headers={"x5t": key.id, "kid": key.id})


@lru_cache(maxsize=1024)
def verify(token: str) -> Claims:
    """Return the claims after checking the signature, but not the lifetime. Raises jwt.InvalidTokenError.

    The result is shared between calls with the same token, which clients send many times; do not change it.
    """
    options: Any = dict.fromkeys(("verify_exp", "verify_nbf", "verify_iat", "verify_aud"), False)
    options["require"] = ["aud", "iss", "nbf", "exp", "oid"]
    return jwt.decode(token, signing_key().private.public_key(), algorithms=["RS256"], options=options)


def _common_claims(tenant: Tenant, audience: str) -> Claims:
    return {
        "aud": audience,
        "iss": tenant.issuer,
        "aio": secrets.token_urlsafe(48),
        "rh": f"1.{_base64url(uuid.UUID(tenant.id).bytes_le)}AA.",
        "tid": tenant.id,
        "uti": secrets.token_urlsafe(16),
        "ver": "1.0",
    }


def _identity_claims(
    identity: Identity, tenant: Tenant, client_auth: ClientAuthentication, audience: str
) -> tuple[Claims, int]:
    """Return the claims that describe `identity`, and the lifetime in seconds."""
    if isinstance(identity, User):
        return _user_claims(identity, audience), USER_LIFE_S
    if isinstance(identity, Application):
        return _application_claims(identity, tenant, client_auth), APPLICATION_LIFE_S
    return _managed_identity_claims(identity, tenant), MANAGED_IDENTITY_LIFE_S


def _as_v2(claims: Claims, tenant: Tenant) -> Claims:
    renamed = {V2_NAMES.get(name, name): value for name, value in claims.items() if name not in NOT_IN_V2}
    return renamed | {"iss": tenant.issuer_v2, "ver": "2.0"}


def _application_claims(application: Application, tenant: Tenant, client_auth: ClientAuthentication) -> Claims:
    return {
        "appid": application.client_id,
        "appidacr": client_auth.value,
        "idp": tenant.issuer,
        "idtyp": "app",
        "oid": application.object_id,
        "sub": application.object_id,
    }


def _managed_identity_claims(identity: ManagedIdentity, tenant: Tenant) -> Claims:
    return {
        "appid": identity.client_id,
        "appidacr": "2",
        "idp": tenant.issuer,
        "idtyp": "app",
        "oid": identity.object_id,
        "sub": identity.object_id,
        "xms_mirid": identity.resource_id,
    }


def _user_claims(user: User, audience: str) -> Claims:
    scopes = GRAPH_SCOPES if audience.startswith("https://graph.microsoft.com") else "user_impersonation"
    if user.guest_of:  # a guest has no user principal name in the token
        names = {"email": user.guest_of, "idp": CONTOSO.issuer, "unique_name": user.guest_of}
    else:
        names = {"unique_name": user.principal_name, "upn": user.principal_name}
    return {
        "acr": "1",
        "amr": ["pwd", "mfa"],
        "appid": AZURE_CLI_CLIENT_ID,
        "appidacr": "0",
        "family_name": user.family_name,
        "given_name": user.given_name,
        "idtyp": "user",
        "ipaddr": "203.0.113.7",
        "name": user.name,
        "oid": user.object_id,
        "puid": user.puid,
        "scp": scopes,
        "sub": _subject(user),
        **names,
    }


def _subject(user: User) -> str:
    """In Entra, `sub` is different for each application; one value is sufficient here."""
    return _base64url(uuid.UUID(user.object_id).bytes * 2)


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
