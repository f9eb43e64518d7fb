"""`manage.py watch`: checks this site's secret and the fleet, again and again, and reports changes."""

import logging
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management import call_command
from django.db import connection

from fleet.models import Target
from fleet.packages import missing_packages
from fleet.problems import HistoryUnavailableError, database
from fleet.recorder import own_target
from secrets_app import conf
from secrets_app.core.formatting import plural
from secrets_app.management.command import Command as BaseCommand
from secrets_app.management.command import Error

_MAX_THREADS = 128


class Command(BaseCommand):
    summary = "check this site's secret and the fleet again and again; report changes"
    help = (
        "Check this site's secret and every target of the fleet, each in its interval, until Ctrl+C. Changes are "
        "recorded, logged and sent to KVSITE_ALERT_URLS. Start it on several machines to share the work: docs/fleet.md."
    )
    examples = (("", "until Ctrl+C"), ("--threads 64", "more checks at the same time"))

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--threads", type=threads, default=16, metavar="N", help="checks at the same time, 1 to 128 (16)"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        if missing := missing_packages("watch", "celery", "apprise", "jsonschema"):
            raise Error(missing)
        try:
            with database():
                _prepare()
                count = Target.objects.filter(is_enabled=True, interval_s__isnull=False).count()
        except HistoryUnavailableError as error:
            raise Error(str(error)) from error
        if not count:
            raise Error("There is nothing to watch: set KEY_VAULT_URI and SECRET_NAME, or add targets: fleet import.")
        self.print_text(f"Watching {plural(count, 'target')}. Press Ctrl+C to stop.")
        logging.getLogger("fleet").setLevel(logging.INFO)
        from fleet.engine import run_worker  # Celery takes a third of a second to import

        raise SystemExit(run_worker(options["threads"]))


def _prepare() -> None:
    """Create the tables of a file of this machine, and the target of the site's own secret."""
    if connection.vendor == "sqlite":
        call_command("migrate", verbosity=0, skip_checks=True)
    config = conf.current()
    if config.vault_url and config.secret_name:
        target = own_target(config.vault_url, config.secret_name)
        Target.objects.filter(kind=Target.Kind.OWN).exclude(pk=target.pk).update(interval_s=None)
        Target.objects.filter(pk=target.pk).update(interval_s=config.watch_interval_s, next_due=None)


def threads(text: str) -> int:
    """The number of threads. Raises ArgumentTypeError."""
    if text.isascii() and text.isdigit() and 1 <= int(text[:4]) <= _MAX_THREADS:
        return int(text)
    raise ArgumentTypeError(f"{text!r} is not a whole number from 1 to {_MAX_THREADS}")
