"""The product's addresses."""

from django.urls import path

from secrets_app import views

urlpatterns = [
    path("", views.home, name="home"),
    path("api/reading", views.api_reading, name="api_reading"),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
]
