"""The guard at the door."""

from collections.abc import Callable

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from secrets_app import conf
from secrets_app.access.other_sites import is_asked_by_another_site
from secrets_app.access.ways import decide

_ASKED_BY_ANOTHER = "A page of another site asked for this. Open it in a window of its own.\n"


def guard(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Django middleware: puts the Viewer on the request and lets through who may look; others get the 403 page.

    It stands before whatever may fail, so that a stranger never sees an error page either.
    """

    def respond(request: HttpRequest) -> HttpResponse:
        if is_asked_by_another_site(request):
            return HttpResponse(_ASKED_BY_ANOTHER, content_type="text/plain; charset=utf-8", status=403)
        viewer = decide(request, conf.current())
        request.viewer = viewer  # type: ignore[attr-defined]
        if not viewer.may_look and request.path_info != viewer.sign_in_at:
            raise PermissionDenied
        return get_response(request)

    return respond
