"""The visitor's IP address, through App Service's front end and proxies of one's own."""

from ipaddress import ip_address

from django.http import HttpRequest

from secrets_app.conf import Config
from secrets_app.conf.project import trusts_x_forwarded_for


def client_address(request: HttpRequest, config: Config) -> str:
    """The address of the visitor: REMOTE_ADDR, or behind trusted proxies the last untrusted one of X-Forwarded-For.

    Each proxy appends the address that it saw, App Service's front end as `203.0.113.9:50123`. Earlier entries are set
    by the client and must not be trusted. Not necessarily an IP address: a proxy may write `unknown`.
    https://learn.microsoft.com/aspnet/core/host-and-deploy/proxy-load-balancer
    """
    address = str(request.META.get("REMOTE_ADDR", ""))
    forwarded_for = request.META.get("HTTP_X_FORWARDED_FOR", "")
    entries = [_without_port(entry.strip()) for entry in forwarded_for.split(",")] if forwarded_for else []
    if trusts_x_forwarded_for() and entries and entries[-1]:
        address = entries.pop()
    while entries and is_trusted_proxy(address, config):
        address = entries.pop()
    return address


def is_trusted_proxy(address: str, config: Config) -> bool:
    """Whether KVSITE_TRUSTED_PROXIES contains the address."""
    if not config.trusted_proxies or not _is_address(address):
        return False
    parsed = ip_address(address)
    parsed = getattr(parsed, "ipv4_mapped", None) or parsed
    return any(parsed in network for network in config.trusted_proxies)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _without_port(address: str) -> str:
    if address.startswith("["):
        return address[1:].partition("]")[0]
    return address.partition(":")[0] if address.count(":") == 1 else address
