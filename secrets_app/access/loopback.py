"""`loopback` means this very machine and no proxy in between."""

from ipaddress import ip_address

from django.http import HttpRequest
from django.http.request import split_domain_port

from secrets_app.access.viewer import Viewer
from secrets_app.conf import Config
from secrets_app.conf.access import AccessMode

# Any of these says that somebody passed the request on, so its sender is not who it seems.
_PASSED_ON = frozenset(
    {
        "HTTP_FORWARDED",
        "HTTP_VIA",
        "HTTP_CLIENT_IP",
        "HTTP_TRUE_CLIENT_IP",
        "HTTP_X_CLIENT_IP",
        "HTTP_X_REAL_IP",
    }
)
_PASSED_ON_PREFIXES = (
    "HTTP_X_FORWARDED",
    "HTTP_X_ORIGINAL",
    "HTTP_X_REWRITE",
    "HTTP_X_ARR",
    "HTTP_X_AZURE",
    "HTTP_CF_",
)
# No browser of today says 1.0. nginx does where its proxy_pass is not told otherwise, and adds none of those headers.
_PROXY_PROTOCOL = "HTTP/1.0"
_LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})


def viewer(request: HttpRequest, _config: Config) -> Viewer:
    """Whoever sits at this machine, who could run the command and read the secret themselves."""
    here = is_from_this_machine(request)
    return Viewer(
        how=AccessMode.LOOPBACK,
        name="somebody on this machine" if here else "somebody elsewhere",
        may_view=here,
        may_see_values=here,
        closed_because="It lets in only a browser on its own machine, with no proxy in between.",
    )


def is_from_this_machine(request: HttpRequest) -> bool:
    """Whether the request comes from here, by a name of this machine, and was passed on by nobody."""
    passed_on = request.META.get("SERVER_PROTOCOL") == _PROXY_PROTOCOL or any(
        name in _PASSED_ON or name.startswith(_PASSED_ON_PREFIXES) for name in request.META
    )
    # The Host too: a page elsewhere may have its own name point at 127.0.0.1 to read us in the visitor's browser.
    host, _port = split_domain_port(request.META.get("HTTP_HOST", ""))
    return not passed_on and _is_loopback(request.META.get("REMOTE_ADDR", "")) and host in _LOOPBACK_NAMES


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
