"""Client authentication: client secret, certificate assertion or federated token.

https://learn.microsoft.com/entra/identity-platform/certificate-credentials
"""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import jwt
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa

from localazure.crypto.certificates import self_signed_certificate
from localazure.crypto.signing_keys import cluster_key, pipelines_key
from localazure.crypto.tokens import ClientAuthentication
from localazure.scenarios.directory import AZURE_CLI_CLIENT_ID, PIPELINES_ISSUER, Tenant
from localazure.scenarios.registrations import FederatedCredential, Registration
from localazure.services.entra import errors
from localazure.state.emulator_state import EmulatorState

LEEWAY_S = 300
THUMBPRINTS: Mapping[str, hashes.HashAlgorithm] = {"x5t#S256": hashes.SHA256(), "x5t": hashes.SHA1()}  # noqa: S303
KEY_NOT_FOUND = "The key was not found."
SIGNATURE_MISMATCH = "The provided signature value did not match the expected signature value."


def authenticate_client(
    state: EmulatorState, tenant: Tenant, form: Mapping[str, str]
) -> tuple[Registration, ClientAuthentication]:
    """Return the client's registration and how it authenticated. Raises ServiceError."""
    if not form.get("client_id"):
        raise errors.missing_field(state, "client_id")
    client_id = form["client_id"].lower()
    if client_id == AZURE_CLI_CLIENT_ID:
        raise errors.public_client(state)
    registration = _registration(state, tenant, client_id)
    if "client_assertion" in form:
        if not form.get("client_assertion_type"):
            raise errors.missing_field(state, "client_assertion_type")
        _check_assertion(state, tenant, registration, form["client_assertion"])
        return registration, ClientAuthentication.CERTIFICATE
    if "client_secret" not in form:
        raise errors.missing_client_credential(state)
    _check_secret(state, registration, form["client_secret"])
    return registration, ClientAuthentication.SECRET


def _registration(state: EmulatorState, tenant: Tenant, client_id: str) -> Registration:
    registration = state.directory.registrations.get(client_id)
    if registration is None or tenant != state.tenant:
        raise errors.unknown_application(state, client_id, tenant.name)
    return registration


def _check_secret(state: EmulatorState, registration: Registration, provided: str) -> None:
    client_id = registration.identity.client_id
    found = state.directory.client_secrets.find(client_id, provided)
    if found is None:
        raise errors.wrong_secret(state, client_id)
    if found.ends_on < state.now_s():
        raise errors.expired_secret(state, client_id)


def _check_assertion(state: EmulatorState, tenant: Tenant, registration: Registration, assertion: str) -> None:
    try:
        header = jwt.get_unverified_header(assertion)
        claims = jwt.decode(assertion, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        raise errors.malformed_assertion(state) from None
    if claims.get("iss") == registration.identity.client_id:
        _check_certificate(state, tenant, registration, assertion, header)
    elif not str(claims.get("iss", "")).startswith("https://"):
        raise errors.assertion_client_mismatch(state)
    else:
        _check_federated_token(state, registration, assertion, claims)
    _check_lifetime(state, claims)


def _check_certificate(
    state: EmulatorState, tenant: Tenant, registration: Registration, assertion: str, header: Mapping[str, Any]
) -> None:
    client_id = registration.identity.client_id
    certificate = self_signed_certificate(client_id)
    name = next((name for name in THUMBPRINTS if name in header), "x5t")
    provided = _from_base64url(str(header.get(name, "")))
    if provided != certificate.thumbprint(THUMBPRINTS[name]):
        raise errors.unknown_certificate(state, client_id, provided.hex().upper(), KEY_NOT_FOUND)
    try:
        claims = _verify(assertion, certificate.key.public_key())
    except jwt.InvalidTokenError:
        raise errors.unknown_certificate(state, client_id, provided.hex().upper(), SIGNATURE_MISMATCH) from None
    if claims.get("sub") != client_id:
        raise errors.assertion_client_mismatch(state)
    if claims.get("aud") not in _audiences(tenant):
        raise errors.assertion_audience_mismatch(state)


def _check_federated_token(
    state: EmulatorState, registration: Registration, assertion: str, claims: Mapping[str, Any]
) -> None:
    """Compares issuer, subject and audience in this order; the error names the first mismatch."""
    issuer, subject, audience = (str(claims.get(name, "")) for name in ("iss", "sub", "aud"))
    candidates = [item for item in registration.federated_credentials if item.issuer == issuer]
    if not candidates:
        raise errors.federation_mismatch(state, 700211, "issuer", issuer)
    candidates = _matching_subject(state, candidates, subject)
    if isinstance(claims.get("aud"), list) and len(claims["aud"]) == 1:
        audience = claims["aud"][0]
    if audience not in {item.audience for item in candidates}:
        raise errors.federation_mismatch(state, 700212, "audience", audience)
    try:
        _verify(assertion, (pipelines_key() if issuer == PIPELINES_ISSUER else cluster_key()).public_key())
    except jwt.InvalidTokenError:
        raise errors.malformed_assertion(state) from None


def _matching_subject(
    state: EmulatorState, candidates: list[FederatedCredential], subject: str
) -> list[FederatedCredential]:
    exact = [item for item in candidates if item.subject == subject]
    if exact:
        return exact
    if subject.lower() in {item.subject.lower() for item in candidates}:
        raise errors.subject_case_mismatch(state, subject)
    raise errors.federation_mismatch(state, 700213, "subject", subject)


def _check_lifetime(state: EmulatorState, claims: Mapping[str, Any]) -> None:
    now_s, starts = state.now_s(), int(claims.get("nbf", 0))
    ends = int(claims.get("exp", 0))
    if not starts - LEEWAY_S <= now_s <= ends + LEEWAY_S:
        raise errors.assertion_lifetime_invalid(state, _time(now_s), _time(starts), _time(ends))


def _verify(assertion: str, key: rsa.RSAPublicKey) -> dict[str, Any]:
    unchecked = dict.fromkeys(("verify_exp", "verify_nbf", "verify_iat", "verify_aud"), False)
    return jwt.decode(assertion, key, algorithms=["RS256", "PS256"], options=unchecked)  # type: ignore[arg-type]


def _audiences(tenant: Tenant) -> set[str]:
    """The accepted audiences of a client assertion."""
    base = f"https://{errors.LOGIN}"
    names = (tenant.id, tenant.domain)
    endpoints = {f"{base}/{name}/oauth2{version}/token" for name in names for version in ("", "/v2.0")}
    return endpoints | {tenant.issuer_v2}


def _from_base64url(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return b""


def _time(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, tz=UTC):%Y-%m-%dT%H:%M:%S}.0000000Z"
