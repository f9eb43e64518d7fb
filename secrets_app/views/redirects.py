"""Redirects from the URLs of the .NET samples, with their query string."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.urls import reverse
from django.views.decorators.http import require_safe


def redirect_to(name: str) -> Callable[..., HttpResponse]:
    """A view that redirects permanently to the URL named `name`."""

    @require_safe
    def redirect(request: HttpRequest, old: str) -> HttpResponse:  # noqa: ARG001 - captured by the URL pattern
        query = request.META.get("QUERY_STRING", "")
        return HttpResponsePermanentRedirect(reverse(name) + (f"?{query}" if query else ""))

    return redirect
