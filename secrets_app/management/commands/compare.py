"""`manage.py compare`: what differs between two readings, for example of a laptop and of Azure."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from secrets_app.differences import MAX_BYTES, InvalidDocumentError, SavedReading, compare, parse_reading
from secrets_app.management.command import Command as BaseCommand
from secrets_app.management.command import Error
from secrets_app.output.terminal import lines_of_differences

SAME, DIFFERENT = 0, 1
_STDIN = "-"


class Command(BaseCommand):
    summary = 'compare two results of principal --json ("works on my laptop, not in Azure")'
    help = (
        "Compare two readings: what differs, the most likely cause of a failure first. Sends nothing to Azure. "
        "Exit code 0: no difference, 1: differences, 2: invalid input."
    )
    examples = (("laptop.json azure.json", "compare two saved readings"), ("laptop.json -", "one from standard input"))

    def add_arguments(self, parser: ArgumentParser) -> None:
        for name in ("a", "b"):
            parser.add_argument(
                name,
                metavar=name.upper(),
                help="file with the output of principal --json or of /api/reading; - reads standard input",
            )
        parser.add_argument("--json", action="store_true", help="print the differences as JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["a"] == options["b"] == _STDIN:
            raise Error("Only one of the readings can come from standard input.")
        a, b = map(_read, (options["a"], options["b"]))
        result = compare(a, b)
        if options["json"]:
            self.print_text(json.dumps(result.as_json(), indent=2))
        else:
            self.print_lines(lines_of_differences(result, a.name, b.name, self.console))
        raise SystemExit(DIFFERENT if result.differences else SAME)


def _read(path: str) -> SavedReading:
    """The reading in a file. Raises Error."""
    name = "Standard input" if path == _STDIN else Path(path).name
    try:
        if path == _STDIN:
            content = sys.stdin.buffer.read(MAX_BYTES + 1)
        else:
            with Path(path).open("rb") as source:
                content = source.read(MAX_BYTES + 1)
    except OSError as error:
        raise Error(f"{path}: {error.strerror}.") from error
    try:
        return parse_reading(content.decode("utf-8-sig", errors="replace"), name)
    except InvalidDocumentError as error:
        raise Error(str(error)) from error
