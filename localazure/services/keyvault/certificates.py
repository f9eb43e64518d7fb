"""The JSON of a certificate (CertificateBundle): its public part and the ID of its secret."""

import base64
from typing import Any

from cryptography.hazmat.primitives import hashes

from localazure.crypto.certificates import self_signed_certificate
from localazure.scenarios.vaults import Certificate, Vault
from localazure.services.keyvault.bundles import RECOVERY
from localazure.state.secret_store import SecretVersion


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
