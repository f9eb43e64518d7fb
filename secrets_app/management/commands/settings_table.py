"""`manage.py settings_table`: the README's table of settings, made from the one in `conf`."""

from typing import Any

from django.core.management.base import BaseCommand

from secrets_app.conf import SETTINGS


def markdown() -> str:
    """The settings as a Markdown table."""
    rows = (f"| `{name}` | {default} | {meaning} |" for name, (default, meaning) in SETTINGS.items())
    return "\n".join(["| setting | default | meaning |", "|---|---|---|", *rows])


class Command(BaseCommand):
    help = "Prints the table of settings for the README."
    requires_system_checks = ()

    def handle(self, *_args: Any, **_options: Any) -> None:
        self.stdout.write(markdown())
