"""`manage.py doctor`: checks this machine's configuration."""

import json
import textwrap
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand

from secrets_app import conf
from secrets_app.doctor import Check
from secrets_app.doctor.service import headline, is_healthy, run_doctor

SOUND, PROBLEM = 0, 1
_WIDTH = 100


class Command(BaseCommand):
    help = (
        "Check this machine's configuration (read-only). "
        "Exit code 0: no errors, 1: errors found or no result in time, 2: invalid arguments."
    )
    # Invalid settings must not prevent this command from starting: it reports them.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the findings as JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        checks = run_doctor(conf.current())
        if options["json"]:
            document = {"ok": is_healthy(checks), "checks": [check.as_json() for check in checks]}
            self.stdout.write(json.dumps(document, indent=2))
        else:
            self.stdout.write("\n".join([headline(checks), *(line for check in checks for line in _lines(check))]))
        self.stdout.flush()
        raise SystemExit(SOUND if is_healthy(checks) else PROBLEM)


def _lines(check: Check) -> Iterator[str]:
    yield ""
    yield f"{check.verdict.label.upper()}  {check.title}"
    for sentence in (check.finding, check.advice):
        yield from textwrap.wrap(sentence, _WIDTH, initial_indent="    ", subsequent_indent="    ")
    for command in check.commands:
        yield textwrap.indent(command, "      ")
    for name, value in check.facts:
        yield f"    {name}: {value}"
