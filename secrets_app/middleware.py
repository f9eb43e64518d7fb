"""Django middleware: security headers, health probes and access control."""

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from secrets_app import conf
from secrets_app.access.policy import decide
from secrets_app.output.gate import redact_response
from secrets_app.views.health import healthz, readyz

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_UNUSED_FEATURES = (
    *("accelerometer", "autoplay", "bluetooth", "camera", "clipboard-read", "display-capture", "encrypted-media"),
    *("fullscreen", "geolocation", "gyroscope", "hid", "magnetometer", "microphone", "midi", "payment"),
    *("picture-in-picture", "publickey-credentials-get", "screen-wake-lock", "serial", "usb", "xr-spatial-tracking"),
)
"""Browser features the pages do not use. `clipboard-write` is not listed: the copy button needs it."""

SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in _UNUSED_FEATURES),
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # With no-referrer, browsers send `Origin: null` for the site's own forms, and the CSRF check fails.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}


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


PROBES: dict[str, Callable[[HttpRequest], HttpResponse]] = {"/healthz": healthz, "/readyz": readyz}


def answer_probes(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Third Django middleware: probes use the IP address instead of an allowed host name, and no TLS."""

    def respond(request: HttpRequest) -> HttpResponse:
        return PROBES.get(request.path, get_response)(request)

    return respond


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
            return HttpResponse(_CROSS_SITE_MESSAGE, content_type="text/plain; charset=utf-8", status=403)
        viewer = decide(request, conf.current())
        request.viewer = viewer  # type: ignore[attr-defined]
        if not viewer.may_view and request.path != viewer.sign_in_url:
            raise PermissionDenied
        return get_response(request)

    return respond
