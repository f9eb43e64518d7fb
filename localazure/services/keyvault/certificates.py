"""Certificates and their keys: routes, request handlers and JSON (CertificateBundle).

https://learn.microsoft.com/rest/api/keyvault/certificates/operation-groups
"""

import base64
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.hazmat.primitives.serialization.pkcs12 import load_key_and_certificates
from jwt.algorithms import RSAAlgorithm
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from localazure.crypto.certificates import self_signed_certificate
from localazure.scenarios.vaults import Certificate, Vault
from localazure.services.errors import AzureJSONResponse
from localazure.services.keyvault import errors
from localazure.services.keyvault.bundles import RECOVERY, page
from localazure.services.keyvault.operation import Operation, begin
from localazure.state.emulator_state import EmulatorState
from localazure.state.secret_store import SecretVersion

PEM, PFX = "application/x-pem-file", "application/x-pkcs12"
CONVERTS_FROM = "2025-07-01"
"""API version from which a PFX can be read as PEM."""


def certificate_routes(state: EmulatorState, vault: Vault) -> Sequence[Route]:
    """The routes of certificates and keys. Keys are those of the certificates."""
    handlers = CertificateHandlers(state, vault)
    return (
        Route("/certificates", handlers.list_all),
        Route("/certificates/{name}", handlers.get),
        Route("/certificates/{name}/policy", handlers.policy),
        Route("/certificates/{name}/versions", handlers.list_versions),
        Route("/certificates/{name}/{version}", handlers.get),
        Route("/keys", handlers.list_keys),
        Route("/keys/{name}", handlers.get_key),
        Route("/keys/{name}/versions", handlers.list_keys),
        Route("/keys/{name}/{version}", handlers.get_key),
    )


class CertificateHandlers:
    def __init__(self, state: EmulatorState, vault: Vault) -> None:
        self._state = state
        self._vault = vault

    async def get(self, request: Request) -> Response:
        operation = self._begin(request, "get")
        certificate, secret = self._existing(operation, request)
        return AzureJSONResponse(certificate_bundle(self._vault, certificate, secret), headers=operation.headers)

    async def policy(self, request: Request) -> Response:
        operation = self._begin(request, "get")
        certificate, secret = self._existing(operation, request)
        policy = certificate_bundle(self._vault, certificate, secret)["policy"]
        return AzureJSONResponse(policy, headers=operation.headers)

    async def list_all(self, request: Request) -> Response:
        operation = self._begin(request, "list")
        return AzureJSONResponse(page(request, self._vault, self._items(None)), headers=operation.headers)

    async def list_versions(self, request: Request) -> Response:
        operation = self._begin(request, "list")
        return AzureJSONResponse(page(request, self._vault, self._items(operation.name)), headers=operation.headers)

    async def list_keys(self, request: Request) -> Response:
        operation = self._begin(request, "list", "keys")
        names = [item.name for item in self._vault.certificates if operation.name in ("", item.name)]
        items = [{"kid": f"{self._vault.uri}/keys/{name}", "managed": True} for name in names]
        return AzureJSONResponse(page(request, self._vault, items), headers=operation.headers)

    async def get_key(self, request: Request) -> Response:
        operation = self._begin(request, "get", "keys")
        found = self._find(operation.name, request.path_params.get("version"))
        if found is None:
            raise errors.key_not_found(_item(request))
        certificate, secret = found
        public = self_signed_certificate(certificate.common_name).key.public_key()
        key = {
            name: value for name, value in json.loads(RSAAlgorithm.to_jwk(public)).items() if name in ("kty", "n", "e")
        }
        kid = f"{self._vault.uri}/keys/{secret.name}/{secret.version}"
        operations = ["sign", "verify", "wrapKey", "unwrapKey", "encrypt", "decrypt"]
        content = {"key": {"kid": kid, **key, "key_ops": operations}, "managed": True}
        return AzureJSONResponse({**content, "attributes": {"enabled": True, **RECOVERY}}, headers=operation.headers)

    def _items(self, name: str | None) -> list[dict[str, Any]]:
        """The items of a list: every certificate, or the versions of one."""
        found = [self._find(item.name, None) for item in self._vault.certificates if name in (None, item.name)]
        bundles = [certificate_bundle(self._vault, *item) for item in found if item is not None]
        fields = ("id", "x5t", "attributes")
        items = [{field: content[field] for field in fields} for content in bundles]
        return items if name else [{**item, "id": item["id"].rpartition("/")[0]} for item in items]

    def _begin(self, request: Request, permission: str, kind: str = "certificates") -> Operation:
        return begin(self._state, self._vault, request, permission, kind)

    def _existing(self, operation: Operation, request: Request) -> tuple[Certificate, SecretVersion]:
        found = self._find(operation.name, request.path_params.get("version"))
        if found is None:
            raise errors.certificate_not_found(_item(request))
        return found

    def _find(self, name: str, version: str | None) -> tuple[Certificate, SecretVersion] | None:
        secret = self._state.stores[self._vault.name].get(name, version)
        certificate = next((item for item in self._vault.certificates if item.name.lower() == name.lower()), None)
        return None if secret is None or certificate is None else (certificate, secret)


def _item(request: Request) -> str:
    version = request.path_params.get("version")
    return str(request.path_params["name"]) + (f"/{version}" if version else "")


def with_content_type(request: Request, secret: SecretVersion) -> SecretVersion:
    """Return a PFX as PEM when `outContentType` asks for it. Raises ServiceError."""
    requested = request.query_params.get("outContentType", "")
    if not requested or request.query_params["api-version"] < CONVERTS_FROM or secret.content_type == requested:
        return secret
    if requested != PEM or secret.content_type != PFX:
        raise errors.invalid_body(f"Conversion to the content type {requested} is not supported")
    return replace(secret, value=pfx_as_pem(secret.value), content_type=PEM)


def pfx_as_pem(value: str) -> str:
    """Return the private key and certificate of a PFX in base64 as PEM. Raises ServiceError."""
    try:
        key, certificate, _ = load_key_and_certificates(base64.b64decode(value), None)
    except ValueError:
        raise errors.invalid_body("The secret is not a valid PFX") from None
    if key is None or certificate is None:
        raise errors.invalid_body("The secret is not a valid PFX")
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return (private + certificate.public_bytes(Encoding.PEM)).decode()


def certificate_bundle(vault: Vault, certificate: Certificate, secret: SecretVersion) -> dict[str, Any]:
    """Return the JSON of `certificate`, whose private key is in `secret`."""
    generated = self_signed_certificate(certificate.common_name)
    path = f"{secret.name}/{secret.version}"
    thumbprint = generated.thumbprint(hashes.SHA1())  # noqa: S303 - x5t is defined as SHA-1
    return {
        "id": f"{vault.uri}/certificates/{path}",
        "kid": f"{vault.uri}/keys/{path}",
        "sid": f"{vault.uri}/secrets/{path}",
        "x5t": base64.urlsafe_b64encode(thumbprint).rstrip(b"=").decode(),
        "cer": base64.b64encode(generated.der).decode(),
        "attributes": {
            "enabled": secret.enabled,
            "nbf": int(generated.certificate.not_valid_before_utc.timestamp()),
            "exp": int(generated.certificate.not_valid_after_utc.timestamp()),
            "created": secret.created_on,
            "updated": secret.updated_on,
            **RECOVERY,
        },
        "policy": {
            "id": f"{vault.uri}/certificates/{secret.name}/policy",
            "key_props": {"exportable": True, "kty": "RSA", "key_size": 2048, "reuse_key": False},
            "secret_props": {"contentType": certificate.content_type},
            "x509_props": {"subject": f"CN={certificate.common_name}", "validity_months": 12},
            "issuer": {"name": "Self"},
        },
    }
