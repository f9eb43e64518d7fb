"""DNS resolution of the vault's host name."""

import ipaddress
import socket
from urllib.parse import urlsplit

from secrets_app.doctor.check import Check, notice, ok, problem, unknown
from secrets_app.doctor.context import CheckContext
from secrets_app.doctor.proxies import proxy_of
from secrets_app.doctor.registry import check


@check("vault_name", "DNS resolution", waits_for="the DNS server", timeout_s=2.0)
def vault_name(context: CheckContext) -> Check:
    """Resolves the vault's host name.

    A problem when it cannot be resolved, unless a proxy does it; a notice when an address is not public or private.
    """
    url = context.config.vault_url
    if url is None:
        return unknown("No vault is configured.")
    host = urlsplit(url).hostname or ""
    try:
        addresses = {
            str(entry[4][0]).partition("%")[0] for entry in socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)
        }
    except (OSError, UnicodeError):
        return _unresolved(url, host)
    return _resolved(url, host, sorted(addresses))


def _unresolved(url: str, host: str) -> Check:
    if proxy_of(url):
        return ok(f"This machine cannot resolve {host}, but the proxy resolves it.", facts=[("Host name", host)])
    return problem(f"The host name {host} cannot be resolved from this machine.", cause="dns_failure")


def _resolved(url: str, host: str, addresses: list[str]) -> Check:
    facts = [("Host name", host), ("IP addresses", ", ".join(addresses))]
    kinds = {_address_kind(address) for address in addresses}
    if kinds == {"public"}:
        return ok("The vault's host name resolves to a public address.", facts=facts)
    if kinds == {"private"} and proxy_of(url):
        return notice(
            "The vault's host name resolves to a private address, but requests to the vault go through a proxy, which "
            "usually cannot reach private addresses.",
            f"Add {host} to NO_PROXY.",
            facts=facts,
        )
    if kinds == {"private"}:
        return ok(
            "The vault's host name resolves to a private address: a private endpoint in a virtual network.", facts=facts
        )
    return notice(
        "The vault's host name resolves to an address that is neither public nor that of a private endpoint.",
        "Check the hosts file and the DNS server of this machine.",
        facts=facts,
    )


def _address_kind(address: str) -> str:
    """`private` covers the ranges of virtual networks: RFC 1918, RFC 4193, and 100.64.0.0/10 of RFC 6598."""
    ip = ipaddress.ip_address(address)
    if ip.is_loopback or ip.is_unspecified or ip.is_link_local:
        return "local"
    return "public" if ip.is_global else "private"
