"""The connection to a host: the proxy in effect, the certificate presented, and why it failed."""

import http.client
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import unquote, urlsplit

import requests
import urllib3
from cryptography import x509
from cryptography.x509.oid import NameOID
from requests import exceptions
from requests.utils import get_environ_proxies, select_proxy
from urllib3.exceptions import NameResolutionError

from secrets_app.azure_client.cancellation import time_limit
from secrets_app.azure_client.transport import close_abandoned_sockets
from secrets_app.core.redaction import redact


def proxy_of(url: str) -> str | None:
    """The proxy that requests, and so the SDK, uses for `url`: host and port, never its password."""
    proxy = proxy_with_login(url)
    return without_login(proxy) if proxy else None


def proxy_with_login(url: str) -> str | None:
    """The same with its login, for connecting only; never display it."""
    return select_proxy(url, get_environ_proxies(url, no_proxy=None))


def without_login(address: str) -> str:
    """A proxy's address without username and password, whatever its format."""
    return redact(address.rpartition("@")[2].strip())[:200]


HANDSHAKE_S = 0.8
# Certificate authorities of Azure's own hosts:
# https://learn.microsoft.com/azure/security/fundamentals/azure-certificate-authority-details
_AZURE_ISSUERS = ("microsoft", "digicert")


def is_azure_issuer(issuer: str | None) -> bool:
    """Whether `issuer`, by name, is one that Azure uses for its own hosts."""
    return any(name in (issuer or "").lower() for name in _AZURE_ISSUERS)


def peer_issuer(response: requests.Response) -> str | None:
    """The issuer of the verified certificate on this connection; None when not available."""
    sock = getattr(response.raw.connection, "sock", None)
    if not isinstance(sock, ssl.SSLSocket):
        return None
    issuer: Any = (sock.getpeercert() or {}).get("issuer", ())
    names = {name: value for part in issuer for name, value in part}
    return _issuer_name(names.get("organizationName"), names.get("commonName"))


def untrusted_issuer(vault_url: str) -> str | None:
    """The issuer of a rejected certificate, from a handshake without a request; None when not available."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    host = urlsplit(vault_url).hostname or ""
    try:
        connection = _connection(vault_url, host, context)
        try:
            # A proxy may send its answer byte by byte; the TLS handshake has a time limit of its own.
            with time_limit(2 * HANDSHAKE_S) as limit, limit.on_cancel(partial(_shut_down, connection)):
                connection.connect()
            der = connection.sock.getpeercert(binary_form=True)
        finally:
            connection.close()
        issuer = x509.load_der_x509_certificate(der or b"").issuer
    except (OSError, ValueError, http.client.HTTPException) as error:
        close_abandoned_sockets(error)
        return None
    return _issuer_name(_attribute(issuer, NameOID.ORGANIZATION_NAME), _attribute(issuer, NameOID.COMMON_NAME))


def _connection(url: str, host: str, context: ssl.SSLContext) -> http.client.HTTPSConnection:
    """A connection to the host, through the proxy that requests would use, if any."""
    proxy = urlsplit(proxy_with_login(url) or "")
    if not proxy.hostname:
        return http.client.HTTPSConnection(host, timeout=HANDSHAKE_S, context=context)
    connection = http.client.HTTPSConnection(proxy.hostname, proxy.port or 80, timeout=HANDSHAKE_S, context=context)
    login = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}" if proxy.username else None
    connection.set_tunnel(host, 443, urllib3.make_headers(proxy_basic_auth=login))
    return connection


def _shut_down(connection: http.client.HTTPSConnection) -> None:
    if connection.sock:
        with suppress(OSError):
            socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)


def _attribute(name: x509.Name, oid: x509.ObjectIdentifier) -> str | None:
    return next((str(part.value) for part in name.get_attributes_for_oid(oid)), None)


def _issuer_name(organisation: str | None, name: str | None) -> str | None:
    return ", ".join(part for part in (organisation, name) if part)[:200] or None


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


TOO_SLOW = ConnectionProblem(message="The vault did not respond in time.", cause="network_interrupted")
_PROBLEMS: tuple[tuple[type[Exception], ConnectionProblem], ...] = (
    # The first match applies: a timeout while connecting is a ConnectionError too.
    (exceptions.Timeout, TOO_SLOW),
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
