"""Whether a client that asks Entra for a token is who it says: by secret, by certificate, by another issuer's token.

https://learn.microsoft.com/entra/identity-platform/certificate-credentials
"""

import base64
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import jwt
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa

from localazure.certificates import certificate_of
from localazure.directory import AZURE_CLI_CLIENT_ID, PIPELINES_ISSUER, Tenant
from localazure.keys import cluster_key, pipelines_key
from localazure.registrations import FederatedCredential, Registration
from localazure.services import entra_refusals as refusals
from localazure.tokens import ProofLevel
from localazure.world import World

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LEEWAY_S = 300
THUMBPRINTS: Mapping[str, hashes.HashAlgorithm] = {"x5t#S256": hashes.SHA256(), "x5t": hashes.SHA1()}  # noqa: S303
NOT_FOUND = "The key was not found."
DOES_NOT_FIT = "The provided signature value did not match the expected signature value."


def prove_client(world: World, tenant: Tenant, form: Mapping[str, str]) -> tuple[Registration, ProofLevel]:
    """Who the client is, and by what kind of proof. Raises Refusal."""
    client_id = form.get("client_id", "").lower()
    if client_id == AZURE_CLI_CLIENT_ID:
        raise refusals.public_client(world)
    registration = _registration(world, tenant, client_id)
    if "client_assertion" in form:
        _check_assertion(world, tenant, registration, form["client_assertion"])
        return registration, ProofLevel.CERTIFICATE
    if "client_secret" not in form:
        raise refusals.no_proof(world)
    _check_secret(world, registration, form["client_secret"])
    return registration, ProofLevel.SECRET


def _registration(world: World, tenant: Tenant, client_id: str) -> Registration:
    for registration in world.scenario.registrations:
        if registration.identity.client_id == client_id and tenant == world.tenant:
            return registration
    raise refusals.unknown_application(world, client_id, tenant.name)


def _check_secret(world: World, registration: Registration, given: str) -> None:
    client_id = registration.identity.client_id
    if not hmac.compare_digest(given.encode(), world.client_secret(client_id).encode()):
        raise refusals.wrong_secret(world, client_id)
    if registration.secret_expired:
        raise refusals.expired_secret(world, client_id)


def _check_assertion(world: World, tenant: Tenant, registration: Registration, assertion: str) -> None:
    try:
        header = jwt.get_unverified_header(assertion)
        claims = jwt.decode(assertion, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        raise refusals.malformed_assertion(world) from None
    if claims.get("iss") == registration.identity.client_id:
        _check_certificate(world, tenant, registration, assertion, header)
    elif not str(claims.get("iss", "")).startswith("https://"):
        raise refusals.assertion_of_another(world)
    else:
        _check_federation(world, registration, assertion, claims)
    _check_time(world, claims)


def _check_certificate(
    world: World, tenant: Tenant, registration: Registration, assertion: str, header: Mapping[str, Any]
) -> None:
    client_id = registration.identity.client_id
    certificate = certificate_of(client_id)
    name = next((name for name in THUMBPRINTS if name in header), "x5t")
    given = _from_base64url(str(header.get(name, "")))
    if given != certificate.thumbprint(THUMBPRINTS[name]):
        raise refusals.unknown_certificate(world, client_id, given.hex().upper(), NOT_FOUND)
    try:
        claims = _verified(assertion, certificate.key.public_key())
    except jwt.InvalidTokenError:
        raise refusals.unknown_certificate(world, client_id, given.hex().upper(), DOES_NOT_FIT) from None
    if claims.get("sub") != client_id:
        raise refusals.assertion_of_another(world)
    if claims.get("aud") not in _audiences(tenant):
        raise refusals.assertion_for_another(world)


def _check_federation(world: World, registration: Registration, assertion: str, claims: Mapping[str, Any]) -> None:
    """Compared in this order: issuer, subject, audience; the first that fits none is the one that is named."""
    issuer, subject, audience = (str(claims.get(name, "")) for name in ("iss", "sub", "aud"))
    candidates = [known for known in registration.federated if known.issuer == issuer]
    if not candidates:
        raise refusals.federation_mismatch(world, 700211, "issuer", issuer)
    candidates = _of_subject(world, candidates, subject)
    if isinstance(claims.get("aud"), list) and len(claims["aud"]) == 1:
        audience = claims["aud"][0]
    if audience not in {known.audience for known in candidates}:
        raise refusals.federation_mismatch(world, 700212, "audience", audience)
    try:
        _verified(assertion, (pipelines_key() if issuer == PIPELINES_ISSUER else cluster_key()).public_key())
    except jwt.InvalidTokenError:
        raise refusals.malformed_assertion(world) from None


def _of_subject(world: World, candidates: list[FederatedCredential], subject: str) -> list[FederatedCredential]:
    exact = [known for known in candidates if known.subject == subject]
    if exact:
        return exact
    if subject.lower() in {known.subject.lower() for known in candidates}:
        raise refusals.subject_in_another_case(world, subject)
    raise refusals.federation_mismatch(world, 700213, "subject", subject)


def _check_time(world: World, claims: Mapping[str, Any]) -> None:
    now_s, starts = world.now_s(), int(claims.get("nbf", 0))
    ends = int(claims.get("exp", 0))
    if not starts - LEEWAY_S <= now_s <= ends + LEEWAY_S:
        raise refusals.assertion_out_of_time(world, _time(now_s), _time(starts), _time(ends))


def _verified(assertion: str, key: rsa.RSAPublicKey) -> dict[str, Any]:
    unchecked = dict.fromkeys(("verify_exp", "verify_nbf", "verify_iat", "verify_aud"), False)
    return jwt.decode(assertion, key, algorithms=["RS256", "PS256"], options=unchecked)  # type: ignore[arg-type]


def _audiences(tenant: Tenant) -> set[str]:
    """The names of the token endpoint an assertion may be made for."""
    base = f"https://{refusals.LOGIN}"
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
