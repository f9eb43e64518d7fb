"""`manage.py principal`: reads the secret and shows the principal used, the result and how to fix a failure."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from secrets_app import conf
from secrets_app.conf import Config
from secrets_app.conf.request import ReadRequest, secret_request, token_request, token_vault_request
from secrets_app.core.reading import Diagnosis, Reading, Stage
from secrets_app.core.reading_json import reading_json
from secrets_app.doctor import translation
from secrets_app.identities import CandidateResult, as_json, get_comparison, selection_of
from secrets_app.management.arguments import add_credential_arguments, credential_overrides, with_interactive_sign_in
from secrets_app.output.identities import line_of, lines_of_selection
from secrets_app.output.report import markdown
from secrets_app.output.terminal import lines_of, lines_of_translation
from secrets_app.service import diagnose, get_reading

READ, NOT_READ, COULD_NOT_RUN = 0, 1, 2


class Command(BaseCommand):
    help = (
        "Read the secret and show which principal was used. "
        "Exit code 0: read, 1: not read, 2: invalid settings or arguments."
    )
    # Invalid settings must not prevent this command from starting: it explains them.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        form = parser.add_mutually_exclusive_group()
        form.add_argument("--json", action="store_true", help="print the result as JSON, like /api/reading")
        form.add_argument("--report", action="store_true", help="print the result as Markdown for a support ticket")
        parser.add_argument(
            "--short-ids", action="store_true", help="with --report: print only the first 8 digits of each ID"
        )
        parser.add_argument("--all", action="store_true", help="try every credential that could work on this machine")
        add_credential_arguments(parser)
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--secret", metavar="NAME", help="read this secret instead of SECRET_NAME")
        what.add_argument("--scope", help="request a token for this resource or scope instead of a secret")

        what.add_argument(
            "--token-vault", action="store_true",
            help="read the configured token of the retired Token Vault instead of a secret; create it if missing",
        )  # fmt: skip

    def handle(self, *_args: Any, **options: Any) -> None:
        config = _config(options)
        if options["all"]:
            raise SystemExit(self._compare(_request(config, options), options))
        request = _request(with_interactive_sign_in(config), options)
        reading = get_reading(request)
        diagnosis = diagnose(reading, request)
        if options["json"]:
            self.stdout.write(json.dumps(reading_json(reading, diagnosis), indent=2))
        elif options["report"]:
            self.stdout.write(_report(reading, diagnosis, config, shorten_ids=options["short_ids"]))
        else:
            self.stdout.write(
                "\n".join([*lines_of(reading, diagnosis), *lines_of_translation(translation(config, reading.place))])
            )
        self.stdout.flush()
        raise SystemExit(_exit_code(reading))

    def _compare(self, request: ReadRequest, options: dict[str, Any]) -> int:
        """Prints each row as it finishes, or one JSON document; returns the exit code of the one the site would use."""
        if options["report"]:
            raise CommandError("--report cannot be combined with --all.", returncode=COULD_NOT_RUN)
        rows = (
            [row for row in get_comparison(request).follow() if row] if options["json"] else self._print_rows(request)
        )
        selection = selection_of(rows)
        self._write(
            json.dumps(as_json(rows, selection), indent=2)
            if options["json"]
            else "\n".join(lines_of_selection(selection))
        )
        if selection.ok:
            return READ
        return COULD_NOT_RUN if request.blocking_problems else NOT_READ

    def _print_rows(self, request: ReadRequest) -> list[CandidateResult]:
        """The rows, each printed as it finishes; credentials that were not tried come last."""
        self._write("Credentials, in the order in which they finish:")
        rows = []
        for row in get_comparison(request).follow():
            if row:
                rows.append(row)
            if row and row.reading:
                self._write(line_of(row))
        for row in rows:
            if row.reading is None:
                self._write(line_of(row))
        return rows

    def _write(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def _config(options: dict[str, Any]) -> Config:
    """The settings, overridden by the arguments and named after them in messages. Raises CommandError."""
    overrides, names = credential_overrides(options)
    if options["secret"] is not None:
        overrides, names = {**overrides, "SECRET_NAME": options["secret"]}, {**names, "SECRET_NAME": "--secret"}
    return conf.current(overrides, names)


def _request(config: Config, options: dict[str, Any]) -> ReadRequest:
    if options["token_vault"]:
        return token_vault_request(config, create=True)
    return (
        secret_request(config)
        if options["scope"] is None
        else token_request(config, options["scope"], called="--scope")
    )


def _report(reading: Reading, diagnosis: Diagnosis, config: Config, *, shorten_ids: bool) -> str:
    from secrets_app.doctor.service import run_doctor  # only reports need the checks; importing them takes 20 ms

    return markdown(reading, diagnosis, run_doctor(config), shorten_ids=shorten_ids)


def _exit_code(reading: Reading) -> int:
    if reading.ok:
        return READ
    return COULD_NOT_RUN if reading.failure and reading.failure.stage is Stage.CONFIGURATION else NOT_READ
