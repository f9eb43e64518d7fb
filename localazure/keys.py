"""The keys of this process, made when first needed: certificate authority, server certificate, signing key."""

import base64
import hashlib
import ssl
from dataclasses import dataclass
from functools import cache

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

SERVER_NAMES = (
    "*.vault.azure.net",
    "login.microsoftonline.com",
    "login.windows.net",
    "sts.windows.net",
    "management.azure.com",
    "management.core.windows.net",
    "graph.microsoft.com",
    "*.westcentralus.tokenvault.azure.net",
    "*.tokenstore.azure.net",
    "10.0.0.4",
    "dev.azure.com",
    "login.chinacloudapi.cn",
    "login.microsoftonline.us",
)


@cache
def authority() -> trustme.CA:
    """The certificate authority that clients of Local Azure are told to trust."""
    return trustme.CA(organization_name="Local Azure")


@cache
def stranger() -> trustme.CA:
    """An authority nobody was told to trust: that of somebody who looks into the traffic."""
    return trustme.CA(organization_name="Contoso Web Gateway")


@cache
def cluster_key() -> rsa.RSAPrivateKey:
    """The key a Kubernetes cluster signs its service accounts' tokens with."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def pipelines_key() -> rsa.RSAPrivateKey:
    """The key Azure DevOps signs the tokens of pipelines with."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def server_certificate(authority: trustme.CA) -> trustme.LeafCert:
    """Names all hosts that are played."""
    return authority.issue_cert(*SERVER_NAMES)


def server_thumbprint(authority: trustme.CA) -> str:
    """The SHA-1 digest of the server's certificate, by which a Service Fabric cluster is known."""
    pem = server_certificate(authority).cert_chain_pems[0].bytes()
    return x509.load_pem_x509_certificate(pem).fingerprint(hashes.SHA1()).hex().upper()  # noqa: S303


@cache
def server_tls(authority: trustme.CA) -> ssl.SSLContext:
    """TLS of every HTTPS service, with a certificate of that authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    server_certificate(authority).configure_cert(context)
    return context


@dataclass(frozen=True)
class SigningKey:
    """The RSA key Entra signs tokens with."""

    private: rsa.RSAPrivateKey
    id: str
    """`kid` and `x5t` of the tokens' header."""


@cache
def signing_key() -> SigningKey:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    digest = hashlib.sha1(public, usedforsecurity=False).digest()
    return SigningKey(private=private, id=base64.urlsafe_b64encode(digest).rstrip(b"=").decode())
