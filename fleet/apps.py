"""The Django app configuration."""

import logging

from django.apps import AppConfig

from secrets_app.core.history import register_history


class FleetConfig(AppConfig):
    name = "fleet"
    verbose_name = "History, watching and fleets"

    def ready(self) -> None:
        from fleet.recorder import Recorder  # its models need the app registry

        register_history(Recorder())
        # The pool logs each attempt, with host and user. The history has one sentence for all of them.
        logging.getLogger("psycopg.pool").setLevel(logging.CRITICAL)
