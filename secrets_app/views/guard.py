"""The guard of every view of this app: access, CSRF, errors, redaction and headers, in any project.

It is applied by the app's own URLs (secrets_app/urls.py), not by middleware, so that a project cannot forget it and no
view of the project is affected.
"""

import logging
from collections.abc import Callable
from functools import cache, wraps
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.core.handlers.asgi import ASGIRequest
from django.core.signals import got_request_exception
from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware
from django.urls import Resolver404, resolve
from django.utils.decorators import decorator_from_middleware
from django.utils.http import escape_leading_slashes
from django.views.decorators.csrf import csrf_exempt

from secrets_app import conf
from secrets_app.access.client_address import note_forwarded
from secrets_app.access.policy import decide
from secrets_app.access.session import open_session, save_session
from secrets_app.access.viewer import set_viewer
from secrets_app.core.redaction import external_text
from secrets_app.core.security_headers import SECURITY_HEADERS
from secrets_app.output.gate import redact_response
from secrets_app.views import errors

log = logging.getLogger(__name__)

View = Callable[..., HttpResponseBase]


def guarded(view: View) -> View:
    """The view behind the guard. The project's CsrfViewMiddleware leaves it alone: the guard checks the token itself.

    Access is checked first, so that unauthorized visitors see no other error page.
    """
    with_csrf = decorator_from_middleware(_CsrfCheck)(view)

    @csrf_exempt
    @wraps(view)
    def respond(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        note_forwarded(request)
        open_session(request)
        response = errors.replaced(request, _answer(view, with_csrf, request, args, kwargs))
        save_session(request, response)
        if isinstance(request, ASGIRequest) and isinstance(response, StreamingHttpResponse):
            response = _whole(response)
        redact_response(request, response)
        add_headers(response)
        return response

    setattr(respond, "is_guarded", True)  # noqa: B010 - for a test that no URL is without the guard
    return respond


def _answer(
    view: View, with_csrf: View, request: HttpRequest, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> HttpResponseBase:
    """The response of the view or of the check that it did not pass; the only place that catches what views raise."""
    try:
        if is_cross_site(request):
            return plain_text(_CROSS_SITE_MESSAGE, 403)
        viewer = decide(request, conf.current())
        set_viewer(request, viewer)
        if not viewer.may_view and request.path != viewer.sign_in_url and not _admits(view, request):
            return errors.forbidden(request)
        request.get_host()  # raises DisallowedHost
        return with_csrf(request, *args, **kwargs)
    except Http404:
        return errors.not_found(request)
    except PermissionDenied:
        return errors.forbidden(request)
    except (BadRequest, SuspiciousOperation) as error:
        return errors.bad_request(request, error)
    except Exception as error:  # noqa: BLE001 - the project's own page or mail could show variables, with a token
        return _unexpected(request, error)


def _admits(view: View, request: HttpRequest) -> bool:
    """Whether the view has a rule of its own that admits the request, as /metrics has for a scraper."""
    admits: Callable[[HttpRequest], bool] | None = getattr(view, "admits", None)
    return admits is not None and admits(request)


def _unexpected(request: HttpRequest, error: Exception) -> HttpResponse:
    got_request_exception.send(sender=None, request=request)  # monitoring, and Django's test client
    # The traceback as redacted text: the project's log handlers need not redact.
    log.error("Internal Server Error: %s\n%s", request.path, external_text(errors.traceback_of(error), 32 * 1024))
    response = errors.server_error(request)
    response._has_been_logged = True  # type: ignore[attr-defined]  # noqa: SLF001 - as django.utils.log does
    return response


class _CsrfCheck(CsrfViewMiddleware):
    """Django's check with this app's own page for a failure."""

    def _reject(self, request: HttpRequest, reason: str) -> HttpResponse:
        return errors.csrf_failure(request, reason)


def _whole(response: StreamingHttpResponse) -> HttpResponse:
    """The response in one piece: under ASGI, Django collects what a synchronous view streams, with a warning."""
    content = b"".join(response.streaming_content)  # type: ignore[arg-type]
    whole = HttpResponse(content, status=response.status_code, headers=dict(response.headers.items()))
    whole.cookies = response.cookies
    return whole


_HAS_HEADERS = "secrets_app_has_headers"


def add_headers(response: HttpResponseBase) -> None:
    """Forbid inline code, third-party content, caching and indexing.

    Static files set their own Cache-Control; every other response may be specific to one user.
    """
    if getattr(response, _HAS_HEADERS, False):  # the stand-alone site's middleware comes after the guard
        return
    setattr(response, _HAS_HEADERS, True)
    for name, value in _headers(settings.STATIC_URL).items():
        response[name] = value
    response.setdefault("Cache-Control", "no-store")
    if isinstance(response, HttpResponse) and not response.has_header("Content-Length"):
        response["Content-Length"] = str(len(response.content))


@cache
def _headers(static_url: str) -> dict[str, str]:
    """The headers; where static files have a host of their own, it is allowed for styles, scripts and the icon."""
    address = urlsplit(static_url)
    if not address.netloc:
        return SECURITY_HEADERS
    source = f"'self' {address.scheme or 'https'}://{address.netloc}"
    policy = SECURITY_HEADERS["Content-Security-Policy"]
    for directive in ("style-src", "script-src", "img-src"):
        policy = policy.replace(f"{directive} 'self'", f"{directive} {source}")
    # That host need not send Cross-Origin-Resource-Policy.
    others = {name: value for name, value in SECURITY_HEADERS.items() if name != "Cross-Origin-Embedder-Policy"}
    return others | {"Content-Security-Policy": policy}


_CROSS_SITE_VALUES = frozenset({"cross-site", "same-site"})
"""`same-site` includes other ports of this machine, which belong to other programs."""
_CROSS_SITE_MESSAGE = "Cross-site request blocked. Open this URL directly in the browser.\n"


def is_cross_site(request: HttpRequest) -> bool:
    """Whether another site's page embeds or fetches this URL. Following a link does not count.

    That page cannot read the response, but each request may start az or request a token with the visitor's access.
    https://www.w3.org/TR/fetch-metadata/
    """
    sent = request.META  # `request.headers` would parse all headers, for each request
    is_navigation = sent.get("HTTP_SEC_FETCH_MODE") == "navigate" and sent.get("HTTP_SEC_FETCH_DEST") == "document"
    return sent.get("HTTP_SEC_FETCH_SITE") in _CROSS_SITE_VALUES and not is_navigation


def plain_text(message: str, status: int) -> HttpResponse:
    return HttpResponse(message, content_type="text/plain; charset=utf-8", status=status)


def other_url(request: HttpRequest) -> HttpResponse:
    """Every other URL below the app's: a redirect where only the final slash is missing, otherwise 404."""
    if settings.APPEND_SLASH and not request.path_info.endswith("/"):
        try:
            match = resolve(f"{request.path_info}/", getattr(request, "urlconf", None))
        except Resolver404:
            raise Http404 from None
        if match.url_name:
            return HttpResponsePermanentRedirect(escape_leading_slashes(request.get_full_path(force_append_slash=True)))
    raise Http404


setattr(other_url, "should_append_slash", False)  # noqa: B010 - for the project's CommonMiddleware, as Django's admin
