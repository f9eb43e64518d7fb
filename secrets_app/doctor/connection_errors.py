"""Errors that prevented a response from the vault."""

from dataclasses import dataclass

import requests
from requests import exceptions
from urllib3.exceptions import NameResolutionError

from secrets_app.doctor.tls_certificate import is_azure_issuer

# OpenSSL's verification error codes: https://docs.openssl.org/3.0/man3/X509_STORE_CTX_get_error/
_NOT_YET_VALID, _EXPIRED, _OTHER_HOST = 9, 10, 62


@dataclass(frozen=True, kw_only=True)
class ConnectionProblem:
    """What prevented a response, and its key in the catalog of causes, if any."""

    message: str
    cause: str | None = None
    is_certificate_error: bool = False
    """Whether the server's certificate was rejected."""


def certificate_problem(error: Exception, issuer: str | None) -> ConnectionProblem:
    """Why TLS failed with `error`; `issuer` is the issuer of the server's certificate."""
    issued_by = f"It was issued by {issuer}" if issuer else "Its issuer could not be determined"
    code = getattr(_certificate_error(error), "verify_code", None)
    if code in (_NOT_YET_VALID, _EXPIRED):
        message = (
            "The server's TLS certificate is not valid at this machine's current time: either its validity period or "
            "the clock is incorrect."
        )
        return ConnectionProblem(message=f"{message} {issued_by}.", cause="clock_skew", is_certificate_error=True)
    if code == _OTHER_HOST:
        message = "The server's TLS certificate is for a different host name."
    else:
        message = "The server's TLS certificate is not trusted."
        if is_azure_issuer(issuer):
            issued_by += ", which Azure uses: the CA certificates on this machine are incomplete"
    return ConnectionProblem(message=f"{message} {issued_by}.", cause="tls_interception", is_certificate_error=True)


def _certificate_error(error: Exception) -> object:
    """The ssl module's error, which urllib3's error wraps, which requests' error wraps."""
    inner = _reason(error)
    return inner.args[0] if isinstance(inner, Exception) and inner.args else inner


_PROBLEMS: tuple[tuple[type[Exception], ConnectionProblem], ...] = (
    # The first match applies: a timeout while connecting is a ConnectionError too.
    (exceptions.Timeout, ConnectionProblem(message="The vault did not respond in time.", cause="network_interrupted")),
    (
        exceptions.ProxyError,
        ConnectionProblem(message="The proxy is unreachable or refused the request.", cause="proxy_error"),
    ),
    (exceptions.InvalidProxyURL, ConnectionProblem(message="The proxy's address is invalid.", cause="proxy_error")),
    (
        exceptions.ConnectionError,
        ConnectionProblem(message="The connection was refused or closed.", cause="network_interrupted"),
    ),
    (requests.RequestException, ConnectionProblem(message="The request could not be sent.")),
)
_NO_CA_BUNDLE = ConnectionProblem(message="The file with CA certificates cannot be read, so no request was sent.")


def connection_problem(error: Exception) -> ConnectionProblem:
    """What `error`, raised by requests, means."""
    if isinstance(_reason(error), NameResolutionError):
        return ConnectionProblem(message="The vault's host name could not be resolved.", cause="dns_failure")
    # requests raises a plain OSError when REQUESTS_CA_BUNDLE does not name a file.
    return next((problem for kind, problem in _PROBLEMS if isinstance(error, kind)), _NO_CA_BUNDLE)


def _reason(error: Exception) -> object:
    """urllib3's error: the reason of the MaxRetryError that requests' error wraps."""
    wrapped = error.args[0] if error.args else None
    return getattr(wrapped, "reason", None)
