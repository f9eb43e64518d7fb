"""The product's addresses."""

from django.urls import path

from secrets_app import explain_views, views

urlpatterns = [
    path("", views.home, name="home"),
    path("api/reading", views.api_reading, name="api_reading"),
    path("environment/", views.environment, name="environment"),
    path("explain/", explain_views.explain, name="explain"),
    path("api/explain", explain_views.api_explain, name="api_explain"),
    path("causes/", explain_views.causes, name="causes"),
    path("causes/<slug:key>/", explain_views.cause, name="cause"),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
]
