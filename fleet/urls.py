"""The URLs of the history and of the fleet, each view behind the guard of secrets_app."""

from django.urls import path

from fleet import views
from secrets_app.views.guard import guarded

app_name = "fleet"
urlpatterns = [
    path("history/", views.history, name="history"),
    path("api/history", views.api_history, name="api_history"),
]
for pattern in urlpatterns:
    pattern.callback = guarded(pattern.callback)
