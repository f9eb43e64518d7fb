"""Authentication and authorization of a vault: the token, then the permission of its object ID."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import jwt
from starlette.requests import Request

from localazure.crypto.signing_keys import signing_key
from localazure.crypto.tokens import verify
from localazure.scenarios.directory import KEY_VAULT_APP_ID, KEY_VAULT_AUDIENCE
from localazure.scenarios.vaults import RBAC_ACTIONS, Permission, Vault
from localazure.services.keyvault import errors
from localazure.state.emulator_state import EmulatorState
from localazure.state.role_assignments import RoleAssignment

CLIENT_ADDRESS = "203.0.113.7"
"""The client address that the vault reports; on loopback there is no public address."""
CLOCK_LEEWAY_S = 300
"""The clock skew that .NET's token handler, and so the vault, tolerates."""
LIFETIME_FAILED = "Lifetime validation failed."


@dataclass(frozen=True, kw_only=True)
class Caller:
    app_id: str
    object_id: str
    issuer: str

    def __str__(self) -> str:
        return f"appid={self.app_id};oid={self.object_id};iss={self.issuer}"


def authenticate(state: EmulatorState, vault: Vault, request: Request) -> Caller:
    """Return the caller that the token identifies. Raises ServiceError with the vault's challenge.

    Checked in the order of .NET's token handler: signature, lifetime, audience, issuer.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise errors.missing_token(vault)
    claims = _verify_claims(vault, token.strip())
    _check_lifetime(vault, claims, state.now_s())
    if claims.get("aud") not in (KEY_VAULT_AUDIENCE, KEY_VAULT_APP_ID):
        raise errors.wrong_audience(vault, str(claims.get("aud")))
    if claims.get("iss") != vault.subscription.tenant.issuer:
        raise errors.wrong_issuer(vault, str(claims.get("iss")))
    return Caller(app_id=claims.get("appid", ""), object_id=claims["oid"], issuer=claims["iss"])


def authorize(state: EmulatorState, vault: Vault, caller: Caller, permission: str, item: str) -> RoleAssignment | None:
    """Return the role assignment that allows the operation; None when an access policy does.

    `permission` is one of an access policy, `item` is `secrets/<name>`, `keys/<name>`, `certificates/<name>` or the
    first part only. Raises ServiceError without the permission or without network access.
    """
    settings = state.vaults[vault.name.lower()]
    if not settings.public_network_access:
        raise errors.forbidden_by_connection(vault)
    if not settings.firewall_allows(CLIENT_ADDRESS):
        raise errors.forbidden_by_firewall(vault, str(caller), CLIENT_ADDRESS)
    if vault.throttled:
        raise errors.throttled()
    kind, _, name = item.partition("/")
    if settings.rbac:
        action = data_action(kind, permission)
        assignment = state.roles.data_assignment(caller.object_id, action, f"{vault.scope}/{kind}/{name}".rstrip("/"))
        if assignment is None:
            raise errors.forbidden_by_rbac(vault, str(caller), action, item)
        return assignment
    if not settings.policy_allows(caller.object_id, caller.app_id, kind, permission):
        raise errors.access_denied(vault, str(caller), kind, permission)
    return None


def data_action(kind: str, permission: str) -> str:
    """The RBAC data action of a permission for secrets, keys or certificates."""
    if kind == "secrets":
        return RBAC_ACTIONS[Permission(permission)]
    name = "read" if permission in ("get", "list") else permission
    return f"Microsoft.KeyVault/vaults/{kind}/{name}"


class _UnknownKeyError(Exception):
    """The header of the token names another key."""


@lru_cache(maxsize=1024)
def _verified(token: str) -> dict[str, Any]:
    """Return the claims. Raises jwt.InvalidTokenError or _UnknownKeyError."""
    if jwt.get_unverified_header(token).get("kid") != signing_key().id:
        raise _UnknownKeyError
    return verify(token)


def _verify_claims(vault: Vault, token: str) -> dict[str, Any]:
    try:
        return _verified(token)
    except _UnknownKeyError:
        raise errors.unknown_key(vault, token.partition(".")[0]) from None
    except jwt.InvalidSignatureError:
        raise errors.invalid_token(vault, "IDX10511: Signature validation failed.") from None
    except jwt.InvalidTokenError:
        raise errors.invalid_token(vault, "IDX12741: JWT must have three segments (JWS).") from None


def _check_lifetime(vault: Vault, claims: dict[str, Any], now_s: int) -> None:
    if now_s > claims["exp"] + CLOCK_LEEWAY_S:
        times = f"ValidTo (UTC): '{_utc(claims['exp'])}', Current time (UTC): '{_utc(now_s)}'."
        raise errors.invalid_token(vault, f"IDX10223: {LIFETIME_FAILED} The token is expired. {times}")
    if now_s < claims["nbf"] - CLOCK_LEEWAY_S:
        times = f"ValidFrom (UTC): '{_utc(claims['nbf'])}', Current time (UTC): '{_utc(now_s)}'."
        raise errors.invalid_token(vault, f"IDX10222: {LIFETIME_FAILED} The token is not yet valid. {times}")


def _utc(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, tz=UTC):%m/%d/%Y %H:%M:%S}"
