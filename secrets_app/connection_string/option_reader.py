"""The pairs of one connection string, asked for by key, and what was never asked for."""

import re
from collections.abc import Iterable

from secrets_app.connection_string.parser import ConnectionStringError, Key, Option, parse_key
from secrets_app.core.ids import is_tenant, parse_guid

_SECONDS = re.compile(r"\+?([0-9]{1,9})", re.ASCII)


class OptionReader:
    """Key -> value. Each method notes that its key had a meaning."""

    def __init__(self, pairs: Iterable[Option]) -> None:
        """Raises Fault where two pairs have the same key."""
        self._pairs: dict[str, Option] = {}
        self._used: set[str] = set()
        for pair in pairs:
            key = parse_key(pair.key) or pair.key.lower()
            if key in self._pairs:
                named = f"{key} twice" if isinstance(key, Key) else "the same key twice"
                says = f"names {named}, in its parts {self._pairs[key].number} and {pair.number}."
                raise ConnectionStringError(47, says, "Keep one of them.")
            self._pairs[key] = pair

    def has(self, key: Key) -> bool:
        """The key is there, with or without a value."""
        return key in self._pairs

    def given(self, key: Key) -> str | None:
        """The value; None where the key is missing or has none."""
        self._used.add(key)
        value = self._pairs[key].value if key in self._pairs else ""
        return value if value.strip() else None

    def needed(self, key: Key) -> str:
        """The value. Raises Fault where the key is missing or has none."""
        value = self.given(key)
        if value is None:
            says = f"has {key} without a value." if self.has(key) else f"has no {key}."
            raise ConnectionStringError(50, says, f"Write {key}=... into it.", cause="setting_missing")
        return value

    def guid(self, key: Key) -> str | None:
        """The id; None where none is given. Raises Fault where it is none."""
        text = self.given(key)
        id_ = parse_guid(text) if text else None
        if text and not id_:
            raise ConnectionStringError(51, f"has no id in its {key}: those are 32 digits, 0-9 and a-f, as in 8-4-4-4-12.",
                        "Copy the application (client) id from the portal, without braces.")  # fmt: skip
        return id_

    def needed_guid(self, key: Key) -> str:
        """The id. Raises Fault where it is missing or malformed."""
        self.needed(key)
        return self.guid(key) or ""

    def tenant(self) -> str | None:
        """TenantId; None where none is given. Raises Fault where it is none."""
        tenant = self.given(Key.TENANT_ID)
        if tenant and not is_tenant(tenant):
            raise ConnectionStringError(51, "has no tenant in its TenantId: that is an id or a domain, like contoso.com.",
                        "Copy the tenant id from the Entra overview page.")  # fmt: skip
        return tenant

    def seconds(self, key: Key) -> float | None:
        """Whole seconds, 0 or more; None where none are given. Raises Fault where it is something else."""
        text = self.given(key)
        found = _SECONDS.fullmatch(text) if text else None
        if text and not found:
            raise ConnectionStringError(
                53, f"has no number of whole seconds, 0 or more, in its {key}.", f"Write {key}=30, say."
            )
        return float(found[1]) if found else None

    @property
    def idle(self) -> tuple[str, ...]:
        """What had no meaning: `AppKey`, `the key of its part 4`."""
        idle = [pair for key, pair in self._pairs.items() if key not in self._used]
        return tuple(str(parse_key(pair.key) or f"the key of its part {pair.number}") for pair in idle)

    @property
    def unknown(self) -> int | None:
        """The place of the first part whose key the library did not know; None where it knew all."""
        return next((pair.number for pair in self._pairs.values() if not parse_key(pair.key)), None)
