"""Splits a connection string into its pairs and reads them by key. Errors contain none of its values."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from secrets_app.connection_string import check_ids
from secrets_app.core.check_ids import CheckId
from secrets_app.core.hosts import is_tenant, parse_guid


class ConnectionStringError(Exception):
    """Carries the message, the fix, the check ID and, where known, an example of a valid string."""

    example: str | None = None

    def __init__(self, check: CheckId, message: str, hint: str, cause: str = "setting_invalid") -> None:
        self.check, self.message, self.hint, self.cause = check, message, hint, cause
        super().__init__(message)


class Key(StrEnum):
    """A key of the connection string, spelled as in the library's documentation."""

    RUN_AS = "RunAs"
    DEVELOPER_TOOL = "DeveloperTool"
    APP_ID = "AppId"
    TENANT_ID = "TenantId"
    APP_KEY = "AppKey"
    APP_KEY_PERCENT_ENCODED = "AppKeyPercentEncoded"
    CERTIFICATE_THUMBPRINT = "CertificateThumbprint"
    CERTIFICATE_SUBJECT_NAME = "CertificateSubjectName"
    CERTIFICATE_STORE_LOCATION = "CertificateStoreLocation"
    KEY_VAULT_CERTIFICATE = "KeyVaultCertificateSecretIdentifier"
    KEY_VAULT_APP_ID = "KeyVaultAppId"
    MSI_RETRY_TIMEOUT = "MsiRetryTimeout"


_ALIASES = {
    "keyvaultsecretidentifier": Key.KEY_VAULT_CERTIFICATE,
    "keyvaultuserassignedmanagedidentityid": Key.KEY_VAULT_APP_ID,
}
"""Names of the same keys in other versions of the library."""
_KEYS = {key.lower(): key for key in Key} | _ALIASES


def parse_key(text: str) -> Key | None:
    """The key that `text` names, ignoring case; None when the library has no such key."""
    return _KEYS.get(text.lower())


_WHOLE_IN_QUOTES = re.compile(r"""\s*(["']).*\1\s*""", re.DOTALL)
_BETWEEN = re.compile(r"[\s;]*")
_KEY = re.compile(r"((?:==|[^=;])*+)(=?)\s*")
_QUOTED = re.compile(r"""(?:'((?:[^'\0]|'')*+)'|"((?:[^"\0]|"")*+)")\s*""")
_BARE = re.compile(r"[^;]*")
_CONTROL = re.compile(r"(?!\s)[\x00-\x1f\x7f-\x9f]")
_IN_QUOTES = "Put a value that contains ; or a quote in quotes, and double that quote inside: 'it''s; here'."


@dataclass(frozen=True, kw_only=True)
class Option:
    """One part of a connection string. Its contents are excluded from its repr."""

    number: int
    """Position in the string, from 1: all that a message may contain of a part with an unknown key."""
    key: str = field(repr=False)
    value: str = field(repr=False)


def parse_options(text: str) -> tuple[Option, ...]:
    """The pairs in order; a value may be empty. Raises ConnectionStringError."""
    if _WHOLE_IN_QUOTES.fullmatch(text):
        raise ConnectionStringError(
            check_ids.SYNTAX, "is enclosed in quotes.", "Remove the quotes around the whole string."
        )
    pairs = tuple(_iter_options(text))
    if not pairs:
        raise ConnectionStringError(
            check_ids.EMPTY, "contains only spaces and semicolons.", "Remove it, or set it to RunAs=App."
        )
    return pairs


def _iter_options(text: str) -> Iterator[Option]:
    number, position = 1, _end(_BETWEEN, text, 0)
    while position < len(text):
        key, position = _key(text, position, number)
        value, position = _value(text, position, ordinal_name(number, key))
        yield Option(number=number, key=key, value=value)
        number, position = number + 1, _end(_BETWEEN, text, position)


def ordinal_name(number: int, key: str) -> str:
    """`part 2 (AppKey)`: the key is named only if it is one of the library's."""
    known = parse_key(key)
    return f"part {number}" + (f" ({known})" if known else "")


def _end(pattern: re.Pattern[str], text: str, position: int) -> int:
    found = pattern.match(text, position)
    return found.end() if found else position


def _key(text: str, position: int, number: int) -> tuple[str, int]:
    """The key that starts at `position`, and the start of its value."""
    found = _KEY.match(text, position)
    raw, divider = (found[1], found[2]) if found else ("", "")
    part = ordinal_name(number, raw.partition("==")[0].strip())
    if not divider and "==" in raw:
        raise ConnectionStringError(
            check_ids.SYNTAX,
            f"has == in {part}, which means a = inside the key, so the part has no value.",
            "Write a single = between key and value.",
        )
    if not divider:
        raise ConnectionStringError(check_ids.SYNTAX, f"has no = in {part}. Each part must be key=value.", _IN_QUOTES)
    key = raw.replace("==", "=").strip()
    if not key:
        raise ConnectionStringError(
            check_ids.SYNTAX, f"has no key before the = in {part}.", f"Add the key. {_IN_QUOTES}"
        )
    _check_printable(key, part)
    return key, found.end() if found else position


def _value(text: str, position: int, part: str) -> tuple[str, int]:
    """The value that starts at `position`, and the start of the next part."""
    if text[position : position + 1] in {"'", '"'}:
        return _quoted(text, position, part)
    value, end = text[position : _end(_BARE, text, position)].strip(), _end(_BARE, text, position)
    if value.endswith(("'", '"')):
        raise ConnectionStringError(
            check_ids.SYNTAX, f"has a value in {part} that ends with a quote, but does not start with one.", _IN_QUOTES
        )
    _check_printable(value, part)
    return value, end


def _quoted(text: str, position: int, part: str) -> tuple[str, int]:
    found = _QUOTED.match(text, position)
    if not found:
        raise ConnectionStringError(check_ids.SYNTAX, f"has an unclosed quote in {part}.", _IN_QUOTES)
    if text[found.end() : found.end() + 1] not in {"", ";"}:
        raise ConnectionStringError(check_ids.SYNTAX, f"has text after the closing quote in {part}.", _IN_QUOTES)
    quote = text[position]
    return (found[1] or found[2] or "").replace(quote * 2, quote), found.end()


def _check_printable(text: str, part: str) -> None:
    if _CONTROL.search(text):
        raise ConnectionStringError(
            check_ids.INVISIBLE, f"has an invisible character in {part}.", "Enter that part again without it."
        )


_SECONDS = re.compile(r"\+?([0-9]{1,9})", re.ASCII)


class OptionReader:
    """Key -> value. Each method that reads a key marks it as used."""

    def __init__(self, pairs: Iterable[Option]) -> None:
        """Raises ConnectionStringError where two pairs have the same key."""
        self._pairs: dict[str, Option] = {}
        self._used: set[str] = set()
        for pair in pairs:
            key = parse_key(pair.key) or pair.key.lower()
            if key in self._pairs:
                named = f"{key} twice" if isinstance(key, Key) else "the same key twice"
                message = f"contains {named}, in parts {self._pairs[key].number} and {pair.number}."
                raise ConnectionStringError(check_ids.DUPLICATE_KEY, message, "Keep one of them.")
            self._pairs[key] = pair

    def has(self, key: Key) -> bool:
        """Whether the key is present, with or without a value."""
        return key in self._pairs

    def given(self, key: Key) -> str | None:
        """The value; None when the key or its value is missing."""
        self._used.add(key)
        value = self._pairs[key].value if key in self._pairs else ""
        return value if value.strip() else None

    def needed(self, key: Key) -> str:
        """The value. Raises ConnectionStringError when the key or its value is missing."""
        value = self.given(key)
        if value is None:
            message = f"has {key} without a value." if self.has(key) else f"has no {key}."
            raise ConnectionStringError(
                check_ids.MISSING_KEY, message, f"Add {key}=... to it.", cause="setting_missing"
            )
        return value

    def guid(self, key: Key) -> str | None:
        """The ID; None when there is none. Raises ConnectionStringError when it is malformed."""
        text = self.given(key)
        id_ = parse_guid(text) if text else None
        if text and not id_:
            raise ConnectionStringError(
                check_ids.GUID,
                f"has an invalid {key}: it must be a GUID, with 8-4-4-4-12 hexadecimal digits.",
                "Copy the application (client) ID from the Azure portal, without braces.",
            )
        return id_

    def needed_guid(self, key: Key) -> str:
        """The ID. Raises ConnectionStringError when it is missing or malformed."""
        self.needed(key)
        return self.guid(key) or ""

    def tenant(self) -> str | None:
        """TenantId; None when there is none. Raises ConnectionStringError when it is malformed."""
        tenant = self.given(Key.TENANT_ID)
        if tenant and not is_tenant(tenant):
            raise ConnectionStringError(
                check_ids.TENANT,
                "has an invalid TenantId: it must be a tenant ID or a domain, like contoso.com.",
                "Copy the tenant ID from the Overview page of Microsoft Entra ID.",
            )
        return tenant

    def seconds(self, key: Key) -> float | None:
        """Whole seconds, 0 or more; None when there are none. Raises ConnectionStringError when it is malformed."""
        text = self.given(key)
        found = _SECONDS.fullmatch(text) if text else None
        if text and not found:
            raise ConnectionStringError(
                check_ids.SECONDS,
                f"has an invalid {key}: it must be a number of whole seconds, 0 or more.",
                f"For example, use {key}=30.",
            )
        return float(found[1]) if found else None

    @property
    def unused_keys(self) -> tuple[str, ...]:
        """The keys that were never read: `AppKey`, `the key of part 4`."""
        unused = [pair for key, pair in self._pairs.items() if key not in self._used]
        return tuple(str(parse_key(pair.key) or f"the key of part {pair.number}") for pair in unused)

    @property
    def unknown(self) -> int | None:
        """The position of the first part with a key that the library does not support; None when there is none."""
        return next((pair.number for pair in self._pairs.values() if not parse_key(pair.key)), None)
