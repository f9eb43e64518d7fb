"""The list of commands, the version, and completion in a shell: this project's commands first."""

import pkgutil
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.core.management import commands as django_commands
from django.core.management import load_command_class

from secrets_app.management.command import version

_ORDER = ("principal", "doctor", "explain", "compare", "check", "serve", "runserver")
_DJANGO = {"check": "report invalid settings; --deploy also those that matter in production"}
"""Commands of Django that an operator of this site needs."""


def show(program: str, arguments: list[str]) -> None:
    """Print the version or the list of commands to standard output."""
    sys.stdout.write(f"{version() if 'version' in ''.join(arguments) else _overview(Path(program).name)}\n")


def complete() -> None:
    """Answer the shell's request for completions; nothing without argcomplete, which is optional."""
    try:
        import argcomplete
    except ImportError:
        return
    argcomplete.autocomplete(_parser())


def _overview(program: str) -> str:
    rows = {name: command.summary for name, command in _own_commands()} | _DJANGO
    order = [*_ORDER, *sorted(set(rows) - set(_ORDER))]
    lines = [
        f"{version()}: reads an Azure Key Vault secret and shows which principal was used.",
        "",
        f"usage: {program} COMMAND [arguments]",
        "",
        *(f"  {name:<12} {rows[name]}" for name in order if name in rows),
        *([] if "history" in rows else ["With KVSITE_HISTORY=on also: fleet, history and watch."]),
        "",
        f"{program} COMMAND --help shows the arguments of a command.",
        f"{program} help --all lists Django's own commands as well.",
    ]
    return "\n".join(lines)


def _parser() -> ArgumentParser:
    """Every command with its arguments."""
    parser = ArgumentParser()
    subparsers = parser.add_subparsers()
    for name, command in _own_commands():
        command.add_arguments(subparsers.add_parser(name, help=command.summary, conflict_handler="resolve"))
    for name in _django_names():
        if name not in subparsers.choices:
            subparsers.add_parser(name)
    return parser


def _own_commands() -> Iterator[tuple[str, Any]]:
    own_apps = [app for app in settings.INSTALLED_APPS if not app.startswith("django.")]
    if any(find_spec(f"{app}.models") for app in own_apps):
        django.setup()  # their commands import models; without such an app, the list is there sooner
    for app in own_apps:
        spec = find_spec(app)
        for folder in (spec and spec.submodule_search_locations) or ():
            for module in pkgutil.iter_modules([str(Path(folder, "management", "commands"))]):
                yield module.name, load_command_class(app, module.name)


def _django_names() -> list[str]:
    return [module.name for module in pkgutil.iter_modules(django_commands.__path__)]
