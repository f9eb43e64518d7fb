"""A reading that keeps the secret's value, for the page that may show it."""

from dataclasses import dataclass

from azure.keyvault.secrets import KeyVaultSecret

from secrets_app.core.reading import Reading
from secrets_app.core.secret_value import SecretValue
from secrets_app.keyvault.operation import ReadOperation


@dataclass(frozen=True, kw_only=True)
class ReadingWithValue:
    """A reading, and the secret's value if it was read."""

    reading: Reading
    value: SecretValue | None = None


class ReadValueOperation(ReadOperation):
    """A read operation that also keeps the value."""

    value: SecretValue | None = None

    def _keep(self, found: KeyVaultSecret) -> None:
        self.value = SecretValue(found.value or "", found.properties.content_type)
        super()._keep(found)
