"""The command line: list the scenarios, run a command in one, serve one, show one in front of a web site."""

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence

from localazure.child import run_to_end
from localazure.demo.command import demo
from localazure.local_azure import LocalAzure
from localazure.options import MISUSE, opener, parser, split
from localazure.scenarios import SCENARIOS
from localazure.seed import SeedError
from localazure.shell import changed, export_lines

CANNOT_RUN = 126
NOT_FOUND = 127
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line. Returns its exit code; 2 for bad arguments."""
    ours, command = split(sys.argv[1:] if arguments is None else arguments)
    options = parser().parse_args(ours)
    options.command = command
    try:
        return _perform(options)
    except SeedError as error:
        sys.stderr.write(f"localazure: {error}\n")
        return MISUSE
    except BrokenPipeError:  # `--list | head -1`: the reader has what it wanted
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return INTERRUPTED


def _perform(options: argparse.Namespace) -> int:
    if options.list:
        return _list(as_json=options.json)
    if options.name is None:
        parser().error("choose --list, run, serve or demo")
    open_world = opener(options)
    if options.name == "serve":
        return _serve(open_world(options.scenario), as_json=options.json)
    if not options.command:
        parser().error(f"say what to {options.name} after --")
    if options.name == "run":
        return _run(open_world(options.scenario), options.command)
    return demo(open_world, options.scenario, options.command, host=options.host, port=options.port)


def _list(*, as_json: bool) -> int:
    if as_json:
        described = [
            {"name": entry.name, "sentence": entry.sentence, "cause": entry.cause, "host": entry.host}
            for entry in SCENARIOS.values()
        ]
        sys.stdout.write(json.dumps(described, indent=2) + "\n")
    else:
        width = max(map(len, SCENARIOS))
        sys.stdout.writelines(f"{entry.name:{width}}  {entry.sentence}\n" for entry in SCENARIOS.values())
    sys.stdout.flush()
    return 0


def _run(world: LocalAzure, command: list[str]) -> int:
    with world as azure:
        try:
            return run_to_end(command, azure.env)
        except OSError as error:
            sys.stderr.write(f"localazure: {command[0]} cannot be run: {error.strerror}\n")
            return NOT_FOUND if isinstance(error, FileNotFoundError) else CANNOT_RUN


def _serve(world: LocalAzure, *, as_json: bool) -> int:
    try:
        with world as azure:
            sys.stdout.write(_variables(azure, as_json=as_json))
            sys.stdout.flush()
            sys.stderr.write(f"# {azure.scenario.name} is served until Ctrl-C; {azure.status_url} shows it\n")
            while True:
                time.sleep(3600)
    except KeyboardInterrupt:
        return 0


def _variables(azure: LocalAzure, *, as_json: bool) -> str:
    if not as_json:
        return "\n".join(export_lines(azure.env, os.environ)) + "\n"
    described = {
        "scenario": azure.scenario.name,
        "status_url": azure.status_url,
        "set": changed(azure.env, os.environ),
        "unset": sorted(os.environ.keys() - azure.env.keys()),
    }
    return json.dumps(described) + "\n"
