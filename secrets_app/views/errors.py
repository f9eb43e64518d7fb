"""The pages for what cannot be shown: each one sentence and the way back."""

from django.core.exceptions import BadRequest, DisallowedHost, RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from secrets_app.views import explain


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Our own BadRequest has a sentence for people; Django's suspicions of the request have none."""
    sentence = str(exception) if isinstance(exception, BadRequest) else "The request itself is not right."
    if isinstance(exception, RequestDataTooBig):
        return explain.too_long(request)
    if isinstance(exception, DisallowedHost):
        sentence = "This site does not answer to that host name. Its names are set with KVSITE_HOSTS."
    if request.path.startswith("/api/"):
        return JsonResponse({"error": sentence}, status=400)
    return _error_page(request, 400, "That address cannot be read", sentence)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - Django's signature
    """A form without its token: from another site, or from a page left open too long."""
    return _error_page(request, 403, "This form is out of date", "Open the page again and send it once more.")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    return _error_page(request, 404, "There is no page at this address", "The home page has the answer.")


def server_error(request: HttpRequest) -> HttpResponse:
    return _error_page(
        request, 500, "This page broke", "That is our mistake. What happened is in the site's log, with its traceback."
    )


def _error_page(request: HttpRequest, status: int, title: str, sentence: str) -> HttpResponse:
    return render(request, "error.html", {"title": title, "sentence": sentence}, status=status)
