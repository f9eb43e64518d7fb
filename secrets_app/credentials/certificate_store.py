"""Finds the certificates on this machine that match the settings, newest first."""

import os
import platform
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from cryptography import x509

from secrets_app.conf.certificate import FOLDERS
from secrets_app.core import own_messages
from secrets_app.core.credential_options import CertificateFile, CertificateInStore
from secrets_app.core.formatting import plural
from secrets_app.credentials.certificates import CertificateError, KeyedCertificate, load_certificate

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
