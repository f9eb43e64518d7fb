"""Access mode `loopback`: requests from this machine, not passed on by a proxy."""

from ipaddress import ip_address

from django.http import HttpRequest
from django.http.request import split_domain_port

from secrets_app.access.viewer import Viewer
from secrets_app.conf import Config
from secrets_app.conf.access import AccessMode

# Headers added by proxies: REMOTE_ADDR is then the proxy's address, not the visitor's.
_PROXY_HEADERS = frozenset(
    {
        "HTTP_FORWARDED",
        "HTTP_VIA",
        "HTTP_CLIENT_IP",
        "HTTP_TRUE_CLIENT_IP",
        "HTTP_X_CLIENT_IP",
        "HTTP_X_REAL_IP",
    }
)
_PROXY_HEADER_PREFIXES = (
    "HTTP_X_FORWARDED",
    "HTTP_X_ORIGINAL",
    "HTTP_X_REWRITE",
    "HTTP_X_ARR",
    "HTTP_X_AZURE",
    "HTTP_CF_",
)
# No current browser uses HTTP/1.0. nginx does so by default with proxy_pass, and adds none of these headers.
_PROXY_HTTP_VERSION = "HTTP/1.0"
_LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})


def viewer(request: HttpRequest, _config: Config) -> Viewer:
    """A user of this machine, who could run the command and read the secret anyway."""
    is_local = is_from_this_machine(request)
    return Viewer(
        access_mode=AccessMode.LOOPBACK,
        name="local user" if is_local else "remote visitor",
        may_view=is_local,
        may_see_values=is_local,
        denied_because="Only a browser on the server itself, without a proxy in between, has access.",
    )


def is_from_this_machine(request: HttpRequest) -> bool:
    """Whether the request comes from this machine, with a loopback host name and not through a proxy."""
    proxied = request.META.get("SERVER_PROTOCOL") == _PROXY_HTTP_VERSION or any(
        name in _PROXY_HEADERS or name.startswith(_PROXY_HEADER_PREFIXES) for name in request.META
    )
    # DNS rebinding: a page on another site may resolve its own host name to 127.0.0.1, so Host is checked too.
    host, _port = split_domain_port(request.META.get("HTTP_HOST", ""))
    return not proxied and _is_loopback(request.META.get("REMOTE_ADDR", "")) and host in _LOOPBACK_NAMES


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
