"""The URLs of a project with the language in the path."""

from django.conf.urls.i18n import i18n_patterns
from django.urls import include, path

urlpatterns = i18n_patterns(path("who/", include("secrets_app.urls", namespace="who")))
