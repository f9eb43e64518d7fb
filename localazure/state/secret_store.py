"""The secrets of a vault: versions and soft-deleted secrets."""

import base64
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace

from localazure.crypto.certificates import self_signed_certificate
from localazure.scenarios.vaults import Certificate, Secret, Vault

AGE_S = 30 * 86_400
"""Age of the initial secrets."""
RETENTION_S = 90 * 86_400


@dataclass(frozen=True, kw_only=True)
class SecretVersion:
    name: str
    version: str
    value: str
    enabled: bool = True
    content_type: str | None = None
    created_on: int
    """Seconds since the epoch, like all times in this module."""
    updated_on: int
    not_before: int | None = None
    expires_on: int | None = None
    tags: Mapping[str, str] | None = None
    """None when no tags were set."""
    managed: bool = False
    """Whether the secret belongs to a certificate."""

    def __repr__(self) -> str:
        return f"SecretVersion(name={self.name!r}, version={self.version!r})"


@dataclass(frozen=True, kw_only=True)
class DeletedSecret:
    versions: tuple[SecretVersion, ...]
    deleted_on: int

    @property
    def purge_on(self) -> int:
        return self.deleted_on + RETENTION_S


class SecretStore:
    """Secret names are case-insensitive, as in Key Vault."""

    def __init__(self, vault: Vault, *, value: str, now_s: int) -> None:
        self._versions: dict[str, list[SecretVersion]] = {}
        self._deleted: dict[str, DeletedSecret] = {}
        for secret in vault.secrets:
            self.add(_first_version(secret, value, now_s))
            if secret.deleted:
                self.delete(secret.name, now_s)
        for certificate in vault.certificates:
            self.add(_certificate_secret(certificate, now_s - AGE_S))

    def get(self, name: str, version: str | None = None) -> SecretVersion | None:
        """Return the given or the newest version; None when it does not exist."""
        versions = self.versions(name)
        if version is None:
            return versions[-1] if versions else None
        return next((known for known in versions if known.version == version), None)

    def versions(self, name: str) -> tuple[SecretVersion, ...]:
        """Oldest first."""
        return tuple(self._versions.get(name.lower(), ()))

    def current(self) -> tuple[SecretVersion, ...]:
        """The newest version of every secret, by name."""
        return tuple(self._versions[name][-1] for name in sorted(self._versions))

    def deleted(self) -> tuple[DeletedSecret, ...]:
        return tuple(self._deleted[name] for name in sorted(self._deleted))

    def get_deleted(self, name: str) -> DeletedSecret | None:
        return self._deleted.get(name.lower())

    def add(self, secret: SecretVersion) -> None:
        """Add a secret or a new version of it."""
        self._versions.setdefault(secret.name.lower(), []).append(secret)

    def update(self, changed: SecretVersion) -> None:
        """Replace the version that has the same version ID."""
        versions = self._versions[changed.name.lower()]
        index = next(n for n, known in enumerate(versions) if known.version == changed.version)
        versions[index] = changed

    def delete(self, name: str, now_s: int) -> DeletedSecret | None:
        """Soft-delete the secret with all its versions; None when it does not exist."""
        versions = self._versions.pop(name.lower(), None)
        if versions is None:
            return None
        deleted = DeletedSecret(versions=tuple(versions), deleted_on=now_s)
        self._deleted[name.lower()] = deleted
        return deleted

    def recover(self, name: str) -> SecretVersion | None:
        """Recover a deleted secret and return its newest version; None when it does not exist."""
        deleted = self._deleted.pop(name.lower(), None)
        if deleted is None:
            return None
        self._versions[name.lower()] = list(deleted.versions)
        return deleted.versions[-1]

    def restore(self, versions: tuple[SecretVersion, ...]) -> SecretVersion:
        """Add a secret with all its versions and return the newest; the name must not exist."""
        self._versions[versions[-1].name.lower()] = list(versions)
        return versions[-1]

    def purge(self, name: str) -> bool:
        """Delete a soft-deleted secret permanently. Return whether it existed."""
        return self._deleted.pop(name.lower(), None) is not None


def new_version(name: str, value: str, now_s: int, *, content_type: str | None = None) -> SecretVersion:
    """Return a new version of a secret."""
    version = uuid.uuid4().hex
    return SecretVersion(
        name=name, version=version, value=value, content_type=content_type, created_on=now_s, updated_on=now_s
    )


def _first_version(secret: Secret, value: str, now_s: int) -> SecretVersion:
    return replace(
        new_version(secret.name, value if secret.value is None else secret.value, now_s - AGE_S),
        enabled=secret.enabled,
        content_type=secret.content_type,
        not_before=None if secret.starts_in_s is None else now_s + secret.starts_in_s,
        expires_on=None if secret.expires_in_s is None else now_s + secret.expires_in_s,
    )


def _certificate_secret(certificate: Certificate, created_on: int) -> SecretVersion:
    """The certificate's secret: PFX in base64, or PEM.

    https://learn.microsoft.com/azure/key-vault/certificates/about-certificates#exportable-or-non-exportable-key
    """
    generated = self_signed_certificate(certificate.common_name)
    is_pfx = certificate.content_type == "application/x-pkcs12"
    value = base64.b64encode(generated.pfx).decode() if is_pfx else generated.pem.decode()
    return replace(
        new_version(certificate.name, value, created_on), content_type=certificate.content_type, managed=True
    )
