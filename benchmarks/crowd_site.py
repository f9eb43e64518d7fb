"""The site with an additional constant page as a baseline: a fixed string, behind the same middleware and guard.

Settings and URLs in one module; everything else is imported from the site.
"""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from kvsite import urls
from kvsite.settings import *  # noqa: F403
from secrets_app.views.guard import guarded

ROOT_URLCONF = __name__
CONSTANT_PATH = "constant"
CONSTANT = "<!doctype html><title>Constant</title>" + "<p>A line of a page that never changes.</p>\n" * 235
"""About as long as the home page."""


def constant(_request: HttpRequest) -> HttpResponse:
    return HttpResponse(CONSTANT)


urlpatterns = [path(CONSTANT_PATH, guarded(constant)), *urls.urlpatterns]
