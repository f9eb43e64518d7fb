"""`manage.py fleet`: the targets of the fleet, and one pass over them."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from fleet.description import Description, InvalidTargetError, describe
from fleet.problems import HistoryUnavailableError, database
from fleet.storing import remove, store
from fleet.target_files import InvalidFileError, fields_of, read_targets
from secrets_app.core.formatting import plural
from secrets_app.management.command import Command as BaseCommand
from secrets_app.management.command import Error


class Command(BaseCommand):
    summary = "the targets of the fleet: add, import, discover, list, remove, run"
    help = "The secrets and the other sites that the page /fleet/ shows. docs/fleet.md has the keys of a target."
    examples = (
        ("add vault=contoso secret=demo label.team=payments", "one target"),
        ("import targets.toml", "all targets of a TOML or CSV file, or none"),
        ("run", "check every target once, now"),
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        commands = parser.add_subparsers(dest="action", required=True, metavar="COMMAND")
        add = commands.add_parser("add", help="add a target, or replace the one with the same name")
        add.add_argument("fields", nargs="+", metavar="KEY=VALUE", help="for example: vault=contoso secret=demo")
        imports = commands.add_parser("import", help="add or replace the targets of a TOML or CSV file")
        imports.add_argument("file", type=Path)
        imports.add_argument("--prune", action="store_true", help="remove the targets that are not in the file")
        removes = commands.add_parser("remove", help="remove targets and their history")
        removes.add_argument("names", nargs="+", metavar="NAME")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            with database():
                {"add": self._add, "import": self._import, "remove": self._remove}[options["action"]](options)
        except (HistoryUnavailableError, InvalidTargetError, InvalidFileError) as error:
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

    def _remove(self, options: dict[str, Any]) -> None:
        names = options["names"]
        removed = remove(names)
        if not removed:
            raise Error(f"There is no target {names[0]!r}." if len(names) == 1 else "There are no such targets.")
        self.print_text(f"{plural(removed, 'target')} removed.")
