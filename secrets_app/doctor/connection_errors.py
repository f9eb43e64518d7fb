"""Why the vault gave no answer at all."""

from dataclasses import dataclass

import requests
from requests import exceptions
from urllib3.exceptions import NameResolutionError

from secrets_app.doctor.tls_certificate import is_azure_issuer

# OpenSSL's codes of why a certificate was refused: https://docs.openssl.org/3.0/man3/X509_STORE_CTX_get_error/
_NOT_YET_VALID, _EXPIRED, _OTHER_HOST = 9, 10, 62


@dataclass(frozen=True, kw_only=True)
class ConnectionProblem:
    """What stood in the way, as a sentence, and the cause where the catalogue knows it."""

    sentence: str
    cause: str | None = None
    of_certificate: bool = False
    """The certificate on the line was refused."""


def certificate_problem(error: Exception, issuer: str | None) -> ConnectionProblem:
    """Why TLS failed with `error`; `issuer` is whose certificate is on the line."""
    by = f"It was issued by {issuer}" if issuer else "Who issued it could not be seen"
    code = getattr(_certificate_error(error), "verify_code", None)
    if code in (_NOT_YET_VALID, _EXPIRED):
        said = "By this machine's clock the certificate on the line is not valid now: one of the two is wrong."
        return ConnectionProblem(sentence=f"{said} {by}.", cause="clock_skew", of_certificate=True)
    if code == _OTHER_HOST:
        said = "The certificate on the line belongs to another host."
    else:
        said = "This program does not trust the certificate it is shown."
        by += (
            ", as Azure's own are: the list of trusted certificates here is too short"
            if is_azure_issuer(issuer)
            else ""
        )
    return ConnectionProblem(sentence=f"{said} {by}.", cause="tls_interception", of_certificate=True)


def _certificate_error(error: Exception) -> object:
    """The error of Python's ssl inside urllib3's inside requests' own."""
    inner = _reason(error)
    return inner.args[0] if isinstance(inner, Exception) and inner.args else inner


_KINDS: tuple[tuple[type[Exception], ConnectionProblem], ...] = (
    # The first that fits; a time-out while connecting is a ConnectionError as well.
    (exceptions.Timeout, ConnectionProblem(sentence="The vault did not answer in time.", cause="network_interrupted")),
    (
        exceptions.ProxyError,
        ConnectionProblem(sentence="The proxy was not reached, or it refused.", cause="proxy_error"),
    ),
    (
        exceptions.InvalidProxyURL,
        ConnectionProblem(sentence="The proxy's address cannot be read.", cause="proxy_error"),
    ),
    (
        exceptions.ConnectionError,
        ConnectionProblem(sentence="The connection was refused or broken off.", cause="network_interrupted"),
    ),
    (requests.RequestException, ConnectionProblem(sentence="The request could not be made.")),
)
_NO_BUNDLE = ConnectionProblem(sentence="The file with trusted certificates cannot be read, so nothing was sent.")


def connection_problem(error: Exception) -> ConnectionProblem:
    """What `error`, raised by requests, means."""
    if isinstance(_reason(error), NameResolutionError):
        return ConnectionProblem(sentence="The vault's name could not be resolved.", cause="dns_failure")
    # requests says so with a plain OSError when REQUESTS_CA_BUNDLE names no file.
    return next((trouble for kind, trouble in _KINDS if isinstance(error, kind)), _NO_BUNDLE)


def _reason(error: Exception) -> object:
    """urllib3's own error inside: requests wraps a MaxRetryError, which has it as its reason."""
    wrapped = error.args[0] if error.args else None
    return getattr(wrapped, "reason", None)
