"""The command-line options and their validation."""

import argparse
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from localazure.emulator import LocalAzure
from localazure.scenarios import DEFAULT_SCENARIO, UnknownScenarioError, find_scenario
from localazure.scenarios.faults import SERVICES, FaultInjection, UnknownFaultError, combine, parse_fault
from localazure.scenarios.seed import apply_seed
from localazure.server.background_server import LOOPBACK

USAGE_ERROR = 2
MAX_SECONDS = 100_000_000
"""About three years: later dates are beyond the range of some date libraries."""


class Parser(argparse.ArgumentParser):
    """Reports errors in one line and exits with code 2."""

    def error(self, message: str) -> NoReturn:
        self.exit(USAGE_ERROR, f"localazure: {message}. See: python -m localazure --help\n")


def create_parser() -> Parser:
    """Return the parser of the arguments before `--`."""
    parser = Parser(
        prog="python -m localazure",
        description="Local emulator of managed identity, Microsoft Entra ID and Key Vault. No Azure account needed.",
    )
    parser.add_argument("--list", action="store_true", help="list the scenarios, one per line")
    parser.add_argument("--json", action="store_true", help="print the list as JSON")
    parser.set_defaults(name=None)
    commands = parser.add_subparsers(dest="name", metavar="COMMAND", parser_class=Parser)
    scenario_options, server_options = _scenario_options(), _server_options()
    run_help = "run the command after -- in a scenario and exit with its exit code"
    commands.add_parser("run", parents=[scenario_options, server_options], help=run_help, description=run_help)
    serve_help = "start a scenario and print the export commands for a shell"
    serve = commands.add_parser(
        "serve", parents=[scenario_options, server_options], help=serve_help, description=serve_help
    )
    serve.add_argument("--json", action="store_true", help="print the variables as one line of JSON")
    demo_help = "serve a website in a scenario; the command after -- starts it, {port} is replaced by its port"
    demo = commands.add_parser("demo", parents=[scenario_options], help=demo_help, description=demo_help)
    _add_demo_options(demo)
    return parser


def _add_demo_options(demo: argparse.ArgumentParser) -> None:
    demo.add_argument("--host", default="127.0.0.1", help="address of the demo (default: %(default)s)")
    demo.add_argument(
        "--port", type=_port, default=8000, help="port of the demo, 0 for a free port (default: %(default)s)"
    )
    demo.add_argument(
        "--code-variable", metavar="NAME", help="environment variable in which the site gets a random sign-in code"
    )
    demo.add_argument(
        "--code-path", default="/?code={code}", metavar="PATH", help="path to print, with {code} (default: %(default)s)"
    )
    demo.add_argument(
        "--suggestions",
        metavar="PATH",
        help="path of the site's hints as JSON; the toolbar then offers to run the az commands of the first hint",
    )


def emulator_factory(options: argparse.Namespace) -> Callable[[str], LocalAzure]:
    """Return a function that creates the emulator for a scenario name with these options. Raises SeedError."""
    faults: dict[str, FaultInjection] = {}
    for service, injection in options.fault:
        faults[service] = combine(faults.get(service, FaultInjection()), injection)

    is_demo = options.name == "demo"  # its host and port are the site's

    def open_emulator(name: str) -> LocalAzure:
        return LocalAzure(
            name,
            seed=options.seed,
            host=LOOPBACK if is_demo else options.host,
            port=0 if is_demo else options.port,
            vault_latency_s=options.vault_latency,
            az_latency_s=options.az_latency,
            faults=faults,
            clock_ahead_s=options.clock_ahead,
            intercepted=options.intercepted,
        )

    if options.seed:
        apply_seed(find_scenario(options.scenario), options.seed)  # reports an invalid file before anything starts
    return open_emulator


def _scenario_options() -> Parser:
    parser = Parser(add_help=False)
    parser.add_argument(
        "--scenario", type=_scenario, default=DEFAULT_SCENARIO, help="scenario name, see --list (default: %(default)s)"
    )
    parser.add_argument("--seed", type=Path, metavar="FILE", help="TOML file with vaults, secrets, identities, grants")
    latency = {"type": _seconds, "default": 0.0, "metavar": "SECONDS"}
    parser.add_argument("--vault-latency", help="delay of the vault's responses", **latency)  # type: ignore[arg-type]
    parser.add_argument("--az-latency", help="delay of the az command", **latency)  # type: ignore[arg-type]
    parser.add_argument(
        *("--fault", "--trouble"),
        type=_fault,
        action="append",
        default=[],
        metavar="SERVICE=FAULT",
        help="inject a fault, for example imds=410, keyvault=silence or entra=2.5s; can be repeated",
    )
    clock_help = "seconds that Azure's clock is ahead of this machine's clock; negative: behind"
    parser.add_argument("--clock-ahead", type=_clock, default=0, metavar="SECONDS", help=clock_help)
    intercepted_help = "use a TLS certificate from an untrusted certificate authority"
    parser.add_argument("--intercepted", action="store_true", help=intercepted_help)
    return parser


def _server_options() -> Parser:
    parser = Parser(add_help=False)
    parser.add_argument(
        "--host",
        default=LOOPBACK,
        metavar="HOST",
        help="IPv4 address or name of this machine to listen on, also for other containers (default: %(default)s)",
    )
    parser.add_argument("--port", type=_port, default=0, help="port to listen on, 0 for a free port (default: 0)")
    parser.add_argument(
        "--env-file",
        type=Path,
        metavar="FILE",
        help="write the variables to FILE, one NAME=VALUE per line, without PATH; it is removed at the end",
    )
    return parser


def _scenario(name: str) -> str:
    try:
        return find_scenario(name).name
    except UnknownScenarioError as error:
        raise argparse.ArgumentTypeError(str(error).removesuffix(".")) from None


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 <= int(text) < 65536:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port number (0 to 65535)")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = parse_fault(f"{text}s").latency_s
    except UnknownFaultError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds") from None
    if seconds > MAX_SECONDS:
        raise argparse.ArgumentTypeError(f"{text!r} is too large: the maximum is {MAX_SECONDS} seconds")
    return seconds


def _clock(text: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,9}", text) or abs(int(text)) > MAX_SECONDS:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of seconds up to {MAX_SECONDS}")
    return int(text)


def _fault(text: str) -> tuple[str, FaultInjection]:
    service, _, name = text.partition("=")
    if service not in SERVICES:
        raise argparse.ArgumentTypeError(f"unknown service {service!r}. Choose from: {', '.join(SERVICES)}")
    try:
        return service, parse_fault(name)
    except UnknownFaultError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def split_arguments(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the arguments before `--` and the command after it."""
    if "--" not in arguments:
        return list(arguments), []
    index = list(arguments).index("--")
    return list(arguments[:index]), list(arguments[index + 1 :])
