"""Backups of secrets: opaque, encrypted, and readable only by the vaults of the same scenario.

https://learn.microsoft.com/rest/api/keyvault/secrets/backup-secret
"""

import json
from dataclasses import asdict

from cryptography.fernet import Fernet, InvalidToken

from localazure.services.keyvault import errors
from localazure.state.secret_store import SecretVersion


def create_backup(key: bytes, versions: tuple[SecretVersion, ...]) -> str:
    """Return all versions of a secret as base64url text."""
    fields = [asdict(version) for version in versions]
    return Fernet(key).encrypt(json.dumps(fields).encode()).decode().rstrip("=")


def read_backup(key: bytes, text: str) -> tuple[SecretVersion, ...]:
    """Return the versions of a backup, oldest first. Raises ServiceError."""
    try:
        fields = json.loads(Fernet(key).decrypt(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4)))
    except (InvalidToken, ValueError):
        raise errors.invalid_backup() from None
    return tuple(SecretVersion(**version) for version in fields)
