"""The URLs of the history and of the fleet, each view behind the guard of secrets_app."""

from django.urls import path

from fleet.views import fleet, history
from secrets_app.views.guard import guarded

app_name = "fleet"
urlpatterns = [
    path("history/", history.history, name="history"),
    path("api/history", history.api_history, name="api_history"),
    path("fleet/", fleet.fleet, name="fleet"),
    path("api/fleet", fleet.api_fleet, name="api_fleet"),
    path("api/fleet/schema", fleet.api_fleet_schema, name="api_fleet_schema"),
]
for pattern in urlpatterns:
    pattern.callback = guarded(pattern.callback)
