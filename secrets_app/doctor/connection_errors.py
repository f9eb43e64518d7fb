"""Why no response came from the vault."""

from dataclasses import dataclass

import requests
from requests import exceptions
from urllib3.exceptions import NameResolutionError

from secrets_app.doctor.tls_certificate import is_azure_issuer

# OpenSSL's codes of why a certificate was refused: https://docs.openssl.org/3.0/man3/X509_STORE_CTX_get_error/
_NOT_YET_VALID, _EXPIRED, _OTHER_HOST = 9, 10, 62


@dataclass(frozen=True, kw_only=True)
class ConnectionProblem:
    """What prevented a response, as a sentence, and its cause where the catalogue has one."""

    sentence: str
    cause: str | None = None
    of_certificate: bool = False
    """Whether the server's certificate was rejected."""


def certificate_problem(error: Exception, issuer: str | None) -> ConnectionProblem:
    """Why TLS failed with `error`; `issuer` is the issuer of the server's certificate."""
    by = f"It was issued by {issuer}" if issuer else "Its issuer could not be determined"
    code = getattr(_certificate_error(error), "verify_code", None)
    if code in (_NOT_YET_VALID, _EXPIRED):
        said = (
            "The server's TLS certificate is not valid at this machine's current time: the certificate or the clock is "
            "wrong."
        )
        return ConnectionProblem(sentence=f"{said} {by}.", cause="clock_skew", of_certificate=True)
    if code == _OTHER_HOST:
        said = "The server's TLS certificate is for a different host name."
    else:
        said = "The server's TLS certificate is not trusted."
        by += (
            ", which Azure uses: the CA certificates on this machine are incomplete" if is_azure_issuer(issuer) else ""
        )
    return ConnectionProblem(sentence=f"{said} {by}.", cause="tls_interception", of_certificate=True)


def _certificate_error(error: Exception) -> object:
    """The ssl module's error inside urllib3's inside requests'."""
    inner = _reason(error)
    return inner.args[0] if isinstance(inner, Exception) and inner.args else inner


_KINDS: tuple[tuple[type[Exception], ConnectionProblem], ...] = (
    # The first match applies: a timeout while connecting is a ConnectionError too.
    (exceptions.Timeout, ConnectionProblem(sentence="The vault did not respond in time.", cause="network_interrupted")),
    (
        exceptions.ProxyError,
        ConnectionProblem(sentence="The proxy is unreachable or refused the request.", cause="proxy_error"),
    ),
    (exceptions.InvalidProxyURL, ConnectionProblem(sentence="The proxy's address is invalid.", cause="proxy_error")),
    (
        exceptions.ConnectionError,
        ConnectionProblem(sentence="The connection was refused or closed.", cause="network_interrupted"),
    ),
    (requests.RequestException, ConnectionProblem(sentence="The request could not be sent.")),
)
_NO_BUNDLE = ConnectionProblem(sentence="The file with CA certificates cannot be read, so no request was sent.")


def connection_problem(error: Exception) -> ConnectionProblem:
    """What `error`, raised by requests, means."""
    if isinstance(_reason(error), NameResolutionError):
        return ConnectionProblem(sentence="The vault's host name could not be resolved.", cause="dns_failure")
    # requests raises a plain OSError when REQUESTS_CA_BUNDLE does not name a file.
    return next((trouble for kind, trouble in _KINDS if isinstance(error, kind)), _NO_BUNDLE)


def _reason(error: Exception) -> object:
    """urllib3's error inside requests': the reason of the MaxRetryError that it wraps."""
    wrapped = error.args[0] if error.args else None
    return getattr(wrapped, "reason", None)
