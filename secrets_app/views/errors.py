"""The error pages: a title, one sentence and a link to the home page."""

from django.core.exceptions import BadRequest, DisallowedHost, RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from secrets_app.views import explain


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400. The views' BadRequest has a message for users; Django's SuspiciousOperation has none."""
    sentence = str(exception) if isinstance(exception, BadRequest) else "The request is malformed."
    if isinstance(exception, RequestDataTooBig):
        return explain.too_long(request)
    if isinstance(exception, DisallowedHost):
        sentence = "This host name is not allowed. Set KVSITE_HOSTS to the host names of this site."
    if request.path.startswith("/api/"):
        return JsonResponse({"error": sentence}, status=400)
    return _error_page(request, 400, "Bad request", sentence)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - Django's signature
    """403 for a form without a valid CSRF token: from another site, or from a page that was open too long."""
    return _error_page(request, 403, "The form has expired", "Reload the page and submit the form again.")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    return _error_page(request, 404, "Page not found", "No page exists at this URL.")


def server_error(request: HttpRequest) -> HttpResponse:
    return _error_page(
        request,
        500,
        "Internal server error",
        "This site failed to create the page. The traceback is in the site's log.",
    )


def _error_page(request: HttpRequest, status: int, title: str, sentence: str) -> HttpResponse:
    return render(request, "error.html", {"title": title, "sentence": sentence}, status=status)
