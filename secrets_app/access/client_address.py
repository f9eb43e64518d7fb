"""The visitor's IP address, through App Service's front end and proxies of one's own, and what they forward."""

from dataclasses import dataclass
from ipaddress import ip_address

from django.http import HttpRequest

from secrets_app.conf import Config
from secrets_app.conf.project import trusts_x_forwarded_for
from secrets_app.core.runtime import shared


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


@dataclass(frozen=True, kw_only=True)
class ForwardedRequest:
    """What the headers of a request say about the proxies that it passed. Clients can send such headers too."""

    peer: str
    """The IP address that connected to this server; empty where it is not one."""
    scheme: str
    """As this site sees it: `http` or `https`."""
    forwarded_proto: str
    """X-Forwarded-Proto: `http`, `https`, `other`, or empty without the header."""
    addresses: int
    """Entries of X-Forwarded-For."""
    by_app_service: bool
    """With a header that App Service's front end adds."""
    by_front_door: bool
    """With a header that Azure Front Door adds."""


_FORWARDED = ("HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_ARR_LOG_ID")


class _LastForwarded:
    request: ForwardedRequest | None = None


def note_forwarded(request: HttpRequest) -> None:
    """Keep what the headers of a forwarded request say, for the doctor; others change nothing."""
    if any(name in request.META for name in _FORWARDED):
        shared(_LastForwarded).request = _forwarded(request)


def last_forwarded() -> ForwardedRequest | None:
    """The last forwarded request that this process received; None if there was none."""
    return shared(_LastForwarded).request


def _forwarded(request: HttpRequest) -> ForwardedRequest:
    meta = request.META
    peer, proto = str(meta.get("REMOTE_ADDR", "")), str(meta.get("HTTP_X_FORWARDED_PROTO", "")).strip().lower()
    return ForwardedRequest(
        peer=peer if _is_address(peer) else "",
        scheme="https" if request.is_secure() else "http",
        forwarded_proto=proto if proto in {"", "http", "https"} else "other",
        addresses=len([entry for entry in str(meta.get("HTTP_X_FORWARDED_FOR", "")).split(",") if entry.strip()]),
        by_app_service="HTTP_X_ARR_LOG_ID" in meta or "HTTP_X_ARR_SSL" in meta,
        by_front_door="HTTP_X_AZURE_FDID" in meta,
    )
