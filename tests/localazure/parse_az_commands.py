"""Run by Azure CLI's own Python: parses az commands against its command table, without running them.

Reads a JSON list of argument lists (without `az`) from standard input and writes a JSON list with an error or null
for each.
"""

import json
import sys
from contextlib import redirect_stderr
from io import StringIO

from azure.cli.core import get_default_cli
from azure.cli.core.azclierror import AzCLIError
from knack.util import CLIError


def main() -> None:
    cli = get_default_cli()
    invocation = cli.invocation_cls(
        cli_ctx=cli, parser_cls=cli.parser_cls, commands_loader_cls=cli.commands_loader_cls, help_cls=cli.help_cls
    )
    cli.invocation = invocation
    loader = invocation.commands_loader
    table = loader.load_command_table(None)
    commands = json.load(sys.stdin)
    used = {found for words in commands if (found := _command_of(words, table))}
    # Of the modules that are used, and of these all arguments: `load_arguments` of one command after another
    # overwrites what it loaded before.
    loader.cmd_to_loader_map = {name: loader.cmd_to_loader_map[name] for name in used}
    loader.load_arguments()
    invocation.parser.load_command_table(loader)
    json.dump([_error(invocation.parser, words, table) for words in commands], sys.stdout)


def _command_of(words: list[str], table: dict[str, object]) -> str | None:
    """The longest command of the table that the words start with."""
    names = (" ".join(words[:end]) for end in range(len(words), 0, -1))
    return next((name for name in names if name in table), None)


def _error(parser: object, words: list[str], table: dict[str, object]) -> str | None:
    if _command_of(words, table) is None:
        return "not in the command table"
    output = StringIO()
    try:
        with redirect_stderr(output):
            parser.parse_args(words)
    except (AzCLIError, CLIError) as error:
        return str(error)
    except SystemExit:
        return output.getvalue() or "rejected"
    return None


main()
