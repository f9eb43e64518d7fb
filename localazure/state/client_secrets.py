"""The client secrets of applications."""

import hmac
import secrets
import uuid
from dataclasses import dataclass, field
from typing import Self

YEAR_S = 365 * 86_400


def _generated() -> str:
    """In the form of Microsoft Entra ID, `abc8Q~` and 34 characters; no hyphen first, which begins an option."""
    return f"{secrets.token_hex(2)[:3]}8Q~{secrets.token_urlsafe(25)}"


@dataclass(frozen=True, kw_only=True)
class ClientSecret:
    key_id: str
    text: str = field(repr=False)
    name: str | None
    starts_on: int
    """Seconds since the epoch."""
    ends_on: int
    """Seconds since the epoch."""

    @property
    def hint(self) -> str:
        """The first characters, which Entra shows."""
        return self.text[:3]


class ClientSecrets:
    """Client ID -> its secrets. The first one of each application is generated on first use."""

    def __init__(self) -> None:
        self._secrets: dict[str, list[ClientSecret]] = {}

    def copy(self) -> Self:
        """Return a copy that changes independently."""
        copied = type(self)()
        copied._secrets = {client_id: list(items) for client_id, items in self._secrets.items()}  # noqa: SLF001
        return copied

    def of(self, client_id: str) -> tuple[ClientSecret, ...]:
        """The secrets of an application, oldest first."""
        return tuple(self._secrets.get(client_id, ()))

    def add(
        self,
        client_id: str,
        *,
        starts_on: int,
        ends_on: int,
        name: str | None = None,
        key_id: str | None = None,
        text: str | None = None,
    ) -> ClientSecret:
        """Add a secret. Without `text`, it is generated."""
        added = ClientSecret(
            key_id=key_id or str(uuid.uuid4()),
            text=text or _generated(),
            name=name,
            starts_on=starts_on,
            ends_on=ends_on,
        )
        self._secrets.setdefault(client_id, []).append(added)
        return added

    def remove(self, client_id: str, key_id: str) -> bool:
        """Remove a secret. Return whether it existed."""
        kept = [item for item in self.of(client_id) if item.key_id != key_id.lower()]
        existed = len(kept) < len(self.of(client_id))
        self._secrets[client_id] = kept
        return existed

    def find(self, client_id: str, text: str) -> ClientSecret | None:
        """Return the secret with this value; None when the application has no such secret."""
        matching = (item for item in self.of(client_id) if hmac.compare_digest(item.text.encode(), text.encode()))
        return next(matching, None)
