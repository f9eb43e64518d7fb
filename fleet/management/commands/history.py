"""`manage.py history`: when the secret could be read, and what changed."""

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from fleet.exports import observations_csv
from fleet.plots import summary
from fleet.problems import HistoryUnavailableError, database
from fleet.targets import find_target
from fleet.timeline import RANGES, TITLES, Timeline, timeline
from secrets_app.core.formatting import age, moment
from secrets_app.management.command import Command as BaseCommand
from secrets_app.management.command import Error


class Command(BaseCommand):
    summary = "when the secret could be read, and what changed"
    help = "Show the recorded history of this site's secret, or of another target. Exit code 2: no history."
    examples = (("", "the last 24 hours"), ("--range 90d --csv > history.csv", "all observations of 90 days"))

    def add_arguments(self, parser: ArgumentParser) -> None:
        form = parser.add_mutually_exclusive_group()
        form.add_argument("--json", action="store_true", help="print the history as JSON, like /api/history")
        form.add_argument("--csv", action="store_true", help="print the observations as CSV")
        parser.add_argument("--range", choices=list(RANGES), default="24h", help="how far back (24h)")
        parser.add_argument("--target", metavar="NAME", help="the name of a target of the fleet; default: this site")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            with database():
                target = find_target(options["target"])
                found = timeline(target, options["range"], datetime.now(UTC)) if target else None
        except HistoryUnavailableError as error:
            raise Error(str(error)) from error
        if found is None:
            name = options["target"]
            raise Error(f"There is no target {name!r}." if name else "No readings of this site are recorded yet.")
        if options["json"]:
            self.print_text(json.dumps(asdict(found), cls=DjangoJSONEncoder, indent=2))
        elif options["csv"]:
            self.print_text(observations_csv(found).rstrip("\n"))
        else:
            self.print_lines(list(_lines(found)))


def _lines(found: Timeline) -> Iterator[str]:
    state = {True: "readable", False: "not readable", None: "not read yet"}[found.ok]
    yield f"{found.target}: {state}{f' since {moment(found.since)} ({age(found.since)})' if found.since else ''}"
    yield f"Last {TITLES[found.range]}: {summary(found.segments)}"
    for change in reversed(found.changes):
        yield f"  {moment(change.at)}  {change.sentence}"
