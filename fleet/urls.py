"""The URLs of the history and of the fleet."""

from django.urls import path

from fleet import views

app_name = "fleet"
urlpatterns = [
    path("history/", views.history, name="history"),
    path("api/history", views.api_history, name="api_history"),
]
