"""Whether a page of another site asks behind its visitor's back."""

from collections.abc import Callable

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from secrets_app import conf
from secrets_app.access.policy import decide

_CROSS_SITE = frozenset({"cross-site", "same-site"})
"""Another port of this machine is the same site, and still another program's."""


def is_cross_site(request: HttpRequest) -> bool:
    """Whether another site's page fetches this, as an image or a frame of its own; a link that is followed is not that.

    It could not read the answer, but each question may start az or ask for a token, with the visitor's right to.
    https://www.w3.org/TR/fetch-metadata/
    """
    opens_it = (
        request.headers.get("Sec-Fetch-Mode") == "navigate" and request.headers.get("Sec-Fetch-Dest") == "document"
    )
    return request.headers.get("Sec-Fetch-Site") in _CROSS_SITE and not opens_it


_CROSS_SITE_MESSAGE = "A page of another site asked for this. Open it in a window of its own.\n"


def require_access(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Django middleware: puts the Viewer on the request and lets through who may look; others get the 403 page.

    It stands before whatever may fail, so that a stranger never sees an error page either.
    """

    def respond(request: HttpRequest) -> HttpResponse:
        if is_cross_site(request):
            return HttpResponse(_CROSS_SITE_MESSAGE, content_type="text/plain; charset=utf-8", status=403)
        viewer = decide(request, conf.current())
        request.viewer = viewer  # type: ignore[attr-defined]
        if not viewer.may_view and request.path_info != viewer.sign_in_at:
            raise PermissionDenied
        return get_response(request)

    return respond
