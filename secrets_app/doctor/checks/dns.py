"""Where the vault's name leads."""

import ipaddress
import socket
from urllib.parse import urlsplit

from secrets_app.doctor.check import Check, notice, ok, problem, unknown
from secrets_app.doctor.context import CheckContext
from secrets_app.doctor.proxies import proxy_of
from secrets_app.doctor.registry import check


@check("vault_name", "Where the vault's name leads", waits_for="the name server", limit_s=2.0)
def vault_name(scene: CheckContext) -> Check:
    url = scene.config.vault_url
    if url is None:
        return unknown("The settings name no vault.")
    host = urlsplit(url).hostname or ""
    try:
        found = {str(entry[4][0]).partition("%")[0] for entry in socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError):
        return _unresolved(url, host)
    return _resolved(url, host, sorted(found))


def _unresolved(url: str, host: str) -> Check:
    if proxy_of(url):
        return ok(f"This machine cannot resolve {host}, and need not: the proxy does it.", facts=[("Name", host)])
    return problem(f"{host} cannot be resolved: no address belongs to this name here.", cause="dns_failure")


def _resolved(url: str, host: str, addresses: list[str]) -> Check:
    facts = [("Name", host), ("Addresses", ", ".join(addresses))]
    kinds = {_kind(address) for address in addresses}
    if kinds == {"public"}:
        return ok("The vault's name leads to its public address.", facts=facts)
    if kinds == {"private"} and proxy_of(url):
        return notice(
            "The vault's name leads to a private address, yet the vault is asked through a proxy, which seldom reaches "
            "one.",
            f"Add {host} to NO_PROXY.",
            facts=facts,
        )
    if kinds == {"private"}:
        return ok("The vault's name leads to a private address: a private endpoint in a virtual network.", facts=facts)
    return notice(
        "The vault's name leads to an address that is neither Azure's public one nor a private endpoint's.",
        "Look into the hosts file and the name server of this machine.",
        facts=facts,
    )


def _kind(address: str) -> str:
    """`private` is what a virtual network uses: RFC 1918, RFC 4193, and 100.64.0.0/10 of RFC 6598."""
    ip = ipaddress.ip_address(address)
    if ip.is_loopback or ip.is_unspecified or ip.is_link_local:
        return "own"
    return "public" if ip.is_global else "private"
