"""`manage.py fleet`: the targets of the fleet, and one pass over them."""

import json
import os
from argparse import ArgumentParser, ArgumentTypeError
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection

from fleet.description import Description, InvalidTargetError, describe
from fleet.document import TargetRow
from fleet.filters import PARAMETERS, STATE_TITLES, Filters, InvalidFilterError, matching, parse_filters
from fleet.management.commands.watch import threads
from fleet.models import Target
from fleet.overview import target_row, worst_first
from fleet.packages import missing_packages
from fleet.problems import HistoryUnavailableError, database
from fleet.recording import record
from fleet.results import Outcome, summary
from fleet.storing import remove, store, without_known
from fleet.target_files import InvalidFileError, fields_of, read_targets
from secrets_app import conf
from secrets_app.core.formatting import elapsed, plural
from secrets_app.management.command import Command as BaseCommand
from secrets_app.management.command import Error

_MAX_DEADLINE_S = 86_400
_MAX_NAMED = 1000
"""Of the failures that `run` prints; more are on the page."""


class Command(BaseCommand):
    summary = "the targets of the fleet: add, import, discover, list, remove, run"
    help = "The secrets and the other sites that the page /fleet/ shows. docs/fleet.md has the keys of a target."
    examples = (
        ("add vault=contoso secret=demo label.team=payments", "one target"),
        ("import targets.toml", "all targets of a TOML or CSV file, or none"),
        ("list --state failing --label team=payments", "the targets that fail, of one team"),
        ("run --state failing", "check those that fail again, now"),
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        commands = parser.add_subparsers(dest="action", required=True, metavar="COMMAND")
        add = commands.add_parser("add", help="add a target, or replace the one with the same name")
        add.add_argument("fields", nargs="+", metavar="KEY=VALUE", help="for example: vault=contoso secret=demo")
        imports = commands.add_parser("import", help="add or replace the targets of a TOML or CSV file")
        imports.add_argument("file", type=Path)
        imports.add_argument("--prune", action="store_true", help="remove the targets that are not in the file")
        discover = commands.add_parser("discover", help="add the secrets of every vault that the identity may see")
        discover.add_argument("--subscription", action="append", default=[], metavar="ID", help="only in this one")
        discover.add_argument("--secret", metavar="NAME", help="this secret of every vault, without listing secrets")
        discover.add_argument(
            "--deadline", type=_seconds, default=300, metavar="SECONDS", help="list no vault after this time (300)"
        )
        discover.add_argument("--dry-run", action="store_true", help="only print what would be added")
        lists = commands.add_parser("list", help="the targets, the worst first")
        lists.add_argument("--json", action="store_true", help="as JSON")
        _add_filters(lists)
        runs = commands.add_parser("run", help="check targets once, now; exit code 1 if one is not readable")
        runs.add_argument("names", nargs="*", metavar="NAME", help="default: all that match the filters")
        _add_filters(runs)
        runs.add_argument("--threads", type=threads, default=16, metavar="N", help="checks at the same time (16)")
        removes = commands.add_parser("remove", help="remove targets and their history")
        removes.add_argument("names", nargs="+", metavar="NAME")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            with database():
                getattr(self, f"_{options['action']}")(options)
        except (HistoryUnavailableError, InvalidTargetError, InvalidFileError, InvalidFilterError) as error:
            raise Error(str(error)) from error

    def _add(self, options: dict[str, Any]) -> None:
        pairs = [text.partition("=") for text in options["fields"]]
        for key, separator, _ in pairs:
            if not separator:
                raise Error(f"{key[:40]!r} is not of the form KEY=VALUE.")
        self._store([describe(fields_of((key, text) for key, _, text in pairs))])

    def _import(self, options: dict[str, Any]) -> None:
        self._store(read_targets(options["file"]), prune=options["prune"])

    def _store(self, descriptions: list[Description], *, prune: bool = False) -> None:
        added, changed, removed = store(descriptions, remove_others=prune)
        more = f", {removed} removed" if removed else ""
        self.print_text(f"{plural(added, 'target')} added, {changed} replaced{more}.")

    def _discover(self, options: dict[str, Any]) -> None:
        if missing := missing_packages("discover", "azure.mgmt.resourcegraph"):
            raise Error(missing)
        from fleet.discovery import DiscoveryError, discover  # the SDK takes a second to import

        try:
            found = discover(conf.current(), options["subscription"], options["secret"], options["deadline"])
        except DiscoveryError as error:
            raise Error(str(error)) from error
        for vault, reason in found.refused:
            self.print_text(f"{vault}: its secrets cannot be listed: {reason}")
        new = without_known(found.targets)
        self.print_text(
            f"{plural(found.vaults, 'vault')}, {plural(len(found.targets), 'secret')}, {len(new)} of them new."
        )
        if new and options["dry_run"]:
            self.print_lines([each.name for each in new])
        elif new:
            self._store(new)

    def _list(self, options: dict[str, Any]) -> None:
        filters = _filters(options)
        rows = list(map(target_row, worst_first(matching(filters))))
        if options["json"]:
            self.print_text(json.dumps([asdict(row) for row in rows], cls=DjangoJSONEncoder, indent=2))
        elif rows or filters:
            self.print_lines([*_lines(rows), summary(Counter(row.state for row in rows))])
        else:
            self.print_text("There are no targets. Add some: fleet add, import or discover.")

    def _run(self, options: dict[str, Any]) -> None:
        if missing := missing_packages("run", "jsonschema"):
            raise Error(missing)
        from fleet.checking import check

        targets = list(_selected(options["names"], _filters(options)))
        if not targets:
            self.print_text("There are no targets to check; examples are never checked.")
            return

        def run(target: Target) -> bool:
            try:
                with database():
                    connection.close()  # not held while Azure responds
                    now = check(target, os.environ)
                    record(target.pk, now)
                    return now.ok
            finally:
                connection.close()

        with ThreadPoolExecutor(options["threads"]) as pool:
            readable = sum(pool.map(run, targets))
        numbers = [target.pk for target in targets]
        failing = worst_first(Target.objects.filter(pk__in=numbers, ok=False)) if len(numbers) <= _MAX_NAMED else []
        result = f"{readable} of {plural(len(targets), 'target')} readable."
        self.print_lines([*_lines(map(target_row, failing)), result])
        if readable < len(targets):
            raise SystemExit(1)

    def _remove(self, options: dict[str, Any]) -> None:
        names = options["names"]
        removed = remove(names)
        if not removed:
            raise Error(f"There is no target {names[0]!r}." if len(names) == 1 else "There are no such targets.")
        self.print_text(f"{plural(removed, 'target')} removed.")


def _seconds(text: str) -> int:
    """Raises ArgumentTypeError."""
    if text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= _MAX_DEADLINE_S:
        return int(text)
    raise ArgumentTypeError(f"{text!r} is not a whole number from 1 to {_MAX_DEADLINE_S}")


def _add_filters(parser: ArgumentParser) -> None:
    """The filters of the page, with the same names."""
    group = parser.add_argument_group("filters, as in the address of /fleet/")
    for name, meaning in PARAMETERS.items():
        action = "append" if name == "label" else "store"
        group.add_argument(f"--{name}", action=action, metavar=name.upper(), help=meaning.replace("`", ""))


def _filters(options: dict[str, Any]) -> Filters:
    """Raises InvalidFilterError."""
    given = {name: options.get(name) or "" for name in PARAMETERS}
    return parse_filters({**given, "label": ",".join(given["label"])})


def _selected(names: list[str], filters: Filters) -> Iterable[Target]:
    """The targets with these names, or all that are enabled and match, but no examples. Raises Error."""
    if not names:
        return matching(filters).filter(is_enabled=True, made_up=False).order_by("pk")
    if filters:
        raise Error("run takes either names or filters.")
    found = {target.name: target for target in Target.objects.filter(name__in=names)}
    for name in names:
        if name not in found:
            raise Error(f"There is no target {name!r}.")
    return found.values()


def _lines(rows: Iterable[TargetRow]) -> Iterator[str]:
    """`payroll: Refused for 2 hours: 403 ForbiddenByRbac (kv_rbac_denied), as payroll-app`, one for each target."""
    for row in rows:
        outcome = Outcome.of(row.state, row.code, row.cause)
        lasts = f" for {elapsed(row.since)}" if row.since else ""
        cause = f" ({row.cause})" if row.cause and row.cause != row.code else ""
        error = f": {row.code or row.cause}{cause if row.code else ''}" if row.code or row.cause else ""
        principal = f", as {row.principal}" if row.principal else ""
        yield f"{row.name}: {STATE_TITLES[row.state]}{lasts}{error}{principal}"
        if outcome.explanation:
            yield f"  {outcome.explanation}"
