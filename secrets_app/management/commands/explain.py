"""`manage.py explain`: prints the causes of an error text and their fixes; sends no request to Azure."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand, CommandError

from secrets_app.diagnosis.explain import ErrorReport, TooLongError, explanation_json, parse_error_report
from secrets_app.diagnosis.normalize import MAX_BYTES
from secrets_app.output.terminal import lines_of_explanation

COULD_NOT_RUN = 2


class Command(BaseCommand):
    help = "Explain an error and how to fix it. Sends nothing to Azure and stores nothing."
    requires_system_checks = ()

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
            self._explain(sys.stdin.buffer, options)
            return
        try:
            source = Path(options["file"]).open("rb")  # noqa: SIM115 - closed below
        except OSError as error:
            sentence = (
                f"{options['file']}: {error.strerror}. FILE must be a file; pass the text itself on standard input."
            )
            raise CommandError(sentence, returncode=COULD_NOT_RUN) from error
        with source:
            self._explain(source, options)

    def _explain(self, source: BinaryIO, options: dict[str, Any]) -> None:
        if options["jsonl"]:
            for line in source:
                if line.strip():
                    self._write(json.dumps(_explain_line(line)))
            return
        pasted = ErrorReport(message=source.read(MAX_BYTES + 1).decode("utf-8", errors="replace"))
        if not pasted.message.strip():
            raise CommandError("The input is empty. Pass an error text.", returncode=COULD_NOT_RUN)
        try:
            if options["json"]:
                self._write(json.dumps(explanation_json(pasted), indent=2))
            else:
                self._write("\n".join(lines_of_explanation(pasted.explanation())))
        except TooLongError as error:
            raise CommandError(str(error), returncode=COULD_NOT_RUN) from error

    def _write(self, text: str) -> None:
        # Characters that the terminal cannot encode become question marks instead of a UnicodeEncodeError.
        encoding = sys.stdout.encoding or "utf-8"
        self.stdout.write(text.encode(encoding, errors="replace").decode(encoding))


def _explain_line(line: bytes) -> dict[str, Any]:
    try:
        return explanation_json(parse_error_report(json.loads(line)))
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError):
        return {"error": "This line is not JSON."}
    except ValueError as error:
        return {"error": str(error)}
