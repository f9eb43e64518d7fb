"""The commands: list the scenarios, run a command in one, serve one, or serve a website in one."""

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from localazure.cli.child_process import run_child
from localazure.cli.env_file import EnvFileError, written_env_file
from localazure.cli.options import USAGE_ERROR, create_parser, emulator_factory, split_arguments
from localazure.cli.shell_exports import changed_variables, export_lines
from localazure.emulator import LocalAzure
from localazure.scenarios import SCENARIOS
from localazure.scenarios.seed_position import SeedError
from localazure.server.background_server import ListenError

CANNOT_START = 1
CANNOT_RUN = 126
NOT_FOUND = 127
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; 2 for invalid arguments."""
    own_arguments, command = split_arguments(sys.argv[1:] if arguments is None else arguments)
    options = create_parser().parse_args(own_arguments)
    options.command = command
    try:
        return _execute(options)
    except SeedError as error:
        sys.stderr.write(f"localazure: {error}\n")
        return USAGE_ERROR
    except (EnvFileError, ListenError) as error:
        sys.stderr.write(f"localazure: {error}\n")
        return CANNOT_START
    except BrokenPipeError:  # for example `--list | head -1`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return INTERRUPTED


def _execute(options: argparse.Namespace) -> int:
    if options.list:
        return _list(as_json=options.json)
    if options.name is None:
        create_parser().error("choose --list, run, serve or demo")
    open_emulator = emulator_factory(options)
    if options.name == "serve":
        return _serve(open_emulator(options.scenario), as_json=options.json, env_file=options.env_file)
    if not options.command:
        create_parser().error(f"add the command to {options.name} after --")
    if options.name == "run":
        return _run(open_emulator(options.scenario), options.command, options.env_file)
    # Here, because its HTTP client would take a fifth of the start of every other command.
    from localazure.demo.command import SignInCode, demo

    code = SignInCode(options.code_variable, options.code_path) if options.code_variable else None
    return demo(
        open_emulator,
        options.scenario,
        options.command,
        host=options.host,
        port=options.port,
        code=code,
        suggestions=options.suggestions,
    )


def _list(*, as_json: bool) -> int:
    if as_json:
        scenarios = [
            {"name": entry.name, "sentence": entry.sentence, "cause": entry.cause, "host": entry.host}
            for entry in SCENARIOS.values()
        ]
        sys.stdout.write(json.dumps(scenarios, indent=2) + "\n")
    else:
        width = max(map(len, SCENARIOS))
        sys.stdout.writelines(f"{entry.name:{width}}  {entry.sentence}\n" for entry in SCENARIOS.values())
    sys.stdout.flush()
    return 0


def _run(emulator: LocalAzure, command: list[str], env_file: Path | None) -> int:
    with emulator as azure, written_env_file(env_file, azure.variables):
        try:
            return run_child(command, azure.env)
        except OSError as error:
            sys.stderr.write(f"localazure: {command[0]} cannot be started: {error.strerror}\n")
            return NOT_FOUND if isinstance(error, FileNotFoundError) else CANNOT_RUN


def _serve(emulator: LocalAzure, *, as_json: bool, env_file: Path | None) -> int:
    try:
        with emulator as azure, written_env_file(env_file, azure.variables):
            sys.stdout.write(_variables(azure, as_json=as_json))
            sys.stdout.flush()
            sys.stderr.write(
                f"# Serving {azure.scenario.name}. Status page: {azure.status_url} (press Ctrl+C to stop)\n"
            )
            while True:
                time.sleep(3600)
    except KeyboardInterrupt:
        return 0


def _variables(azure: LocalAzure, *, as_json: bool) -> str:
    if not as_json:
        return "\n".join(export_lines(azure.env, os.environ)) + "\n"
    variables = {
        "scenario": azure.scenario.name,
        "status_url": azure.status_url,
        "set": changed_variables(azure.env, os.environ),
        "unset": sorted(os.environ.keys() - azure.env.keys()),
    }
    return json.dumps(variables) + "\n"
