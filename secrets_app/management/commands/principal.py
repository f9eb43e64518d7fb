"""`manage.py principal`: who am I here, was I let in, what do I do now."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from secrets_app import conf
from secrets_app.answer import answer
from secrets_app.doctor import examination
from secrets_app.reading import Reading, Stage
from secrets_app.report import markdown
from secrets_app.terminal import lines_of
from secrets_app.token_check import token_check

READ, NOT_READ, COULD_NOT_RUN = 0, 1, 2


class Command(BaseCommand):
    help = "Reads the secret once and says as whom. Exit code 0: read, 1: not read, 2: wrong settings or arguments."
    # Wrong settings are what this command is there to explain, so they must not keep it from starting.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        form = parser.add_mutually_exclusive_group()
        form.add_argument("--json", action="store_true", help="print the reading as JSON, as /api/reading does")
        form.add_argument("--report", action="store_true", help="print the reading as Markdown, to paste into a ticket")
        parser.add_argument(
            "--short-ids", action="store_true", help="with --report: only the first 8 digits of each id"
        )
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--secret", metavar="NAME", help="read this secret of the vault instead of SECRET_NAME")
        what.add_argument("--scope", help="read no secret: say whose token this resource or scope gets")

    def handle(self, *_args: Any, **options: Any) -> None:
        config = conf.current({"SECRET_NAME": options["secret"]}, _names(options))
        if options["scope"] is not None:
            config = token_check(config, options["scope"], called="--scope")
        reading = answer(config)
        if options["json"]:
            self.stdout.write(json.dumps(reading.as_json(), indent=2))
        elif options["report"]:
            self.stdout.write(markdown(reading, examination(config), shorten_ids=options["short_ids"]))
        else:
            self.stdout.write("\n".join(lines_of(reading)))
        self.stdout.flush()
        raise SystemExit(_exit_code(reading))


def _names(options: dict[str, Any]) -> dict[str, str]:
    """What a setting is called in sentences when an argument gave it."""
    return {"SECRET_NAME": "--secret"} if options["secret"] is not None else {}


def _exit_code(reading: Reading) -> int:
    if reading.ok:
        return READ
    return COULD_NOT_RUN if reading.failure and reading.failure.stage is Stage.CONFIGURATION else NOT_READ
