"""One reading that keeps the secret's value, for the one page that may show it."""

from dataclasses import dataclass

from azure.keyvault.secrets import KeyVaultSecret

from secrets_app.conf import Config
from secrets_app.reading import Reading
from secrets_app.secret_value import SecretValue
from secrets_app.vault.errand import Errand


@dataclass(frozen=True, kw_only=True)
class Revealed:
    """A reading, and the value where it was read."""

    reading: Reading
    value: SecretValue | None = None


def reveal(config: Config) -> Revealed:
    """Read the secret afresh, its value too: shared with nobody, kept nowhere. Ends by `config.deadline_s`."""
    errand = _Revealing(config)
    reading = errand.run()
    return Revealed(reading=reading, value=errand.value if reading.ok else None)


class _Revealing(Errand):
    value: SecretValue | None = None

    def _keep(self, found: KeyVaultSecret) -> None:
        self.value = SecretValue(found.value or "", found.properties.content_type)
        super()._keep(found)
