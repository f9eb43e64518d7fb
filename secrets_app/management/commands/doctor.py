"""`manage.py doctor`: checks this machine's configuration."""

import json
from argparse import ArgumentParser
from typing import Any

from secrets_app import conf
from secrets_app.core.reading import SCHEMA_VERSION
from secrets_app.doctor.service import headline, is_healthy, run_doctor
from secrets_app.management.command import Command as BaseCommand
from secrets_app.output.console import Style, Styled
from secrets_app.output.terminal import lines_of_checks

HEALTHY, UNHEALTHY = 0, 1


class Command(BaseCommand):
    summary = "check this machine's configuration: variables, tools, DNS, clock, proxy, TLS"
    help = (
        "Check this machine's configuration (read-only), errors first. "
        "Exit code 0: no errors, 1: errors found or no result in time, 2: invalid arguments."
    )
    examples = (("", "one line for each check"), ("-v", "everything that each check found"))

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the findings as JSON")
        # Django's -v takes a number, which this accepts too.
        parser.add_argument(
            "-v", "--verbose", "--verbosity", dest="verbosity", nargs="?", const=2, default=1, type=int,
            help="print the facts and the advice of every check",
        )  # fmt: skip

    def handle(self, *_args: Any, **options: Any) -> None:
        checks = run_doctor(conf.current())
        healthy, verbose = is_healthy(checks), options["verbosity"] > 1
        if options["json"]:
            document = {
                "schema_version": SCHEMA_VERSION, "ok": healthy, "checks": [check.as_json() for check in checks],
            }  # fmt: skip
            self.print_text(json.dumps(document, indent=2))
        else:
            summary = Styled(headline(checks), Style.GOOD if healthy else Style.BAD)
            hint = () if verbose else ("", Styled("Facts and advice of every check: manage.py doctor -v", Style.QUIET))
            shown = lines_of_checks(checks, self.console, with_facts=verbose)
            self.print_lines([summary, *(() if verbose else ("",)), *shown, *hint])
        raise SystemExit(HEALTHY if healthy else UNHEALTHY)
