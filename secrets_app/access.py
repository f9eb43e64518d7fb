"""Who may look: closed unless it is opened, and `loopback` means this very machine and no proxy in between."""

from collections.abc import Callable
from ipaddress import ip_address

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port

from secrets_app import conf

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


def guard(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Django middleware: lets through whoever KVSITE_ACCESS lets in; others get the 403 page.

    It stands before whatever may fail, so that a stranger never sees an error page either.
    """

    def respond(request: HttpRequest) -> HttpResponse:
        if not may_look(request, conf.current().access):
            raise PermissionDenied
        return get_response(request)

    return respond


def may_look(request: HttpRequest, access: str) -> bool:
    """Whether `access` lets this request see the pages."""
    return access == "open" or _is_from_this_machine(request)


def _is_from_this_machine(request: HttpRequest) -> bool:
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
