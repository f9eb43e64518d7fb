"""TLS: the certificate authorities and the server certificate, generated on first use."""

import ssl
from functools import cache

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.serialization import pkcs12

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
    "localhost",  # clients that connect to an IP address without a server name check the certificate against it
    "*.login.microsoft.com",
    "dev.azure.com",
    "login.chinacloudapi.cn",
    "login.microsoftonline.us",
)


JAVA_PASSWORD = "changeit"  # noqa: S105 - Java's default; a trust store has no secrets


@cache
def certificate_authority() -> trustme.CA:
    """The certificate authority that a scenario's processes trust."""
    return trustme.CA(organization_name="Local Azure")


@cache
def java_trust_store() -> bytes:
    """The certificate authority as a trust store of Java (PKCS 12), which reads no PEM file."""
    certificate = x509.load_pem_x509_certificate(certificate_authority().cert_pem.bytes())
    encryption = serialization.PrivateFormat.PKCS12.encryption_builder().kdf_rounds(1).build(JAVA_PASSWORD.encode())
    return pkcs12.serialize_java_truststore([pkcs12.PKCS12Certificate(certificate, b"local-azure")], encryption)


@cache
def untrusted_authority() -> trustme.CA:
    """A certificate authority that is not trusted: that of a gateway that intercepts TLS."""
    return trustme.CA(organization_name="Contoso Web Gateway")


@cache
def server_certificate(issuer: trustme.CA) -> trustme.LeafCert:
    """The certificate for all emulated host names."""
    return issuer.issue_cert(*SERVER_NAMES)


def server_thumbprint(issuer: trustme.CA) -> str:
    """The SHA-1 thumbprint of the server certificate, which Service Fabric clients check."""
    pem = server_certificate(issuer).cert_chain_pems[0].bytes()
    return x509.load_pem_x509_certificate(pem).fingerprint(hashes.SHA1()).hex().upper()  # noqa: S303


@cache
def server_tls_context(issuer: trustme.CA) -> ssl.SSLContext:
    """The TLS context of all HTTPS services, with a certificate from `issuer`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    server_certificate(issuer).configure_cert(context)
    return context
