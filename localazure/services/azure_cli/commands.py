"""Finds and runs a command of az, with the output and exit codes of azure-cli 2.91."""

import re
import shlex
from dataclasses import asdict, replace

from localazure.services.azure_cli import account_commands, key_vault_commands, resource_commands
from localazure.services.azure_cli.account_commands import VERSION
from localazure.services.azure_cli.command import REFERENCE, Command, Options, Output, parse
from localazure.services.azure_cli.context import Context
from localazure.services.azure_cli.output import formatted
from localazure.services.azure_cli.result import CliError, CommandResult

COMMANDS = {
    tuple(command.words.split()): command
    for command in (*account_commands.COMMANDS, *key_vault_commands.COMMANDS, *resource_commands.COMMANDS)
}
_SUBSTITUTION = re.compile(r"\$\((az [^()]*)\)")


async def run(context: Context, arguments: list[str]) -> CommandResult:
    """Return the result of `az ARGUMENTS`."""
    if arguments == ["--version"]:
        return _version_text()
    command, rest = _find(arguments)
    if command is None:
        text = f"'{_unknown_word(arguments)}' is misspelled or not recognized by the system.{REFERENCE}"
        return CliError(text, 2).result
    try:
        options = parse(command, rest)
        output = await command.run(_in_subscription(context, options), options)
    except CliError as error:
        return error.result
    output = output if isinstance(output, Output) else Output(output)
    value = (
        output.table if options.output == "table" and output.table is not None and not options.query else output.value
    )
    stderr = "" if options.only_show_errors else output.stderr
    return CommandResult(stdout=formatted(value, options.output, options.query), stderr=stderr)


async def run_line(context: Context, line: str) -> CommandResult:
    """Return the result of a printed command line: `az ...`, in which `$(az ...)` stands for the output of a command.

    The line is parsed into arguments and never given to a shell. Raises ValueError when it is not such a command.
    """
    words = shlex.split(line)
    if words[:1] != ["az"]:
        raise ValueError(f"not an az command: {line}")
    arguments = []
    for word in words[1:]:
        nested = _SUBSTITUTION.fullmatch(word)
        if nested:
            result = await run_line(context, nested[1])
            if result.exit_code:
                return result
            word = result.stdout.rstrip("\n")
        arguments.append(word)
    return await run(context, arguments)


def _in_subscription(context: Context, options: Options) -> Context:
    """The context with the subscription of the global option `--subscription`. Raises CliError."""
    requested = getattr(options, "global_subscription", None)
    if requested is None:
        return context
    return replace(context, session=replace(context.session, subscription=context.subscription(requested)))


def _find(arguments: list[str]) -> tuple[Command | None, list[str]]:
    """Return the command and its arguments."""
    for length in range(min(len(arguments), 4), 0, -1):
        command = COMMANDS.get(tuple(arguments[:length]))
        if command is not None:
            return command, arguments[length:]
    return None, arguments


def _unknown_word(arguments: list[str]) -> str:
    """The first word that is not part of a command."""
    words = [word for word in arguments if not word.startswith("-")]
    for length in range(1, len(words) + 1):
        if not any(known[:length] == tuple(words[:length]) for known in COMMANDS):
            return words[length - 1]
    return words[-1] if words else ""


def _version_text() -> CommandResult:
    parts = (("azure-cli", VERSION), ("", ""), ("core", VERSION), ("telemetry", "1.1.0"))
    return CommandResult(
        stdout="".join(f"{name}{version:>{40 - len(name)}}".rstrip() + "\n" for name, version in parts)
    )


def as_json(result: CommandResult) -> dict[str, object]:
    """The result for the script of the scenario."""
    return asdict(result)
