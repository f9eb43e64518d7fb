"""The pairs of one connection string, read by key, and the keys that were never read."""

import re
from collections.abc import Iterable

from secrets_app.connection_string import check_ids
from secrets_app.connection_string.parser import ConnectionStringError, Key, Option, parse_key
from secrets_app.core.hosts import is_tenant, parse_guid

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
