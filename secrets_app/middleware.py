"""Django middleware: security headers, health probes and access control."""

from collections.abc import Callable
from http import HTTPStatus
from ipaddress import ip_address

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port, validate_host

from secrets_app import conf
from secrets_app.access.policy import decide
from secrets_app.core.security_headers import SECURITY_HEADERS
from secrets_app.output.gate import redact_response
from secrets_app.views.errors import api_error, method_not_allowed
from secrets_app.views.health import healthz, readyz


def redact_secrets(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Outermost Django middleware: no response contains a secret in use, whatever created it."""

    def respond(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        redact_response(request, response)
        return response

    return respond


def add_headers(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Second Django middleware: forbid inline code, third-party content, caching and indexing.

    A session cookie that is set over TLS is sent over TLS only.

    Probes, redirects and the 403 page are returned before Django's own middleware sets its headers.
    """

    def respond(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        session_cookie = response.cookies.get(settings.SESSION_COOKIE_NAME)
        if session_cookie is not None and request.is_secure():  # also without SESSION_COOKIE_SECURE
            session_cookie["secure"] = True
        for name, value in SECURITY_HEADERS.items():
            response[name] = value
        # Static files set their own; every other response may be specific to one user.
        response.setdefault("Cache-Control", "no-store")
        return response

    return respond


def answer_errors(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Django middleware: every error of the API is JSON with one sentence, also one that Django itself returns."""

    def respond(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.status_code < HTTPStatus.BAD_REQUEST:
            return response
        not_allowed = response.status_code == HTTPStatus.METHOD_NOT_ALLOWED and not response.content
        if request.path_info.startswith(_API) or (not_allowed and request.path_info in _PROBES):
            return api_error(request, response)
        if not_allowed:
            page = method_not_allowed(request, response.headers["Allow"])
            page.headers["Allow"] = response.headers["Allow"]
            return page
        return response

    return respond


_API = "/api/"
_PROBES = ("/healthz", "/readyz")


def answer_probes(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Third Django middleware: probes use the IP address instead of an allowed host name, and no TLS.

    `/readyz` reads the secret, so a page of another site must not be able to request it, by its own name either.
    """

    def respond(request: HttpRequest) -> HttpResponse:
        if request.path == "/healthz":
            return healthz(request)
        if request.path != "/readyz":
            return get_response(request)
        if is_from_other_page(request) or not has_allowed_host(request):
            return _plain_text(_NO_PROBE_MESSAGE, 403)
        return readyz(request)

    return respond


_NO_PROBE_MESSAGE = (
    "Request blocked: it is from a page of another site, or its host name is neither an IP address nor listed in "
    "KVSITE_HOSTS.\n"
)


def is_from_other_page(request: HttpRequest) -> bool:
    """Whether a browser sends the request for a page of another site. Probes send none of these headers."""
    own = f"{request.scheme}://{request.headers.get('Host', '')}"
    origin, referrer = request.headers.get("Origin", own), request.headers.get("Referer", f"{own}/")
    return is_cross_site(request) or origin != own or not referrer.startswith(f"{own}/")


def has_allowed_host(request: HttpRequest) -> bool:
    """Whether the host is an IP address, which no other site's name resolves to, or one of the site's names."""
    host, _port = split_domain_port(request.headers.get("Host", ""))
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return validate_host(host, settings.ALLOWED_HOSTS)
    return True


def _plain_text(message: str, status: int) -> HttpResponse:
    return HttpResponse(message, content_type="text/plain; charset=utf-8", status=status)


_CROSS_SITE_VALUES = frozenset({"cross-site", "same-site"})
"""`same-site` includes other ports of this machine, which belong to other programs."""


def is_cross_site(request: HttpRequest) -> bool:
    """Whether another site's page embeds or fetches this URL. Following a link does not count.

    That page cannot read the response, but each request may start az or request a token with the visitor's access.
    https://www.w3.org/TR/fetch-metadata/
    """
    is_navigation = (
        request.headers.get("Sec-Fetch-Mode") == "navigate" and request.headers.get("Sec-Fetch-Dest") == "document"
    )
    return request.headers.get("Sec-Fetch-Site") in _CROSS_SITE_VALUES and not is_navigation


_CROSS_SITE_MESSAGE = "Cross-site request blocked. Open this URL directly in the browser.\n"


def require_access(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Django middleware: sets `request.viewer`, and responds with 403 unless the viewer may see the pages.

    It precedes all code that may fail, so that unauthorized visitors never see an error page.
    """

    def respond(request: HttpRequest) -> HttpResponse:
        if is_cross_site(request):
            return _plain_text(_CROSS_SITE_MESSAGE, 403)
        viewer = decide(request, conf.current())
        request.viewer = viewer  # type: ignore[attr-defined]
        if not viewer.may_view and request.path != viewer.sign_in_url:
            raise PermissionDenied
        return get_response(request)

    return respond
