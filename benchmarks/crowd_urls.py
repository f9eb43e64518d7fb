"""The site's URLs and the constant page: a fixed string, behind the same middleware and guard."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from benchmarks.crowd_site import CONSTANT_PATH
from kvsite import urls
from secrets_app.views.guard import guarded

CONSTANT = "<!doctype html><title>Constant</title>" + "<p>A line of a page that never changes.</p>\n" * 235
"""About as long as the home page."""


def constant(_request: HttpRequest) -> HttpResponse:
    return HttpResponse(CONSTANT)


urlpatterns = [path(CONSTANT_PATH, guarded(constant)), *urls.urlpatterns]
