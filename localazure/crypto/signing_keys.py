"""The keys that sign tokens: Entra's, a Kubernetes cluster's and Azure DevOps'. Generated on first use."""

import base64
import hashlib
from dataclasses import dataclass
from functools import cache

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa


@dataclass(frozen=True)
class SigningKey:
    """The RSA key that Entra signs tokens with."""

    private: rsa.RSAPrivateKey
    id: str
    """The `kid` and `x5t` header of the tokens."""


@cache
def signing_key() -> SigningKey:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    digest = hashlib.sha1(public, usedforsecurity=False).digest()
    return SigningKey(private=private, id=base64.urlsafe_b64encode(digest).rstrip(b"=").decode())


@cache
def cluster_key() -> rsa.RSAPrivateKey:
    """The key that the Kubernetes cluster signs service account tokens with."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def pipelines_key() -> rsa.RSAPrivateKey:
    """The key that Azure DevOps signs pipeline tokens with."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)
