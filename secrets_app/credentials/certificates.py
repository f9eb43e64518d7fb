"""Certificates in a file or in the folder of a store: loads PEM and PFX, and checks what Microsoft Entra ID accepts."""

import os
import platform
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from azure.core.exceptions import ClientAuthenticationError
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import pkcs12

from secrets_app.conf.certificate import FOLDERS
from secrets_app.core import own_messages
from secrets_app.core.credential_options import CertificateFile, CertificateInStore
from secrets_app.core.formatting import plural

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


_EXTENSIONS = frozenset({".pem", ".pfx", ".p12", ".crt", ".cer", ".key"})
_SYSTEM = platform.system()
_MAX_FILE_BYTES = 1024 * 1024
_MAX_FILES = 500
# Windows writes S and E for the attributes that RFC 4514 calls ST and EMAILADDRESS.
_ATTRIBUTE_ALIASES = {"S": "ST", "E": "EMAILADDRESS", "1.2.840.113549.1.9.1": "EMAILADDRESS"}
_PART = re.compile(r'(?:\\.|"(?:[^"]|"")*"|[^,"\\])+')


def read_file(location: CertificateFile) -> tuple[KeyedCertificate, ...]:
    """The certificate in one file. Raises CertificateError."""
    path = Path(location.path).expanduser()
    return (_usable(load_certificate(_content(path), location.password, str(path)), str(path)),)


def find_in_store(location: CertificateInStore) -> tuple[KeyedCertificate, ...]:
    """Every usable matching certificate in the folder, newest first: the order in which the .NET library tries them.

    Raises CertificateError.
    """
    folder = _folder(location)
    wanted = f"with thumbprint {location.thumbprint}" if location.thumbprint else f'with subject "{location.subject}"'
    checked, matching = 0, []
    load_error: CertificateError | None = None
    for path in _files(folder):
        checked += 1
        try:
            candidate = load_certificate(_content(path), location.password, str(path))
        except CertificateError as error:
            # App Service uses the thumbprint as file name, so this is the requested certificate.
            load_error = error if path.stem.upper() == location.thumbprint else load_error
            continue
        if _matches(candidate, location):
            matching.append((candidate, path))
    if not matching:
        files = f"{plural(checked, 'file')} checked"
        missing = own_messages.CERTIFICATE_NOT_FOUND.format(wanted=wanted, folder=folder, checked=files)
        setting = FOLDERS[location.store].name
        raise load_error or CertificateError(
            message=f"{missing} Add it as a PEM or PFX file, or set {setting} to the correct folder."
        )
    matching.sort(key=lambda pair: pair[0].certificate.not_valid_before_utc, reverse=True)
    usable = tuple(candidate for candidate, _ in matching if not candidate.unusable())
    return usable or (_usable(*matching[0]),)


def _usable(candidate: KeyedCertificate, name: object) -> KeyedCertificate:
    if reason := candidate.unusable():
        raise CertificateError(message=f"The certificate {name} {reason}")
    return candidate


def _content(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise CertificateError(message=f"{path} {own_messages.CERTIFICATE_PATH_IS_FOLDER}")
        if path.exists() and not path.is_file():
            raise CertificateError(message=f"{path} {own_messages.CERTIFICATE_PATH_IS_NO_FILE}.")
        with path.open("rb") as file:
            content = file.read(_MAX_FILE_BYTES + 1)
    except FileNotFoundError as error:
        raise CertificateError(message=own_messages.CERTIFICATE_FILE_NOT_FOUND.format(path=path)) from error
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        reason = getattr(error, "strerror", None) or "the path is invalid"
        raise CertificateError(
            message=own_messages.CERTIFICATE_FILE_UNREADABLE.format(path=path, reason=reason)
        ) from error
    if len(content) > _MAX_FILE_BYTES:
        raise CertificateError(message=f"{path} {own_messages.CERTIFICATE_FILE_TOO_LARGE} (1 MiB), so it was not read.")
    return content


def _folder(location: CertificateInStore) -> Path:
    setting = FOLDERS[location.store].name
    folder = Path(location.folder or FOLDERS[location.store].default).expanduser()
    if not location.folder and _SYSTEM == "Windows":
        raise CertificateError(
            message=f"{own_messages.WINDOWS_STORE_NOT_READABLE} Export the certificate as PFX and set "
            f"KVSITE_CERTIFICATE to the file, or {setting} to its folder."
        )
    if not folder.is_dir():
        problem = "is not a folder" if location.folder else f"is not set, and its default {folder} does not exist"
        raise CertificateError(message=f"{setting} {problem}. {own_messages.CERTIFICATE_FOLDER_INVALID}")
    return folder


def _files(folder: Path) -> Iterator[Path]:
    with suppress(OSError):  # no permission to list the folder
        names = sorted(entry.name for entry in os.scandir(folder) if Path(entry.name).suffix.lower() in _EXTENSIONS)
        yield from (folder / name for name in names[:_MAX_FILES])


def _matches(candidate: KeyedCertificate, location: CertificateInStore) -> bool:
    if location.thumbprint:
        return candidate.thumbprint == location.thumbprint
    return matches_subject(candidate.certificate.subject, location.subject or "")


def matches_subject(subject: x509.Name, wanted: str) -> bool:
    """`wanted` is the whole subject, compared ignoring case as in the .NET library, or only the common name."""
    parts = [(_attribute_name(part.rfc4514_attribute_name), str(part.value).casefold()) for part in subject]
    if "=" not in wanted:
        return ("CN", wanted.strip().casefold()) in parts
    wanted_parts = [_parse_part(part) for part in _PART.findall(wanted)]
    return wanted_parts in (parts, parts[::-1])


def _parse_part(part: str) -> tuple[str, str]:
    name, _, value = part.strip().partition("=")
    value = value.strip()
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = value[1:-1].replace('""', '"')
    return _attribute_name(name.strip()), re.sub(r"\\(.)", r"\1", value).casefold()


def _attribute_name(name: str) -> str:
    return _ATTRIBUTE_ALIASES.get(name.upper(), name.upper())
