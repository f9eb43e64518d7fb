"""What the environment of a program that signs in to Entra holds: variables, and the files they name."""

import uuid
from collections.abc import Callable, Mapping
from pathlib import Path

import jwt

from localazure.certificates import certificate_of
from localazure.directory import CLUSTER_ISSUER
from localazure.keys import cluster_key
from localazure.registrations import TOKEN_EXCHANGE
from localazure.scenario import Proof, SignIn
from localazure.world import World

SERVICE_ACCOUNT_TOKEN_LIFE_S = 3600


def sign_in_variables(world: World, folder: Path) -> dict[str, str]:
    """The variables azure-identity reads: https://learn.microsoft.com/python/api/overview/azure/identity-readme"""
    sign_in = world.scenario.sign_in
    if sign_in is None:
        return {}
    names = {"AZURE_TENANT_ID": world.tenant.id, "AZURE_CLIENT_ID": sign_in.identity.client_id}
    return names | _PROOFS[sign_in.proof](world, sign_in, folder)


def _secret(world: World, sign_in: SignIn, _folder: Path) -> dict[str, str]:
    return {"AZURE_CLIENT_SECRET": world.client_secret(sign_in.identity.client_id)}


def _wrong_secret(_world: World, sign_in: SignIn, _folder: Path) -> dict[str, str]:
    """The mistake most often made: the secret's id was copied, not its value."""
    return {"AZURE_CLIENT_SECRET": str(uuid.uuid5(uuid.NAMESPACE_OID, sign_in.identity.client_id))}


def _certificate(_world: World, sign_in: SignIn, folder: Path) -> dict[str, str]:
    path = folder / "client-certificate.pem"
    path.write_bytes(certificate_of(sign_in.identity.client_id).pem)
    return {"AZURE_CLIENT_CERTIFICATE_PATH": str(path)}


def _federated_token(world: World, sign_in: SignIn, folder: Path) -> dict[str, str]:
    """What the workload identity webhook puts into a pod: https://azure.github.io/azure-workload-identity/docs/"""
    path = folder / "azure-identity-token"
    path.write_text(service_account_token(world, sign_in.subject))
    return {"AZURE_FEDERATED_TOKEN_FILE": str(path), "AZURE_AUTHORITY_HOST": "https://login.microsoftonline.com/"}


_PROOFS: Mapping[Proof, Callable[[World, SignIn, Path], dict[str, str]]] = {
    Proof.SECRET: _secret,
    Proof.WRONG_SECRET: _wrong_secret,
    Proof.CERTIFICATE: _certificate,
    Proof.FEDERATED_TOKEN: _federated_token,
}


def service_account_token(world: World, subject: str) -> str:
    """A projected token of a Kubernetes service account, `system:serviceaccount:<namespace>:<name>`."""
    now_s = world.now_s()
    claims = {
        "aud": [TOKEN_EXCHANGE],
        "iss": CLUSTER_ISSUER,
        "sub": subject,
        "iat": now_s,
        "nbf": now_s,
        "exp": now_s + SERVICE_ACCOUNT_TOKEN_LIFE_S,
        "jti": str(uuid.uuid4()),
    }
    return jwt.encode(claims, cluster_key(), algorithm="RS256", headers={"kid": "kvsite-cluster"})
