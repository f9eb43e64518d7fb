"""`manage.py principal`: reads the secret and shows the principal used, the result and how to fix a failure."""

import json
import time
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from secrets_app import conf
from secrets_app.conf import Config
from secrets_app.conf.request import ReadRequest, secret_request, token_request, token_vault_request
from secrets_app.core.reading import Diagnosis, Reading, Stage
from secrets_app.core.reading_json import reading_json
from secrets_app.doctor import translation
from secrets_app.management.arguments import (
    add_credential_arguments,
    credential_overrides,
    is_interactive,
    secret_overrides,
    vault_overrides,
    with_interactive_sign_in,
)
from secrets_app.management.command import COULD_NOT_RUN, Error
from secrets_app.management.command import Command as BaseCommand
from secrets_app.management.waiting import shows_wait
from secrets_app.output.console import Line
from secrets_app.output.terminal import line_of_attempt, lines_of, lines_of_translation
from secrets_app.service import diagnose, get_reading, progress

if TYPE_CHECKING:
    from secrets_app.identities import CandidateResult, Comparison

READ, NOT_READ = 0, 1
_INTERVAL_S, _MAX_INTERVAL_S = 10, 3600


class Command(BaseCommand):
    summary = "read the secret; show the principal used, the result and the fix"
    help = (
        "Read the secret and show which principal was used. "
        "Exit code 0: read, 1: not read, 2: invalid settings or arguments."
    )
    examples = (
        ("", "read the secret that the settings name"),
        ("--secret db-password", "read another secret of the vault"),
        ("--vault contoso --secret demo", "read a secret without any setting"),
        ("--credential azure-cli", "use one credential instead of the chain"),
        ("--until-ok", "after a fix: read again until it works"),
        ("--all", "compare every credential of this machine"),
        ("--report > report.md", "write a report for a ticket"),
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        form = parser.add_mutually_exclusive_group()
        form.add_argument("--json", action="store_true", help="print the result as JSON, like /api/reading")
        form.add_argument("--report", action="store_true", help="print the result as Markdown for a support ticket")
        parser.add_argument(
            "--short-ids", action="store_true", help="with --report: print only the first 8 digits of each ID"
        )
        again = parser.add_mutually_exclusive_group()
        again.add_argument("--all", action="store_true", help="try every credential that could work on this machine")
        again.add_argument(
            "--watch", metavar="SECONDS", nargs="?", type=_interval, const=_INTERVAL_S,
            help=f"read again, with a new token, every SECONDS ({_INTERVAL_S}) until Ctrl-C",
        )  # fmt: skip
        again.add_argument(
            "--until-ok", metavar="SECONDS", nargs="?", type=_interval, const=_INTERVAL_S,
            help=f"read again every SECONDS ({_INTERVAL_S}) until the secret is read",
        )  # fmt: skip
        parser.add_argument(
            "--vault", metavar="VAULT", help="read from this vault instead of KEY_VAULT_URI; a name or a URL"
        )
        add_credential_arguments(parser)
        what = parser.add_mutually_exclusive_group()
        what.add_argument(
            "--secret", metavar="NAME", help="read this secret instead of SECRET_NAME; a name or a secret identifier"
        )
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
        if options["watch"] or options["until_ok"]:
            raise SystemExit(self._watch(request, options))
        reading = self._read(request)
        self._show(reading, diagnose(reading, request), request, options)
        raise SystemExit(_exit_code(reading))

    def _read(self, request: ReadRequest, *, refresh: bool = False) -> Reading:
        """The reading, with what it waits for on standard error."""
        with self._shows_wait(request):
            return get_reading(request, refresh=refresh)

    def _shows_wait(self, request: ReadRequest) -> AbstractContextManager[None]:
        if is_interactive(request.config):  # azure-identity prints what the user has to do
            return nullcontext()

        def waiting_for() -> tuple[str, float] | None:
            shown = progress(request)
            return (shown.waiting_for, shown.left_s) if shown else None

        return shows_wait(self.stderr, self.console_of(self.stderr), waiting_for)

    def _show(self, reading: Reading, diagnosis: Diagnosis, request: ReadRequest, options: dict[str, Any]) -> None:
        console, config = self.console, request.config
        if options["json"]:
            self.print_text(json.dumps(reading_json(reading, diagnosis), indent=2))
        elif options["report"]:
            self.print_text(_report(reading, diagnosis, config, shorten_ids=options["short_ids"]))
        else:
            translated = lines_of_translation(translation(config, reading.place), console)
            self.print_lines([*lines_of(reading, diagnosis, console), *translated])

    def _watch(self, request: ReadRequest, options: dict[str, Any]) -> int:
        """Reads until the secret is read or, with --watch, until Ctrl-C; returns the exit code.

        Prints the first result and every other cause or outcome in full, the readings in between in one line each.
        With --json, each reading is one line.
        """
        if options["report"]:
            raise Error("--report cannot be combined with --watch or --until-ok.")
        shown: object = None
        for reading in self._readings(request, interval_s=options["watch"] or options["until_ok"]):
            diagnosis = diagnose(reading, request)
            outcome = reading.ok, diagnosis.main_cause
            if options["json"]:
                self.print_text(json.dumps(reading_json(reading, diagnosis)))
            else:
                self.print_lines([line_of_attempt(reading, diagnosis)])
                if outcome != shown:
                    self._show(reading, diagnosis, request, options)
                    self.print_lines([""])
            shown, code = outcome, _exit_code(reading)
            # The settings of this process cannot change.
            if code == COULD_NOT_RUN or (reading.ok and options["until_ok"]):
                return code
        raise AssertionError("the readings do not end")

    def _readings(self, request: ReadRequest, *, interval_s: float) -> Iterator[Reading]:
        """A reading every `interval_s` seconds, each with a new token: a cached one does not show a changed role."""
        while True:
            start = time.monotonic()
            yield self._read(request, refresh=True)
            time.sleep(max(0.0, start + interval_s - time.monotonic()))

    def _compare(self, request: ReadRequest, options: dict[str, Any]) -> int:
        """Prints each row as it finishes, or one JSON document; returns the exit code of the one the site would use."""
        if options["report"]:
            raise Error("--report cannot be combined with --all.")
        # Imported here: only --all needs them, and they import the catalog of causes.
        from secrets_app.identities import as_json, get_comparison, selection_of
        from secrets_app.output.identities import lines_of_selection

        comparison = get_comparison(request)
        with shows_wait(self.stderr, self.console_of(self.stderr), comparison.waiting_for):
            rows = [row for row in comparison.follow() if row] if options["json"] else self._print_rows(comparison)
        selection = selection_of(rows)
        if options["json"]:
            self.print_text(json.dumps(as_json(rows, selection), indent=2))
        else:
            self.print_lines(lines_of_selection(selection))
        if selection.ok:
            return READ
        return COULD_NOT_RUN if request.blocking_problems else NOT_READ

    def _print_rows(self, comparison: "Comparison") -> list["CandidateResult"]:
        """The rows, each printed as it finishes; credentials that were not tried come last."""
        from secrets_app.output.identities import line_of

        lines: list[Line] = ["Credentials, in the order in which they finish:"]
        self.print_lines(lines)
        rows = []
        for row in comparison.follow():
            if row:
                rows.append(row)
            if row and row.reading:
                self.print_lines([line_of(row)])
        self.print_lines([line_of(row) for row in rows if row.reading is None])
        return rows


def _interval(text: str) -> float:
    """The seconds between two readings. Raises ArgumentTypeError."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 1 <= seconds <= _MAX_INTERVAL_S:
        raise ArgumentTypeError(f"{text!r} is not a number of seconds from 1 to {_MAX_INTERVAL_S}")
    return seconds


def _config(options: dict[str, Any]) -> Config:
    """The settings, overridden by the arguments and named after them in messages. Raises CommandError."""
    overrides, names = credential_overrides(options)
    if options["vault"] is not None:
        vault, vault_names = vault_overrides(options["vault"])
        overrides, names = {**overrides, **vault}, {**names, **vault_names}
    if options["secret"] is not None:
        secret, secret_names = secret_overrides(options["secret"], conf.current().allowed_vault_hosts)
        if options["vault"] is not None and len(secret) > 1:
            raise Error("--secret is a secret identifier, which names its vault. Remove --vault.")
        overrides, names = {**overrides, **secret}, {**names, **secret_names}
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
    # Imported here: only --report needs the checks and the catalog of causes.
    from secrets_app.doctor.service import run_doctor
    from secrets_app.output.report import markdown

    return markdown(reading, diagnosis, run_doctor(config), shorten_ids=shorten_ids)


def _exit_code(reading: Reading) -> int:
    if reading.ok:
        return READ
    return COULD_NOT_RUN if reading.failure and reading.failure.stage is Stage.CONFIGURATION else NOT_READ
