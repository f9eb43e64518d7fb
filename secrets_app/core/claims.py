"""Decodes an access token into its principal. The token is not verified, stored or logged.

What each claim means: https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
A token is opaque by contract, so the Principal of an undecodable one has the `type` None.
"""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from secrets_app.core.credential_options import CredentialKind
from secrets_app.core.reading import Principal, PrincipalKind, PrincipalType
from secrets_app.core.redaction import external_text

Claims = Mapping[str, Any]

_USER_ASSIGNED = "/providers/microsoft.managedidentity/userassignedidentities/"


def principal_of(token: str, *, credential: str | None, certificate_thumbprint: str | None = None) -> Principal:
    """The principal of `token`. `credential` is the azure-identity class that returned it. Never raises."""
    claims = _claims(token)
    type_ = _type(claims)
    resource_id = _text(claims, "xms_mirid")
    return Principal(
        type=type_,
        kind=_kind(type_, resource_id, credential),
        name=_name(claims, type_, resource_id),
        app_id=_text(claims, "appid", "azp"),
        object_id=_text(claims, "oid"),
        tenant_id=_text(claims, "tid"),
        user_principal_name=_user_principal_name(claims) if type_ is PrincipalType.USER else None,
        managed_identity_resource_id=resource_id,
        certificate_thumbprint=certificate_thumbprint,
        credential=credential,
        token_issued_at=claim_time(claims, "iat"),
        token_expires_at=claim_time(claims, "exp"),
        claims=dict(claims),
    )


def _claims(token: str) -> Claims:
    """The claims of a signed token (RFC 7515: header.payload.signature); empty if it is opaque or encrypted."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        payload = json.loads(
            base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)), parse_constant=lambda name: name
        )
    except (ValueError, RecursionError):
        return {}
    return _sanitized(payload) if isinstance(payload, dict) else {}


def _sanitized(value: Any, depth: int = 8) -> Any:
    """The claim as any page or file can contain it: cleaned, without deep nesting."""
    if isinstance(value, str):
        return external_text(value)
    if isinstance(value, (dict, list)) and not depth:
        return "..."
    if isinstance(value, dict):
        return {external_text(name): _sanitized(inner, depth - 1) for name, inner in value.items()}
    return [_sanitized(inner, depth - 1) for inner in value] if isinstance(value, list) else value


def _text(claims: Claims, *names: str) -> str | None:
    """The first of these claims that is a non-empty string."""
    return next((value for name in names if isinstance(value := claims.get(name), str) and value), None)


def _type(claims: Claims) -> PrincipalType | None:
    """User or App: `idtyp` if present, else derived from claims that only one of them has."""
    from_idtyp = {"user": PrincipalType.USER, "app": PrincipalType.APP}.get(_text(claims, "idtyp") or "")
    if from_idtyp:
        return from_idtyp
    if _text(claims, "scp", "upn", "unique_name", "preferred_username"):
        return PrincipalType.USER  # delegated permissions and sign-in names: users only
    is_app = (
        _text(claims, "xms_mirid")
        or (_text(claims, "oid") and _text(claims, "oid") == _text(claims, "sub"))
        # 1: the client authenticated with a secret, 2: with a certificate or a federated token
        or _text(claims, "appidacr", "azpacr") in {"1", "2"}
    )
    return PrincipalType.APP if is_app else None


def _kind(type_: PrincipalType | None, resource_id: str | None, credential: str | None) -> PrincipalKind | None:
    if type_ is None:
        return None
    if type_ is PrincipalType.USER:
        return PrincipalKind.USER
    if resource_id:
        user_assigned = _USER_ASSIGNED in resource_id.lower()
        return (
            PrincipalKind.USER_ASSIGNED_MANAGED_IDENTITY
            if user_assigned
            else PrincipalKind.SYSTEM_ASSIGNED_MANAGED_IDENTITY
        )
    by_credential = {
        CredentialKind.MANAGED_IDENTITY.class_name: PrincipalKind.MANAGED_IDENTITY,
        CredentialKind.WORKLOAD_IDENTITY.class_name: PrincipalKind.WORKLOAD_IDENTITY,
    }
    return by_credential.get(credential or "", PrincipalKind.SERVICE_PRINCIPAL)


def _name(claims: Claims, type_: PrincipalType | None, resource_id: str | None) -> str | None:
    if type_ is PrincipalType.USER:
        return _text(claims, "name") or _user_principal_name(claims)
    return _text(claims, "app_displayname") or (resource_id.rstrip("/").rpartition("/")[2] if resource_id else None)


def _user_principal_name(claims: Claims) -> str | None:
    """The user principal name; guests have it in `unique_name` or `email` (AppAuthentication read upn, then email)."""
    return _text(claims, "upn", "preferred_username", "unique_name", "email")


def claim_time(claims: Claims, name: str) -> datetime | None:
    """A NumericDate claim (RFC 7519: seconds since 1970) as a datetime; None if invalid."""
    try:
        return datetime.fromtimestamp(int(claims[name]), UTC)
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        return None


_AUTHENTICATION_METHODS = (
    "How the client authenticated: 0 public client, 1 client secret, 2 certificate (also managed identities)."
)

WELL_KNOWN_APPS: dict[str, str] = {
    "04b07795-8ddb-461a-bbee-02f9e1bf7b46": "Azure CLI",
    "1950a258-227b-4e31-a9cf-717495945fc2": "Azure PowerShell",
    "aebc6443-996d-45c2-90f0-388ff96faa56": "Visual Studio Code",
}
"""Client ID -> application. In a user's token this is the tool that requested it."""

TIME_CLAIMS = frozenset({"iat", "nbf", "exp", "auth_time"})
"""Claims that count seconds since 1970."""

MEANINGS: dict[str, str] = {
    "aud": "Audience: the service that the token is for.",
    "iss": "Issuer: the Microsoft Entra tenant that issued the token.",
    "iat": "When the token was issued.",
    "nbf": "Not valid before this time.",
    "exp": "Not valid after this time.",
    "tid": "Tenant ID of the principal.",
    "oid": "Object ID of the principal, used in role assignments and access policies.",
    "sub": "Subject: identifies the principal to this service.",
    "appid": "Client ID of the application that requested the token.",
    "azp": "Client ID of the application that requested the token.",
    "appidacr": _AUTHENTICATION_METHODS,
    "azpacr": _AUTHENTICATION_METHODS,
    "idtyp": "user or app.",
    "upn": "The user's sign-in name.",
    "unique_name": "The user's sign-in name for display; not guaranteed to be unique.",
    "preferred_username": "The user's sign-in name.",
    "email": "The user's email address.",
    "name": "The user's name.",
    "family_name": "The user's last name.",
    "given_name": "The user's first name.",
    "app_displayname": "The application's display name.",
    "scp": "Delegated permissions (scopes) that the user granted to the application: user tokens only.",
    "roles": "Application permissions (app roles), as in app tokens.",
    "groups": "Object IDs of the principal's groups.",
    "wids": "Directory roles of the principal.",
    "hasgroups": "The principal is in more groups than fit in the token.",
    "xms_mirid": "Azure resource ID of the managed identity.",
    "xms_az_rid": "Azure resource that the token is for.",
    "xms_cc": "Client capabilities: cp1 means the client can handle claims challenges.",
    "idp": "Identity provider that authenticated the principal; for a guest, the home tenant.",
    "amr": "Authentication methods: pwd is a password, mfa multifactor authentication, rsa a certificate or key.",
    "acr": "Authentication context class of the sign-in.",
    "ipaddr": "IP address that the user signed in from, as seen by Microsoft Entra ID.",
    "ver": "Token version, 1.0 or 2.0.",
    "uti": "Unique token identifier, for Microsoft support.",
    "rh": "For internal use by Azure.",
    "aio": "For internal use by Azure.",
    "puid": "User identifier, internal to Microsoft.",
    "deviceid": "ID of the device that the user signed in on.",
    "tenant_region_scope": "Region of the tenant.",
}
"""Claim -> its meaning."""
