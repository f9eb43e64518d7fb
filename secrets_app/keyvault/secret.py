"""Readings of a secret, without its value and with it."""

import hashlib
import hmac
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from azure.core.exceptions import ResourceNotFoundError
from azure.keyvault.secrets import KeyVaultSecret

from secrets_app.azure_client.response_limits import malformed_responses
from secrets_app.conf.request import ReadRequest, SecretTarget
from secrets_app.core.reading import Reading, Secret
from secrets_app.core.redaction import external_text
from secrets_app.core.secret_value import SecretValue
from secrets_app.keyvault.client import Connection
from secrets_app.keyvault.errors import failure_of
from secrets_app.keyvault.operation import Connect, ReadOperation
from secrets_app.keyvault.pool import pooled_connection

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
