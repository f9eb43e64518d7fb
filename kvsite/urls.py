"""The URLs of the site."""

from django.apps import apps
from django.urls import include, path

urlpatterns = [path("", include("secrets_app.urls"))]  # takes every URL that is left
if apps.is_installed("fleet"):
    urlpatterns.insert(0, path("", include("fleet.urls")))

# For what fails before a view is called; the views' own guard handles the rest.
handler400 = "secrets_app.views.errors.bad_request"
handler404 = "secrets_app.views.errors.not_found"
handler500 = "secrets_app.views.errors.server_error"
