"""The URLs of another Django project in which the app is installed."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path


def own_page(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("a page of the project")


urlpatterns = [path("principal/", include("secrets_app.urls")), path("", own_page), path("own/", own_page)]
