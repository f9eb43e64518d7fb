"""Why the vault gave no answer at all."""

from dataclasses import dataclass

import requests
from requests import exceptions
from urllib3.exceptions import NameResolutionError

from secrets_app.environment.certificate import of_azure


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """What stood in the way, as a sentence, and the cause where the catalogue knows it."""

    sentence: str
    cause: str | None = None

    @staticmethod
    def untrusted(issuer: str | None) -> "Trouble":
        """TLS failed; `issuer` is whose certificate is on the line."""
        by = f"It was issued by {issuer}" if issuer else "Who issued it could not be seen"
        whose = ", as Azure's own are: the list of trusted certificates here is too short" if of_azure(issuer) else ""
        return Trouble(
            sentence=f"This program does not trust the certificate it is shown. {by}{whose}.", cause="tls_interception"
        )


_KINDS: tuple[tuple[type[Exception], Trouble], ...] = (
    # The first that fits; a time-out while connecting is a ConnectionError as well.
    (exceptions.Timeout, Trouble(sentence="The vault did not answer in time.", cause="network_interrupted")),
    (exceptions.ProxyError, Trouble(sentence="The proxy was not reached, or it refused.", cause="proxy_error")),
    (exceptions.InvalidProxyURL, Trouble(sentence="The proxy's address cannot be read.", cause="proxy_error")),
    (
        exceptions.ConnectionError,
        Trouble(sentence="The connection was refused or broken off.", cause="network_interrupted"),
    ),
    (requests.RequestException, Trouble(sentence="The request could not be made.")),
)
_NO_BUNDLE = Trouble(sentence="The file with trusted certificates cannot be read, so nothing was sent.")


def trouble_of(error: Exception) -> Trouble:
    """What `error`, raised by requests, means."""
    if isinstance(_reason(error), NameResolutionError):
        return Trouble(sentence="The vault's name could not be resolved.", cause="dns_failure")
    # requests says so with a plain OSError when REQUESTS_CA_BUNDLE names no file.
    return next((trouble for kind, trouble in _KINDS if isinstance(error, kind)), _NO_BUNDLE)


def _reason(error: Exception) -> object:
    """urllib3's own error inside: requests wraps a MaxRetryError, which has it as its reason."""
    wrapped = error.args[0] if error.args else None
    return getattr(wrapped, "reason", None)
