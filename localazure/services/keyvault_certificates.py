"""The JSON of a certificate in Key Vault: its public half, and where its secret form is."""

import base64
from typing import Any

from cryptography.hazmat.primitives import hashes

from localazure.certificates import certificate_of
from localazure.secret_store import SecretVersion
from localazure.services.keyvault_bundles import RECOVERY
from localazure.vaults import Certificate, Vault


def certificate_bundle(vault: Vault, certificate: Certificate, secret: SecretVersion) -> dict[str, Any]:
    """The certificate whose private key `secret` holds."""
    made = certificate_of(certificate.common_name)
    path = f"{secret.name}/{secret.version}"
    thumbprint = made.thumbprint(hashes.SHA1())  # noqa: S303 - what the protocol names a certificate by
    return {
        "id": f"{vault.uri}/certificates/{path}",
        "kid": f"{vault.uri}/keys/{path}",
        "sid": f"{vault.uri}/secrets/{path}",
        "x5t": base64.urlsafe_b64encode(thumbprint).rstrip(b"=").decode(),
        "cer": base64.b64encode(made.der).decode(),
        "attributes": {
            "enabled": secret.enabled,
            "nbf": int(made.certificate.not_valid_before_utc.timestamp()),
            "exp": int(made.certificate.not_valid_after_utc.timestamp()),
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
