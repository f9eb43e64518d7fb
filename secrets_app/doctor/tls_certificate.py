"""The issuer of the TLS certificate presented by the vault, or by a TLS-inspecting proxy."""

import http.client
import ssl
from typing import Any
from urllib.parse import unquote, urlsplit

import requests
import urllib3
from cryptography import x509
from cryptography.x509.oid import NameOID

from secrets_app.azure_client.abandoned_sockets import close_abandoned_sockets
from secrets_app.doctor.proxies import proxy_with_login

HANDSHAKE_S = 0.8
# Certificate authorities of Azure's own hosts:
# https://learn.microsoft.com/azure/security/fundamentals/azure-certificate-authority-details
_AZURE_ISSUERS = ("microsoft", "digicert")


def is_azure_issuer(issuer: str | None) -> bool:
    """Whether `issuer`, by name, is one that Azure uses for its own hosts."""
    return any(name in (issuer or "").lower() for name in _AZURE_ISSUERS)


def peer_issuer(response: requests.Response) -> str | None:
    """The issuer of the verified certificate on this connection; None when not available."""
    socket = getattr(response.raw.connection, "sock", None)
    if not isinstance(socket, ssl.SSLSocket):
        return None
    issuer: Any = (socket.getpeercert() or {}).get("issuer", ())
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


def _attribute(name: x509.Name, oid: x509.ObjectIdentifier) -> str | None:
    return next((str(part.value) for part in name.get_attributes_for_oid(oid)), None)


def _issuer_name(organisation: str | None, name: str | None) -> str | None:
    return ", ".join(part for part in (organisation, name) if part)[:200] or None
