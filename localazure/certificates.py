"""Self-signed certificates with their private keys, in the two forms Key Vault and the SDKs take."""

import datetime
from dataclasses import dataclass
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

LIFE = datetime.timedelta(days=365)


@dataclass(frozen=True)
class KeyedCertificate:
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
        """The private key and the certificate as PKCS 12, without a password, as Key Vault hands it out."""
        return pkcs12.serialize_key_and_certificates(
            None, self.key, self.certificate, None, serialization.NoEncryption()
        )

    @property
    def der(self) -> bytes:
        """The certificate alone."""
        return self.certificate.public_bytes(serialization.Encoding.DER)

    def thumbprint(self, algorithm: hashes.HashAlgorithm) -> bytes:
        """The digest of the certificate, by which an assertion's header names it."""
        return self.certificate.fingerprint(algorithm)


@cache
def certificate_of(name: str) -> KeyedCertificate:
    """The certificate with the common name `name`, one for the life of this process."""
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
        .not_valid_after(now + LIFE)
        .sign(key, hashes.SHA256())
    )
    return KeyedCertificate(key, certificate)
