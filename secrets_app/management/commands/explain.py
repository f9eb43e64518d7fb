"""`manage.py explain`: prints the causes of an error text and their fixes; sends no request to Azure."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, BinaryIO

from secrets_app.diagnosis.explain import ErrorReport, TooLongError, explanation_json, parse_error_report
from secrets_app.diagnosis.normalize import MAX_BYTES
from secrets_app.management.command import Command as BaseCommand
from secrets_app.management.command import Error
from secrets_app.output.terminal import lines_of_explanation

_END = "Ctrl-Z and Enter" if sys.platform == "win32" else "Ctrl-D"


class Command(BaseCommand):
    summary = "explain an error message and how to fix it, without Azure"
    help = (
        "Explain an error and how to fix it. Sends nothing to Azure and stores nothing. "
        "Exit code 0: explained, 2: invalid input."
    )
    examples = (("error.log", "explain the error in a file"), ("", "paste the error into the terminal"))

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "file", nargs="?", default="-", metavar="FILE", help="file with the error text; - reads standard input"
        )
        form = parser.add_mutually_exclusive_group()
        form.add_argument("--json", action="store_true", help="print the explanation as JSON")
        form.add_argument(
            "--jsonl", action="store_true",
            help="read one JSON object per line (message, exception, http_status, error_code), print one per line",
        )  # fmt: skip

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["file"] == "-":
            self._prompt(jsonl=options["jsonl"])
            self._explain(sys.stdin.buffer, options)
            return
        try:
            source = Path(options["file"]).open("rb")  # noqa: SIM115 - closed below
        except OSError as error:
            sentence = (
                f"{options['file']}: {error.strerror}. FILE must be a file; pass the text itself on standard input."
            )
            raise Error(sentence) from error
        with source:
            self._explain(source, options)

    def _prompt(self, *, jsonl: bool) -> None:
        """Say what is expected, where a person types the input."""
        if sys.stdin.isatty():
            what = "Enter one JSON object per line" if jsonl else "Paste the error"
            self.stderr.write(f"{what}, then press {_END}.")
            self.stderr.flush()

    def _explain(self, source: BinaryIO, options: dict[str, Any]) -> None:
        if options["jsonl"]:
            for line in source:
                if line.strip():
                    self.print_text(json.dumps(_explain_line(line)))
            return
        pasted = ErrorReport(message=source.read(MAX_BYTES + 1).decode("utf-8", errors="replace"))
        if not pasted.message.strip():
            raise Error("The input is empty. Pass an error text.")
        try:
            if options["json"]:
                self.print_text(json.dumps(explanation_json(pasted), indent=2))
            else:
                self.print_lines(lines_of_explanation(pasted.explanation(), self.console))
        except TooLongError as error:
            raise Error(str(error)) from error


def _explain_line(line: bytes) -> dict[str, Any]:
    try:
        return explanation_json(parse_error_report(json.loads(line)))
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError):
        return {"error": "This line is not JSON."}
    except ValueError as error:
        return {"error": str(error)}
