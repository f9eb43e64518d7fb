"""The URLs of the site."""

from django.urls import include, path

urlpatterns = [path("", include("secrets_app.urls"))]

handler400 = "secrets_app.views.errors.bad_request"
handler403 = "secrets_app.views.errors.forbidden"
handler404 = "secrets_app.views.errors.not_found"
handler500 = "secrets_app.views.errors.server_error"
