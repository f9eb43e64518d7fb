"""The bytes of a PEM or PFX file -> a certificate with its private key that Entra takes, or the sentence why not."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

from azure.core.exceptions import ClientAuthenticationError
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import pkcs12

Key = PrivateKeyTypes | None


class CertificateError(ClientAuthenticationError):
    """No certificate to sign in with; its message is a sentence for people, without password and key."""


@dataclass(frozen=True, kw_only=True)
class KeyedCertificate:
    """A certificate, and its private key if there is one."""

    certificate: x509.Certificate
    key: Key = field(default=None, repr=False)
    chain: tuple[x509.Certificate, ...] = ()
    """The authorities' certificates that came with it."""

    @property
    def thumbprint(self) -> str:
        """SHA-1 of the certificate in capital hex digits: what Windows, Entra and the portal name it by."""
        return self.certificate.fingerprint(hashes.SHA1()).hex().upper()  # noqa: S303

    @property
    def pem(self) -> bytes:
        """Key and certificates, the key in the clear: for azure-identity, never for a file or a page."""
        if self.key is None:
            raise CertificateError(message="The certificate has no private key.")
        clear = serialization.NoEncryption()
        key = self.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, clear)
        public = [found.public_bytes(serialization.Encoding.PEM) for found in (self.certificate, *self.chain)]
        return b"".join([key, *public])

    def unusable(self, now: datetime | None = None) -> str | None:
        """Why Entra would not take it, as the end of a sentence that begins with its name."""
        now = now or datetime.now(UTC)
        starts, ends = self.certificate.not_valid_before_utc, self.certificate.not_valid_after_utc
        if self.key is None:
            return "has no private key in it. Export it again, with its private key."
        if not isinstance(self.key, RSAPrivateKey):
            return "has a key that is not RSA, and Entra takes RSA only. Make a new one with an RSA key."
        if ends < now:
            return f"expired on {_day(ends)}. Make a new one and register it for the application."
        if starts > now:
            return f"is not valid before {_day(starts)}. Wait, set this machine's clock right, or take an older one."
        return None


def load_certificate(data: bytes, password: str | None, name: str) -> KeyedCertificate:
    """The certificate in `data`, which people know as `name`. Raises CertificateError."""
    try:
        found = _load_pem(data, password) if b"-----BEGIN" in data else _load_pfx(data, password)
    except UnsupportedAlgorithm as error:
        raise CertificateError(message=f"{name} is encrypted in a way that cannot be opened here.") from error
    except TypeError:  # cryptography: the key is encrypted and no password was given
        found = "is protected by a password. Set KVSITE_CERTIFICATE_PASSWORD to it."
    except ValueError:
        found = _without_key(data) or (
            "cannot be opened: the password in KVSITE_CERTIFICATE_PASSWORD is wrong, or it is neither PEM nor PFX."
            if password
            else "is neither PEM nor PFX, or it needs a password. Set KVSITE_CERTIFICATE_PASSWORD to it."
        )
    if isinstance(found, str):
        raise CertificateError(message=f"{name} {found}")
    return found


def _without_key(data: bytes) -> KeyedCertificate | str | None:
    """What is no PEM and no PFX, and yet says why it does not do."""
    if not data:
        return "is empty: it has no certificate in it."
    with suppress(ValueError):  # DER, as the portal hands a certificate out: with no key, and no password opens it
        return KeyedCertificate(certificate=x509.load_der_x509_certificate(data))
    return None


def _load_pfx(data: bytes, password: str | None) -> KeyedCertificate | str:
    key, certificate, chain = pkcs12.load_key_and_certificates(data, password.encode() if password else None)
    if certificate is None:
        certificate, chain = (chain[0], chain[1:]) if chain else (None, [])  # without a key none counts as the first
    return _keyed(key, [certificate, *chain] if certificate else [])


def _load_pem(data: bytes, password: str | None) -> KeyedCertificate | str:
    certificates = x509.load_pem_x509_certificates(data) if b"-----BEGIN CERTIFICATE" in data else []
    return _keyed(_pem_key(data, password) if b"PRIVATE KEY-----" in data else None, certificates)


def _pem_key(data: bytes, password: str | None) -> Key:
    protected = b"ENCRYPTED" in data  # `BEGIN ENCRYPTED PRIVATE KEY`, or `Proc-Type: 4,ENCRYPTED` in the old form
    return serialization.load_pem_private_key(data, password.encode() if password and protected else None)


def _keyed(key: Key, certificates: Sequence[x509.Certificate]) -> KeyedCertificate | str:
    """The one certificate that the key belongs to; the others are its chain, in whatever order they came."""
    if not certificates:
        return "has no certificate in it, only a key." if key else "has no certificate in it."
    if key is None:
        return KeyedCertificate(certificate=certificates[0])
    own = [found for found in certificates if found.public_key() == key.public_key()]
    if not own:
        return "has a private key that belongs to another certificate."
    return KeyedCertificate(
        certificate=own[0], key=key, chain=tuple(found for found in certificates if found != own[0])
    )


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y}"
