"""Loads a PEM or PFX certificate with its private key, and checks whether Microsoft Entra ID accepts it."""

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

from secrets_app.core import own_messages

Key = PrivateKeyTypes | None


class CertificateError(ClientAuthenticationError):
    """No usable certificate. The message is for users and contains neither the password nor the key."""


@dataclass(frozen=True, kw_only=True)
class KeyedCertificate:
    """A certificate, and its private key if it has one."""

    certificate: x509.Certificate
    key: Key = field(default=None, repr=False)
    chain: tuple[x509.Certificate, ...] = ()
    """The CA certificates that came with it."""

    @property
    def thumbprint(self) -> str:
        """SHA-1 in upper-case hex digits, as Windows, Microsoft Entra ID and the portal show it."""
        return self.certificate.fingerprint(hashes.SHA1()).hex().upper()  # noqa: S303

    @property
    def pem(self) -> bytes:
        """The unencrypted key and the certificates: for azure-identity only, never for a file or a page."""
        if self.key is None:
            raise CertificateError(message=f"The certificate {own_messages.CERTIFICATE_KEY_MISSING}.")
        clear = serialization.NoEncryption()
        key = self.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, clear)
        public = [each.public_bytes(serialization.Encoding.PEM) for each in (self.certificate, *self.chain)]
        return b"".join([key, *public])

    def unusable(self, now: datetime | None = None) -> str | None:
        """Why Microsoft Entra ID would reject it, as a predicate for messages; None if it is usable."""
        now = now or datetime.now(UTC)
        starts, ends = self.certificate.not_valid_before_utc, self.certificate.not_valid_after_utc
        if self.key is None:
            return f"{own_messages.CERTIFICATE_KEY_MISSING}. Export it again with its private key."
        if not isinstance(self.key, RSAPrivateKey):
            return f"{own_messages.CERTIFICATE_KEY_NOT_RSA} Create a certificate with an RSA key."
        if ends < now:
            return own_messages.CERTIFICATE_EXPIRED.format(date=_day(ends))
        if starts > now:
            return own_messages.CERTIFICATE_NOT_YET_VALID.format(date=_day(starts))
        return None


def load_certificate(data: bytes, password: str | None, name: str) -> KeyedCertificate:
    """The certificate in `data`; `name` names it in messages. Raises CertificateError."""
    neither = own_messages.CERTIFICATE_NEITHER_PEM_NOR_PFX
    try:
        loaded = _load_pem(data, password) if b"-----BEGIN" in data else _load_pfx(data, password)
    except UnsupportedAlgorithm as error:
        raise CertificateError(message=f"{name} {own_messages.CERTIFICATE_ENCRYPTION_UNSUPPORTED}.") from error
    except TypeError:  # cryptography: the key is encrypted and no password was passed
        loaded = own_messages.CERTIFICATE_PASSWORD_MISSING
    except ValueError:
        loaded = _without_key(data) or (
            f"cannot be opened: KVSITE_CERTIFICATE_PASSWORD is wrong, or the file is {neither}."
            if password
            else f"is {neither}, or it is password-protected. If so, set KVSITE_CERTIFICATE_PASSWORD to its password."
        )
    if isinstance(loaded, str):
        raise CertificateError(message=f"{name} {loaded}")
    return loaded


def _without_key(data: bytes) -> KeyedCertificate | str | None:
    """A DER certificate, or why there is none; None if the reason is unknown."""
    if not data:
        return f"is empty: it {own_messages.CERTIFICATE_MISSING}."
    with suppress(ValueError):  # DER, as the portal exports it: without a key and without a password
        return KeyedCertificate(certificate=x509.load_der_x509_certificate(data))
    return None


def _load_pfx(data: bytes, password: str | None) -> KeyedCertificate | str:
    key, certificate, chain = pkcs12.load_key_and_certificates(data, password.encode() if password else None)
    if certificate is None:
        certificate, chain = (chain[0], chain[1:]) if chain else (None, [])  # without a key all are in the chain
    return _keyed(key, [certificate, *chain] if certificate else [])


def _load_pem(data: bytes, password: str | None) -> KeyedCertificate | str:
    certificates = x509.load_pem_x509_certificates(data) if b"-----BEGIN CERTIFICATE" in data else []
    return _keyed(_pem_key(data, password) if b"PRIVATE KEY-----" in data else None, certificates)


def _pem_key(data: bytes, password: str | None) -> Key:
    protected = b"ENCRYPTED" in data  # `BEGIN ENCRYPTED PRIVATE KEY`, or `Proc-Type: 4,ENCRYPTED` in the old form
    return serialization.load_pem_private_key(data, password.encode() if password and protected else None)


def _keyed(key: Key, certificates: Sequence[x509.Certificate]) -> KeyedCertificate | str:
    """The certificate that the key belongs to, the others as its chain; or the reason why there is none."""
    if not certificates:
        return f"{own_messages.CERTIFICATE_MISSING}{', only a key' if key else ''}."
    if key is None:
        return KeyedCertificate(certificate=certificates[0])
    matching = [each for each in certificates if each.public_key() == key.public_key()]
    if not matching:
        return f"{own_messages.CERTIFICATE_KEY_MISMATCH}."
    return KeyedCertificate(
        certificate=matching[0], key=key, chain=tuple(each for each in certificates if each != matching[0])
    )


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y}"
