"""The command line's options: what a person may ask for, and what is wrong with what was asked."""

import argparse
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from localazure.local_azure import LocalAzure
from localazure.scenario import Scenario
from localazure.scenarios import DEFAULT_SCENARIO, UnknownScenarioError, find_scenario
from localazure.seed import planted
from localazure.trouble import SERVICES, Trouble, UnknownTroubleError, combined, trouble_named

MISUSE = 2


LONGEST_S = 100_000_000
"""Three years: a date further off is past what calendars of programs can hold."""


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence and ends with 2."""

    def error(self, message: str) -> NoReturn:
        self.exit(MISUSE, f"localazure: {message}. Try: python -m localazure --help\n")


def parser() -> Parser:
    """The parser of everything before `--`."""
    made = Parser(prog="python -m localazure", description="Azure on this machine: no account, no network.")
    made.add_argument("--list", action="store_true", help="the scenarios, one a line")
    made.add_argument("--json", action="store_true", help="the list as JSON")
    made.set_defaults(name=None)
    commands = made.add_subparsers(dest="name", metavar="COMMAND", parser_class=Parser)
    world = _world_options()
    run = "run -- COMMAND ... inside a scenario and exit with its code"
    commands.add_parser("run", parents=[world], help=run, description=run)
    serve = "serve a scenario and print the export lines for a shell"
    served = commands.add_parser("serve", parents=[world], help=serve, description=serve)
    served.add_argument("--json", action="store_true", help="the variables as one line of JSON")
    show = "show a web site, started by -- COMMAND ..., inside a scenario; {port} in it is the site's port"
    shown = commands.add_parser("demo", parents=[world], help=show, description=show)
    shown.add_argument("--host", default="127.0.0.1", help="the demo's address, default: %(default)s")
    shown.add_argument(
        "--port", type=_port, default=8000, help="the demo's port, 0 for a free one, default: %(default)s"
    )
    return made


def opener(options: argparse.Namespace) -> Callable[[str], LocalAzure]:
    """What makes the world of a scenario's name, with everything else the options say. Raises SeedError."""
    troubles: dict[str, Trouble] = {}
    for service, trouble in options.trouble:
        troubles[service] = combined(troubles.get(service, Trouble()), trouble)

    def open_world(name: str) -> LocalAzure:
        return LocalAzure(
            _with_seed(find_scenario(name), options.seed),
            vault_latency_s=options.vault_latency,
            az_latency_s=options.az_latency,
            troubles=troubles,
            clock_ahead_s=options.clock_ahead,
            intercepted=options.intercepted,
        )

    _with_seed(find_scenario(options.scenario), options.seed)  # a mistake in the file is said before anything starts
    return open_world


def _world_options() -> Parser:
    world = Parser(add_help=False)
    world.add_argument("--scenario", type=_scenario, default=DEFAULT_SCENARIO, help="default: %(default)s")
    world.add_argument("--seed", type=Path, metavar="FILE", help="vaults, secrets, identities and grants, in TOML")
    late = {"type": _seconds, "default": 0.0, "metavar": "SECONDS"}
    world.add_argument("--vault-latency", help="how long the vault takes to answer", **late)  # type: ignore[arg-type]
    world.add_argument("--az-latency", help="how long az takes to answer", **late)  # type: ignore[arg-type]
    trouble = "what is wrong with a service, as imds=410, keyvault=silence, entra=2.5s; may be repeated"
    world.add_argument("--trouble", type=_trouble, action="append", default=[], metavar="SERVICE=KIND", help=trouble)
    clock = "how far Azure's clock is ahead of this machine's, behind when negative"
    world.add_argument("--clock-ahead", type=_clock, default=0, metavar="SECONDS", help=clock)
    unknown = "show a certificate of an authority nobody was told to trust"
    world.add_argument("--intercepted", action="store_true", help=unknown)
    return world


def _with_seed(scenario: Scenario, seed: Path | None) -> Scenario:
    return planted(scenario, seed) if seed else scenario


def _scenario(name: str) -> str:
    try:
        return find_scenario(name).name
    except UnknownScenarioError as error:
        raise argparse.ArgumentTypeError(str(error).removesuffix(".")) from None


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 <= int(text) < 65536:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: a number up to 65535 is")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = trouble_named(f"{text}s").latency_s
    except UnknownTroubleError:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds") from None
    if seconds > LONGEST_S:
        raise argparse.ArgumentTypeError(f"{text!r} is too long: {LONGEST_S} seconds at most")
    return seconds


def _clock(text: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,9}", text) or abs(int(text)) > LONGEST_S:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number of seconds up to {LONGEST_S}")
    return int(text)


def _trouble(text: str) -> tuple[str, Trouble]:
    service, _, name = text.partition("=")
    if service not in SERVICES:
        raise argparse.ArgumentTypeError(f"there is no service {service!r}. There are: {', '.join(SERVICES)}")
    try:
        return service, trouble_named(name)
    except UnknownTroubleError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def split(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Our own arguments, and the command behind `--`."""
    if "--" not in arguments:
        return list(arguments), []
    at = list(arguments).index("--")
    return list(arguments[:at]), list(arguments[at + 1 :])
