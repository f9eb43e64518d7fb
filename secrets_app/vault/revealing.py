"""One reading that keeps the secret's value, for the one page that may show it."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime

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
    started_at, start = datetime.now(UTC), time.monotonic()
    errand = _Revealing(config)
    errand.run_for(config.deadline_s)
    reading = errand.reading(started_at, time.monotonic() - start)
    return Revealed(reading=reading, value=errand.value if reading.ok else None)


class _Revealing(Errand):
    value: SecretValue | None = None

    def _keep(self, found: KeyVaultSecret) -> None:
        self.value = SecretValue(found.value or "", found.properties.content_type)
        super()._keep(found)
