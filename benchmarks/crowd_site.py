"""The site with an additional constant page as a baseline: a fixed string, served through the same middleware.

Settings and URLs in one module; everything else is imported from the site.
"""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from kvsite import urls
from kvsite.settings import *  # noqa: F403

ROOT_URLCONF = __name__
CONSTANT_PATH = "constant"
CONSTANT = "<!doctype html><title>Constant</title>" + "<p>A line of a page that never changes.</p>\n" * 235
"""About as long as the home page."""


def constant(_request: HttpRequest) -> HttpResponse:
    return HttpResponse(CONSTANT)


urlpatterns = [path(CONSTANT_PATH, constant), *urls.urlpatterns]
