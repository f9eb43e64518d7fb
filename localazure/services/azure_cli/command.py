"""One command of az: its words, arguments and implementation."""

import argparse
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from localazure.services.azure_cli.context import Context
from localazure.services.azure_cli.output import FORMATS, QUERY_HELP, query
from localazure.services.azure_cli.result import CliError

REFERENCE = "\n\nhttps://aka.ms/cli_ref\nRead more about the command in reference docs"

Options = argparse.Namespace
Run = Callable[[Context, Options], Awaitable[Any]]


@dataclass(frozen=True)
class Output:
    """A result with a table of its own, or with a message on standard error."""

    value: Any
    table: Any = None
    stderr: str = ""


@dataclass(frozen=True)
class Command:
    words: str
    """The words of the command, separated by spaces."""
    run: Run
    """Returns the JSON to print, or an Output. Raises CliError."""
    arguments: tuple[tuple[str, ...], ...] = ()
    """The names of each option that has a value; a name that ends with ! is required."""
    flags: tuple[str, ...] = ()
    repeated: tuple[str, ...] = ()
    """Options with one or more values."""


class _Parser(argparse.ArgumentParser):
    """Reports errors as az does: one line after ERROR, exit code 2."""

    def error(self, message: str) -> NoReturn:
        raise CliError(message if QUERY_HELP in message else f"{message}{REFERENCE}", 2)


def parse(command: Command, arguments: list[str]) -> Options:
    """Return the parsed arguments. Raises CliError."""
    parser = _Parser(prog=f"az {command.words}", add_help=False, allow_abbrev=False)
    parser.add_argument("--output", "-o", choices=FORMATS, default="json")
    parser.add_argument("--query", type=query)
    if not any(name.startswith("--subscription") for names in command.arguments for name in names):
        parser.add_argument("--subscription", dest="global_subscription")
    for name in ("--only-show-errors", "--debug", "--verbose"):
        parser.add_argument(name, action="store_true")
    for names in command.arguments:
        options = [name.removesuffix("!") for name in names]
        required = names[0].endswith("!")
        parser.add_argument(*options, required=required, nargs="+" if options[0] in command.repeated else None)
    for name in command.flags:
        parser.add_argument(name, action="store_true")
    return parser.parse_args(arguments)
