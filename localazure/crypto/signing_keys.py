"""The keys that sign tokens: Entra's, a Kubernetes cluster's and Azure DevOps'. Generated on first use."""

import base64
import hashlib
from dataclasses import dataclass
from functools import cache, cached_property

from cryptography.hazmat.primitives.asymmetric import rsa

from localazure.crypto.certificates import self_signed_certificate


@dataclass(frozen=True)
class SigningKey:
    """The RSA key that Entra signs tokens with."""

    private: rsa.RSAPrivateKey
    certificate: bytes
    """In DER."""

    @cached_property
    def id(self) -> str:
        """The `kid` and `x5t` header of the tokens: the thumbprint of the certificate."""
        digest = hashlib.sha1(self.certificate, usedforsecurity=False).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@cache
def signing_key() -> SigningKey:
    created = self_signed_certificate("accounts.accesscontrol.windows.net")
    return SigningKey(private=created.key, certificate=created.der)


@cache
def cluster_key() -> rsa.RSAPrivateKey:
    """The key that the Kubernetes cluster signs service account tokens with."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def pipelines_key() -> rsa.RSAPrivateKey:
    """The key that Azure DevOps signs pipeline tokens with."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)
