"""The check for django-health-check: the secret can be read, by the expected principal.

https://codingjoe.dev/django-health-check/
"""

import dataclasses
from datetime import timedelta

from secrets_app import conf
from secrets_app.conf.request import secret_request
from secrets_app.conf.setting import MAX_SECONDS
from secrets_app.service import diagnose, get_reading

try:
    from health_check.base import HealthCheck  # type: ignore[import-untyped]
    from health_check.exceptions import ServiceUnavailable, ServiceWarning  # type: ignore[import-untyped]
except ImportError as error:
    raise ImportError(
        "secrets_app.health needs django-health-check: pip install 'principal-used[health]'", name="health_check"
    ) from error


@dataclasses.dataclass
class KeyVaultSecret(HealthCheck):  # type: ignore[misc]
    """Reads the secret of the settings, or another one of the same vault, with the settings' identity."""

    secret: str | None = None
    """The name of another secret."""
    timeout = timedelta(seconds=MAX_SECONDS + 5)
    """Above the longest deadline: the reading itself ends by `deadline_s`."""

    def run(self) -> None:
        """Return if the secret can be read. Raises ServiceWarning for an expired one, otherwise ServiceUnavailable.

        The messages have the cause key, and no ID, error text or value: the page may be public.
        """
        request = secret_request(conf.current({"SECRET_NAME": self.secret}))
        reading = get_reading(request)
        diagnosis = diagnose(reading, request)
        if not reading.ok:
            raise ServiceUnavailable(f"The secret cannot be read: {diagnosis.main_cause}")
        if diagnosis.hints:
            raise ServiceWarning(f"The secret can be read, but: {diagnosis.hints[0].cause}")
