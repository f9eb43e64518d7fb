"""Django middleware: access control, and rejection of cross-site requests."""

from collections.abc import Callable

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from secrets_app import conf
from secrets_app.access.policy import decide

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
        if not viewer.may_view and request.path_info != viewer.sign_in_url:
            raise PermissionDenied
        return get_response(request)

    return respond
