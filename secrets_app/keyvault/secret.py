"""Readings of a secret, without its value and with it, and the value for the one page that shows it."""

import base64
import binascii
import hashlib
import hmac
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from azure.core.exceptions import ResourceNotFoundError
from azure.keyvault.secrets import KeyVaultSecret

from secrets_app.azure_client.responses import malformed_responses
from secrets_app.conf.request import ReadRequest, SecretTarget
from secrets_app.core.known_secrets import known_secrets
from secrets_app.core.reading import Reading, Secret
from secrets_app.core.redaction import external_text
from secrets_app.keyvault.client import Connection
from secrets_app.keyvault.errors import failure_of
from secrets_app.keyvault.operation import Connect, ReadOperation
from secrets_app.keyvault.pool import pooled_connection

_LAYOUT = "\n\t"
# Letters and marks by category, but invisible: fillers, the blank Braille pattern, variation selectors.
_INVISIBLE = re.compile("[\u034f\u115f\u1160\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4}){8,}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_CONTROLS = (
    "NUL", "SOH", "STX", "ETX", "EOT", "ENQ", "ACK", "BEL", "BS", "HT", "LF", "VT", "FF", "CR", "SO", "SI",
    "DLE", "DC1", "DC2", "DC3", "DC4", "NAK", "SYN", "ETB", "CAN", "EM", "SUB", "ESC", "FS", "GS", "RS", "US",
)  # fmt: skip
_BINARY = ("application/x-pkcs12", "application/octet-stream")


@dataclass(frozen=True)
class Part:
    """A run of visible characters, or one invisible character with its name."""

    text: str = field(repr=False)
    name: str = ""
    """Unicode name of an invisible character; empty for a visible run."""


class SecretValue:
    """A secret value. `repr` and `str` do not show it, and it cannot be pickled; read it through `parts`."""

    def __init__(self, text: str, content_type: str | None = None) -> None:
        self._text = text
        self._content_type = (content_type or "").lower()

    def __repr__(self) -> str:
        return "SecretValue([hidden])"

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("A secret value cannot be serialized.")

    @property
    def length(self) -> int:
        """Length in characters."""
        return len(self._text)

    @property
    def size(self) -> int:
        """Length in bytes, as UTF-8."""
        return len(self._bytes)

    @property
    def digest(self) -> bytes:
        """The digest under which it is known as a secret."""
        return known_secrets().digest(self._text)

    @property
    def parts(self) -> Iterator[Part]:
        """The value in order; invisible and text-direction characters are separate, named parts."""
        start = 0
        for index, character in enumerate(self._text):
            if _is_invisible(character):
                if start < index:
                    yield Part(self._text[start:index])
                yield Part(_visible(character), _name(character))
                start = index + 1
        if start < len(self._text):
            yield Part(self._text[start:])

    @property
    def as_base64(self) -> str:
        """The exact bytes in base64, for the copy button: HTML would normalize line endings and drop NUL."""
        return base64.b64encode(self._bytes).decode("ascii")

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on properties of the value that are easy to overlook."""
        text = self._text
        invisible = sum(map(_is_invisible, text))
        notes = {
            "The value is empty.": not text,
            "The value ends with a line break.": text.endswith(("\n", "\r")),
            "The value starts or ends with whitespace.": text != text.strip(" \t"),
            "The value has multiple lines.": "\n" in text.rstrip("\r\n"),
            f"Invisible or text-direction characters, shown by name: {invisible}.": invisible,
            self._base64_note(): True,
        }
        return tuple(sentence for sentence, applies in notes.items() if applies and sentence)

    @property
    def _bytes(self) -> bytes:
        # JSON may contain an unpaired surrogate, which UTF-8 cannot encode; surrogatepass keeps it.
        return self._text.encode("utf-8", "surrogatepass")

    def _base64_note(self) -> str:
        compact = "".join(self._text.split())
        if not _BASE64.fullmatch(compact) or not (self._is_binary or len(compact) >= 64):
            return ""
        try:
            size = len(base64.b64decode(compact, validate=True))
        except binascii.Error:
            return ""
        content = "a certificate with private key" if "pkcs12" in self._content_type else "binary data"
        return f"The value looks like base64: {content}, {size} bytes decoded."

    @property
    def _is_binary(self) -> bool:
        return self._content_type.startswith(_BINARY)


def _is_invisible(character: str) -> bool:
    return character not in _LAYOUT and (not character.isprintable() or bool(_INVISIBLE.match(character)))


def _name(character: str) -> str:
    unnamed = "unpaired surrogate" if unicodedata.category(character) == "Cs" else "control character"
    return unicodedata.name(character, unnamed)


def _visible(character: str) -> str:
    """`CR` for ASCII control characters, `U+202E` for the others."""
    code = ord(character)
    return _CONTROLS[code] if code < len(_CONTROLS) else "DEL" if code == 0x7F else f"U+{code:04X}"


_MAX_FIELD_CHARACTERS = 255
"""Of a secret's name, version and content type, as Key Vault limits the content type."""


@dataclass(frozen=True, kw_only=True)
class ReadingWithValue:
    """A reading, and the secret's value if it was read."""

    reading: Reading
    value: SecretValue | None = None


class ReadSecretOperation(ReadOperation):
    """Gets the secret and the principal of the token used; stores neither the token nor the secret's value."""

    def __init__(self, request: ReadRequest, connect: Connect = pooled_connection) -> None:
        super().__init__(request, connect)
        self._secret: Secret | None = None

    @property
    def _target(self) -> SecretTarget:
        target = self._request.target
        return target if isinstance(target, SecretTarget) else SecretTarget(vault_url=None, name=None)

    def _result(self) -> dict[str, Any]:
        return {
            "vault_url": self._target.vault_url,
            "secret_name": self._target.name,
            "secret_version": self._target.version,
            "secret": self._secret,
        }

    def _has_result(self) -> bool:
        return self._secret is not None

    def _target_name(self) -> str | None:
        return self._target.vault_url

    def _fetch(self, connection: Connection) -> None:
        name = self._target.name or ""
        try:
            with malformed_responses():  # the SDK reads some fields only when they are used
                self._store(connection.get_secret(name, self._target.version, self._record(connection)))
        except ResourceNotFoundError as error:
            failure = failure_of(error, self._trace)
            self._failure = self._failure or replace(failure, deleted_on=connection.deleted_on(name))
            raise

    def _store(self, secret: KeyVaultSecret) -> None:
        self._secret = _without_value(secret, self._config.fingerprint_key)


class ReadValueOperation(ReadSecretOperation):
    """A read operation that also stores the value, for the page that may show it."""

    value: SecretValue | None = None

    def _store(self, secret: KeyVaultSecret) -> None:
        self.value = SecretValue(secret.value or "", secret.properties.content_type)
        super()._store(secret)


def fingerprint(value: str, key: str) -> str:
    """16 hex digits of an HMAC: without the key, values cannot be tested against it."""
    return hmac.new(key.encode(), value.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:16]


def _date(value: Any) -> datetime | None:
    """The SDK returns a value that is not a date unchanged."""
    return value if isinstance(value, datetime) else None


def _text(value: Any) -> str | None:
    """The SDK returns a value that is no text unchanged."""
    return external_text(str(value), _MAX_FIELD_CHARACTERS) if value else None


def _without_value(secret: KeyVaultSecret, fingerprint_key: str) -> Secret:
    """All properties of the secret except its value."""
    value = secret.value or ""
    properties = secret.properties
    return Secret(
        name=external_text(properties.name or "", _MAX_FIELD_CHARACTERS),
        version=_text(properties.version),
        content_type=_text(properties.content_type),
        enabled=properties.enabled,
        created_on=_date(properties.created_on),
        updated_on=_date(properties.updated_on),
        not_before=_date(properties.not_before),
        expires_on=_date(properties.expires_on),
        length=len(value),
        fingerprint=fingerprint(value, fingerprint_key),
    )
