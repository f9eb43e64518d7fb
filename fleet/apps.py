"""The Django app configuration."""

from django.apps import AppConfig

from secrets_app.core.history import register_history


class FleetConfig(AppConfig):
    name = "fleet"
    verbose_name = "History, watching and fleets"

    def ready(self) -> None:
        from fleet.recorder import Recorder  # its models need the app registry

        register_history(Recorder())
