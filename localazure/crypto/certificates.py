"""Self-signed certificates with their private keys, as PEM and PFX."""

import datetime
from dataclasses import dataclass
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

LIFETIME = datetime.timedelta(days=365)


@dataclass(frozen=True)
class CertificateWithKey:
    key: rsa.RSAPrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> bytes:
        """The private key (PKCS 8) and the certificate."""
        private = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return private + self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def pfx(self) -> bytes:
        """The private key and the certificate as PKCS 12 without a password, as Key Vault returns it."""
        return pkcs12.serialize_key_and_certificates(
            None, self.key, self.certificate, None, serialization.NoEncryption()
        )

    @property
    def der(self) -> bytes:
        """The certificate without its private key."""
        return self.certificate.public_bytes(serialization.Encoding.DER)

    def thumbprint(self, algorithm: hashes.HashAlgorithm) -> bytes:
        """The digest that identifies the certificate in the header of a client assertion."""
        return self.certificate.fingerprint(algorithm)


@cache
def self_signed_certificate(name: str) -> CertificateWithKey:
    """Return the certificate with the common name `name`; the same one during the life of this process."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + LIFETIME)
        .sign(key, hashes.SHA256())
    )
    return CertificateWithKey(key, certificate)
