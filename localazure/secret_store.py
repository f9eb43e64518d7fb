"""The secrets of one running vault."""

import uuid
from dataclasses import dataclass

from localazure.vaults import Secret, Vault

AGE_S = 30 * 86_400
"""The secrets a world begins with are a month old."""


@dataclass(frozen=True, kw_only=True)
class SecretVersion:
    name: str
    version: str
    value: str
    enabled: bool
    content_type: str | None
    created_on: int
    """Seconds since 1970."""
    updated_on: int
    """Seconds since 1970."""

    def __repr__(self) -> str:
        return f"SecretVersion(name={self.name!r}, version={self.version!r})"


class SecretStore:
    """Secret names are compared without case, as the vault does."""

    def __init__(self, vault: Vault, *, value: str, now_s: int) -> None:
        self._versions = {s.name.lower(): [_first_version(s, value, now_s - AGE_S)] for s in vault.secrets}

    def get(self, name: str, version: str | None = None) -> SecretVersion | None:
        """The newest version, or the one asked for; None when there is none."""
        versions = self._versions.get(name.lower(), [])
        if version is None:
            return versions[-1] if versions else None
        return next((known for known in versions if known.version == version), None)


def _first_version(secret: Secret, value: str, created_on: int) -> SecretVersion:
    return SecretVersion(
        name=secret.name,
        version=uuid.uuid4().hex,
        value=value,
        enabled=secret.enabled,
        content_type=secret.content_type,
        created_on=created_on,
        updated_on=created_on,
    )
