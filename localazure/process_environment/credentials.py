"""The environment variables and files of a program that has its own credential for Entra."""

import uuid
from collections.abc import Callable, Mapping
from pathlib import Path

import jwt

from localazure.crypto.certificates import self_signed_certificate
from localazure.crypto.signing_keys import cluster_key
from localazure.scenarios.directory import CLUSTER_ISSUER
from localazure.scenarios.registrations import TOKEN_EXCHANGE_AUDIENCE
from localazure.scenarios.scenario import ClientCredential, ClientCredentialKind
from localazure.state.emulator_state import EmulatorState

SERVICE_ACCOUNT_TOKEN_LIFETIME_S = 3600


def credential_variables(state: EmulatorState, folder: Path) -> dict[str, str]:
    """Return the variables that azure-identity reads: https://learn.microsoft.com/python/api/overview/azure/identity-readme"""
    credential = state.scenario.client_credential
    if credential is None:
        return {}
    variables = {"AZURE_TENANT_ID": state.tenant.id, "AZURE_CLIENT_ID": credential.identity.client_id}
    return variables | _VARIABLES[credential.kind](state, credential, folder)


def _secret(state: EmulatorState, credential: ClientCredential, _folder: Path) -> dict[str, str]:
    return {"AZURE_CLIENT_SECRET": state.client_secret(credential.identity.client_id)}


def _wrong_secret(_state: EmulatorState, credential: ClientCredential, _folder: Path) -> dict[str, str]:
    """A common mistake: the client secret ID was copied instead of its value."""
    return {"AZURE_CLIENT_SECRET": str(uuid.uuid5(uuid.NAMESPACE_OID, credential.identity.client_id))}


def _certificate(_state: EmulatorState, credential: ClientCredential, folder: Path) -> dict[str, str]:
    path = folder / "client-certificate.pem"
    path.write_bytes(self_signed_certificate(credential.identity.client_id).pem)
    return {"AZURE_CLIENT_CERTIFICATE_PATH": str(path)}


def _federated_token(state: EmulatorState, credential: ClientCredential, folder: Path) -> dict[str, str]:
    """What the workload identity webhook adds to a pod: https://azure.github.io/azure-workload-identity/docs/"""
    path = folder / "azure-identity-token"
    path.write_text(service_account_token(state, credential.subject))
    return {"AZURE_FEDERATED_TOKEN_FILE": str(path), "AZURE_AUTHORITY_HOST": "https://login.microsoftonline.com/"}


_VARIABLES: Mapping[ClientCredentialKind, Callable[[EmulatorState, ClientCredential, Path], dict[str, str]]] = {
    ClientCredentialKind.SECRET: _secret,
    ClientCredentialKind.WRONG_SECRET: _wrong_secret,
    ClientCredentialKind.CERTIFICATE: _certificate,
    ClientCredentialKind.FEDERATED_TOKEN: _federated_token,
}


def service_account_token(state: EmulatorState, subject: str) -> str:
    """A projected token of a Kubernetes service account, `system:serviceaccount:<namespace>:<name>`."""
    now_s = state.now_s()
    claims = {
        "aud": [TOKEN_EXCHANGE_AUDIENCE],
        "iss": CLUSTER_ISSUER,
        "sub": subject,
        "iat": now_s,
        "nbf": now_s,
        "exp": now_s + SERVICE_ACCOUNT_TOKEN_LIFETIME_S,
        "jti": str(uuid.uuid4()),
    }
    return jwt.encode(claims, cluster_key(), algorithm="RS256", headers={"kid": "kvsite-cluster"})
