"""`manage.py demo_history`: for `make demo`: targets with generated history."""

from datetime import UTC, datetime
from typing import Any

from django.core.management import call_command

from fleet.demo import DAYS, create_examples
from fleet.problems import HistoryUnavailableError, database
from secrets_app.management.command import Command as BaseCommand
from secrets_app.management.command import Error

_TARGETS = 200


class Command(BaseCommand):
    summary = "for the demo: example targets with generated history"
    help = f"Replace the example targets by {_TARGETS} new ones with {DAYS} days of generated history, marked as such."

    def handle(self, *_args: Any, **_options: Any) -> None:
        try:
            with database():
                call_command("migrate", verbosity=0, skip_checks=True)
                create_examples(_TARGETS, datetime.now(UTC))
        except HistoryUnavailableError as error:
            raise Error(str(error)) from error
