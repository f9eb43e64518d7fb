"""Access mode `loopback`: requests from this machine. Values need the code that the process printed at its start.

"This machine" includes every user and container that can connect to its loopback address, and a proxy that adds nothing
to the requests it passes on: nginx does not since 1.29.7, nor HAProxy without `option forwardfor`. Such a request
cannot be told from a local one, so it may open the pages. https://nginx.org/en/CHANGES
"""

from ipaddress import ip_address

from django.http import HttpRequest
from django.http.request import split_domain_port
from django.urls import reverse

from secrets_app.access import sign_in
from secrets_app.access.client_address import client_address, is_trusted_proxy
from secrets_app.access.session import has_cookie, session_of
from secrets_app.access.viewer import Viewer
from secrets_app.conf import Config
from secrets_app.conf.access import AccessMode
from secrets_app.conf.project import is_embedded, shown_name

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
# No current browser uses HTTP/1.0. nginx before 1.29.7 does so with proxy_pass, and adds none of these headers.
_PROXY_HTTP_VERSION = "HTTP/1.0"
_LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})


def code_source() -> str:
    """Where a user finds the code that allows values."""
    if is_embedded():
        return f"Enter the code that is set in {shown_name('KVSITE_SIGN_IN_CODE')}."
    return "Enter the code that this site printed when it started, or open the link with it."


def viewer(request: HttpRequest, config: Config) -> Viewer:
    """A visitor on this machine. Values: only with the code, which the output of the process contains."""
    is_local = is_from_this_machine(request, config)
    role = sign_in.role_in(session_of(request), config) if is_local and has_cookie(request) else None
    return Viewer(
        access_mode=AccessMode.LOOPBACK,
        name="local user" if is_local else "remote visitor",
        may_view=is_local,
        may_see_values=role is not None,
        denied_because="Only a browser on the server itself, without a proxy in between, has access.",
        values_denied_because=code_source(),
        may_sign_in_for_values=is_local and not role,
        sign_out_url=reverse("secrets_app:sign_out") if role else None,
    )


def is_from_this_machine(request: HttpRequest, config: Config) -> bool:
    """Whether the request comes from this machine, with a loopback host name; through a proxy only if it is trusted."""
    # DNS rebinding: a page on another site may resolve its own host name to 127.0.0.1, so Host is checked too.
    host, _port = split_domain_port(request.META.get("HTTP_HOST", ""))
    if host not in _LOOPBACK_NAMES:
        return False
    if is_trusted_proxy(request.META.get("REMOTE_ADDR", ""), config):
        # Without the header, the request may come from anywhere.
        return bool(request.META.get("HTTP_X_FORWARDED_FOR")) and _is_loopback(client_address(request, config))
    return not _is_proxied(request) and _is_loopback(request.META.get("REMOTE_ADDR", ""))


def _is_proxied(request: HttpRequest) -> bool:
    return request.META.get("SERVER_PROTOCOL") == _PROXY_HTTP_VERSION or any(
        name in _PROXY_HEADERS or name.startswith(_PROXY_HEADER_PREFIXES) for name in request.META
    )


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
