"""Whom a vault lets in: first the token, then the permission of its object id."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import jwt
from starlette.requests import Request

from localazure.directory import KEY_VAULT_AUDIENCE
from localazure.keys import signing_key
from localazure.services import keyvault_refusals as refusals
from localazure.tokens import verified
from localazure.vaults import Network, Permission, Vault
from localazure.world import World

CLIENT_ADDRESS = "203.0.113.7"
"""What the vault says it saw: on loopback there is no public address to show."""
CLOCK_LEEWAY_S = 300
"""What .NET's token handler, and so the vault, forgives a clock."""
LIFETIME = "Lifetime validation failed."


@dataclass(frozen=True, kw_only=True)
class Caller:
    app_id: str
    object_id: str
    issuer: str

    def __str__(self) -> str:
        return f"appid={self.app_id};oid={self.object_id};iss={self.issuer}"


def authenticate(world: World, vault: Vault, request: Request) -> Caller:
    """The caller the request's token speaks for. Raises Refusal with the vault's challenge.

    Checked in the order of .NET's token handler: signature, lifetime, audience, issuer.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise refusals.missing_token(vault)
    claims = _verified_claims(vault, token.strip())
    _check_lifetime(vault, claims, world.now_s())
    if claims.get("aud") != KEY_VAULT_AUDIENCE:
        raise refusals.wrong_audience(vault, str(claims.get("aud")))
    if claims.get("iss") != vault.subscription.tenant.issuer:
        raise refusals.wrong_issuer(vault, str(claims.get("iss")))
    return Caller(app_id=claims.get("appid", ""), object_id=claims["oid"], issuer=claims["iss"])


def authorize(vault: Vault, caller: Caller, permission: Permission, item: str) -> None:
    """Nothing when `caller` may do that to `item` (`secrets/<name>`) from where it is. Raises Refusal when not."""
    if vault.network is Network.FIREWALL:
        raise refusals.outside_firewall(vault, str(caller), CLIENT_ADDRESS)
    if vault.network is Network.PRIVATE:
        raise refusals.no_private_link(vault)
    if vault.throttled:
        raise refusals.throttled()
    if vault.allows(caller.object_id, permission):
        return
    if vault.access_policies:
        raise refusals.no_policy(vault, str(caller), permission)
    raise refusals.no_role(vault, str(caller), permission, item)


def _verified_claims(vault: Vault, token: str) -> dict[str, Any]:
    try:
        if jwt.get_unverified_header(token).get("kid") != signing_key().id:
            raise refusals.unknown_key(vault, token.partition(".")[0])
        return verified(token)
    except jwt.InvalidSignatureError:
        raise refusals.invalid_token(vault, "IDX10511: Signature validation failed.") from None
    except jwt.InvalidTokenError:
        raise refusals.invalid_token(vault, "IDX12741: JWT must have three segments (JWS).") from None


def _check_lifetime(vault: Vault, claims: dict[str, Any], now_s: int) -> None:
    if now_s > claims["exp"] + CLOCK_LEEWAY_S:
        times = f"ValidTo (UTC): '{_utc(claims['exp'])}', Current time (UTC): '{_utc(now_s)}'."
        raise refusals.invalid_token(vault, f"IDX10223: {LIFETIME} The token is expired. {times}")
    if now_s < claims["nbf"] - CLOCK_LEEWAY_S:
        times = f"ValidFrom (UTC): '{_utc(claims['nbf'])}', Current time (UTC): '{_utc(now_s)}'."
        raise refusals.invalid_token(vault, f"IDX10222: {LIFETIME} The token is not yet valid. {times}")


def _utc(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, tz=UTC):%m/%d/%Y %H:%M:%S}"
