"""The command line: list the scenarios, run a command in one, serve one, show one in front of a web site."""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from typing import NoReturn

from localazure.child import run_to_end
from localazure.demo.command import demo
from localazure.local_azure import LocalAzure
from localazure.scenarios import DEFAULT_SCENARIO, SCENARIOS, UnknownScenarioError, find_scenario
from localazure.shell import export_lines

MISUSE = 2
CANNOT_RUN = 126
NOT_FOUND = 127
INTERRUPTED = 130


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence and ends with 2."""

    def error(self, message: str) -> NoReturn:
        self.exit(MISUSE, f"localazure: {message}. Try: python -m localazure --help\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line. Returns its exit code; 2 for bad arguments."""
    ours, command = _split(sys.argv[1:] if arguments is None else arguments)
    options = _parser().parse_args(ours)
    options.command = command
    try:
        return _perform(options)
    except BrokenPipeError:  # `--list | head -1`: the reader has what it wanted
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return INTERRUPTED


def _split(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    if "--" not in arguments:
        return list(arguments), []
    at = arguments.index("--")
    return list(arguments[:at]), list(arguments[at + 1 :])


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m localazure", description="Azure on this machine: no account, no network.")
    parser.add_argument("--list", action="store_true", help="the scenarios, one a line")
    parser.set_defaults(name=None)
    commands = parser.add_subparsers(dest="name", metavar="COMMAND", parser_class=_Parser)
    scenario = _Parser(add_help=False)
    scenario.add_argument("--scenario", type=_scenario, default=DEFAULT_SCENARIO, help="default: %(default)s")
    run = "run -- COMMAND ... inside a scenario and exit with its code"
    commands.add_parser("run", parents=[scenario], help=run, description=run)
    serve = "serve a scenario and print the export lines for a shell"
    commands.add_parser("serve", parents=[scenario], help=serve, description=serve)
    show = "show a web site, started by -- COMMAND ..., inside a scenario; {port} in it is the site's port"
    shown = commands.add_parser("demo", parents=[scenario], help=show, description=show)
    shown.add_argument("--host", default="127.0.0.1", help="the demo's address, default: %(default)s")
    shown.add_argument("--port", type=_port, default=8000, help="the demo's port, default: %(default)s")
    return parser


def _scenario(name: str) -> str:
    try:
        return find_scenario(name).name
    except UnknownScenarioError as error:
        raise argparse.ArgumentTypeError(str(error).removesuffix(".")) from None


def _port(text: str) -> int:
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: a number from 1 to 65535 is")
    return int(text)


def _perform(options: argparse.Namespace) -> int:
    if options.list:
        return _list()
    if options.name == "serve":
        return _serve(options.scenario)
    if options.name is None:
        _parser().error("choose --list, run, serve or demo")
    if not options.command:
        _parser().error(f"say what to {options.name} after --")
    if options.name == "run":
        return _run(options.scenario, options.command)
    return demo(options.scenario, options.command, host=options.host, port=options.port)


def _list() -> int:
    width = max(map(len, SCENARIOS))
    for scenario in SCENARIOS.values():
        sys.stdout.write(f"{scenario.name:{width}}  {scenario.sentence}\n")
    sys.stdout.flush()
    return 0


def _run(scenario: str, command: list[str]) -> int:
    with LocalAzure(scenario) as azure:
        try:
            return run_to_end(command, azure.env)
        except OSError as error:
            sys.stderr.write(f"localazure: {command[0]} cannot be run: {error.strerror}\n")
            return NOT_FOUND if isinstance(error, FileNotFoundError) else CANNOT_RUN


def _serve(scenario: str) -> int:
    try:
        with LocalAzure(scenario) as azure:
            sys.stdout.write("\n".join(export_lines(azure.env, os.environ)) + "\n")
            sys.stdout.flush()
            sys.stderr.write(f"# {scenario} is served until Ctrl-C\n")
            while True:
                time.sleep(3600)
    except KeyboardInterrupt:
        return 0
