"""The addresses of the .NET samples lead on to ours, with their query kept."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.urls import reverse
from django.views.decorators.http import require_safe


def redirect_to(name: str) -> Callable[..., HttpResponse]:
    """A view that sends whoever comes on to the page called `name`."""

    @require_safe
    def lead_on(request: HttpRequest, old: str) -> HttpResponse:  # noqa: ARG001 - the address it came by
        query = request.META.get("QUERY_STRING", "")
        return HttpResponsePermanentRedirect(reverse(name) + (f"?{query}" if query else ""))

    return lead_on
