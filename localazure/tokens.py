"""Access tokens as Entra makes them: v1 claims, signed with RS256."""

import base64
import secrets
import uuid
from dataclasses import dataclass
from typing import Any

import jwt

from localazure.directory import AZURE_CLI_CLIENT_ID, Identity, ManagedIdentity, Tenant, User
from localazure.keys import signing_key

CLOCK_SKEW_S = 300
"""Entra dates a token five minutes back, so that a client whose clock is a little behind may use it at once."""
MANAGED_IDENTITY_LIFE_S = 86_400
USER_LIFE_S = 4_500

Claims = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class AccessToken:
    text: str
    audience: str
    not_before: int
    """Seconds since 1970."""
    expires_on: int
    """Seconds since 1970."""

    def __repr__(self) -> str:
        return f"AccessToken(audience={self.audience!r}, expires_on={self.expires_on})"


def issue(identity: Identity, *, tenant: Tenant, audience: str, now_s: int) -> AccessToken:
    """A signed token that says `identity` to `audience`, from now on."""
    if isinstance(identity, User):
        own, life_s = _user_claims(identity), USER_LIFE_S
    else:
        own, life_s = _managed_identity_claims(identity, tenant), MANAGED_IDENTITY_LIFE_S
    not_before, expires_on = now_s - CLOCK_SKEW_S, now_s + life_s
    claims = _common_claims(tenant, audience) | {"iat": not_before, "nbf": not_before, "exp": expires_on} | own
    return AccessToken(text=sign(claims), audience=audience, not_before=not_before, expires_on=expires_on)


def sign(claims: Claims) -> str:
    """The compact JWT of `claims`, with Entra's header."""
    key = signing_key()
    return jwt.encode(claims, key.private, algorithm="RS256", headers={"x5t": key.id, "kid": key.id})


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


def _user_claims(user: User) -> Claims:
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
        "scp": "user_impersonation",
        "sub": _base64url(uuid.UUID(user.object_id).bytes * 2),
        "unique_name": user.principal_name,
        "upn": user.principal_name,
    }


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
