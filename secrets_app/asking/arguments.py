"""The command's arguments that say who to be, and the settings they stand for."""

from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.core.management.base import CommandError

from secrets_app.conf import Config
from secrets_app.setting_readers.connection_string import NAMES as CONNECTION_STRINGS
from secrets_app.setting_readers.sign_in import SETTINGS as OF_SIGN_IN
from secrets_app.setting_readers.ways import way_named
from secrets_app.sign_in import INTERACTIVE, Way

_PERSON_S = 300.0
"""Seconds somebody gets to sign in; azure-identity's own time for a browser."""
_CREDENTIAL = "KVSITE_CREDENTIAL"
_IDENTITIES = {
    "client_id": "KVSITE_MANAGED_IDENTITY_CLIENT_ID",
    "object_id": "KVSITE_MANAGED_IDENTITY_OBJECT_ID",
    "resource_id": "KVSITE_MANAGED_IDENTITY_RESOURCE_ID",
}


def add_sign_in_arguments(parser: ArgumentParser) -> None:
    """--credential, and the ids of a managed identity, of which one can be given."""
    parser.add_argument("--credential", metavar="NAME", help="who to be, in the words of KVSITE_CREDENTIAL")
    identity = parser.add_mutually_exclusive_group()
    for name in _IDENTITIES:
        dashed = name.replace("_", "-")
        said = f"the managed identity with this {name.replace('_', ' ')}, and nobody else"
        identity.add_argument(f"--{dashed}", metavar="ID", help=said)


def sign_in_overrides(options: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    """The settings that the arguments stand for, and what each is called in sentences. Raises CommandError."""
    argument, identity = next(((name, options[name]) for name in _IDENTITIES if options[name] is not None), ("", None))
    credential = options["credential"]
    if identity is not None:
        if credential is not None and way_named(credential) is not Way.MANAGED_IDENTITY:
            dashed = argument.replace("_", "-")
            raise CommandError(
                f"--{dashed} means the managed identity; --credential {credential} means somebody else. "
                "Leave one of them out.",
                returncode=2,
            )
        return _of_identity(argument, identity)
    return ({}, {}) if credential is None else _of_credential(credential)


def for_a_person(config: Config) -> Config:
    """The configuration of a command: somebody sits at the terminal, and may need minutes to sign in."""
    if config.sign_in is None:
        return config
    waits = not INTERACTIVE.isdisjoint(config.sign_in.ways)
    return replace(
        config,
        sign_in=replace(config.sign_in, person_is_there=True),
        deadline_s=_PERSON_S if waits else config.deadline_s,
    )


def _of_identity(argument: str, identity: str) -> tuple[dict[str, str], dict[str, str]]:
    setting, called = _IDENTITIES[argument], f"--{argument.replace('_', '-')}"
    nothing_else = dict.fromkeys((*OF_SIGN_IN, *CONNECTION_STRINGS), "")
    # An empty id must not mean another identity: it goes on as a text that is no id.
    chosen = {_CREDENTIAL: Way.MANAGED_IDENTITY.value, setting: identity.strip() or "''"}
    return nothing_else | chosen, {_CREDENTIAL: called, setting: called}


def _of_credential(credential: str) -> tuple[dict[str, str], dict[str, str]]:
    way = way_named(credential)
    overruled = dict.fromkeys(CONNECTION_STRINGS, "")
    if way is None or not way.is_chain:
        overruled |= {"KVSITE_EXCLUDE_CREDENTIALS": ""}
    return overruled | {_CREDENTIAL: credential.strip() or "''"}, {_CREDENTIAL: "--credential"}
