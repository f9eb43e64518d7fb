"""Command-line arguments that select the credential, and the settings they override."""

from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.core.management.base import CommandError

from secrets_app.conf import Config
from secrets_app.conf.connection_string import NAMES as CONNECTION_STRINGS
from secrets_app.conf.credential import SETTINGS as OF_SIGN_IN
from secrets_app.core.credential_options import INTERACTIVE, CredentialKind, parse_kind

_INTERACTIVE_DEADLINE_S = 300.0
"""Seconds allowed for interactive sign-in; azure-identity's timeout for a browser."""
_CREDENTIAL = "KVSITE_CREDENTIAL"
_IDENTITIES = {
    "client_id": "KVSITE_MANAGED_IDENTITY_CLIENT_ID",
    "object_id": "KVSITE_MANAGED_IDENTITY_OBJECT_ID",
    "resource_id": "KVSITE_MANAGED_IDENTITY_RESOURCE_ID",
}


def add_credential_arguments(parser: ArgumentParser) -> None:
    """Adds --credential and the IDs of a managed identity, of which one can be given."""
    parser.add_argument("--credential", metavar="NAME", help="credential to use (same values as KVSITE_CREDENTIAL)")
    identity = parser.add_mutually_exclusive_group()
    for name in _IDENTITIES:
        dashed = name.replace("_", "-")
        said = f"use only the managed identity with this {name.removesuffix('_id')} ID"
        identity.add_argument(f"--{dashed}", metavar="ID", help=said)


def credential_overrides(options: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    """The settings that the arguments override, and the name of each in messages. Raises CommandError."""
    argument, identity = next(((name, options[name]) for name in _IDENTITIES if options[name] is not None), ("", None))
    credential = options["credential"]
    if identity is not None:
        if credential is not None and parse_kind(credential) is not CredentialKind.MANAGED_IDENTITY:
            dashed = argument.replace("_", "-")
            raise CommandError(
                f"--{dashed} selects a managed identity, but --credential {credential} selects another credential. "
                "Remove one of them.",
                returncode=2,
            )
        return _identity_overrides(argument, identity)
    return ({}, {}) if credential is None else _kind_overrides(credential)


def with_interactive_sign_in(config: Config) -> Config:
    """The configuration of a command: interactive sign-in is possible, and may take minutes."""
    if config.credential is None:
        return config
    waits = not INTERACTIVE.isdisjoint(config.credential.kinds)
    return replace(
        config,
        credential=replace(config.credential, interactive=True),
        deadline_s=_INTERACTIVE_DEADLINE_S if waits else config.deadline_s,
    )


def _identity_overrides(argument: str, identity: str) -> tuple[dict[str, str], dict[str, str]]:
    setting, called = _IDENTITIES[argument], f"--{argument.replace('_', '-')}"
    nothing_else = dict.fromkeys((*OF_SIGN_IN, *CONNECTION_STRINGS), "")
    # An empty ID must not select another identity: it is replaced by text that is rejected as an ID.
    chosen = {_CREDENTIAL: CredentialKind.MANAGED_IDENTITY.value, setting: identity.strip() or "''"}
    return nothing_else | chosen, {_CREDENTIAL: called, setting: called}


def _kind_overrides(credential: str) -> tuple[dict[str, str], dict[str, str]]:
    kind = parse_kind(credential)
    overruled = dict.fromkeys(CONNECTION_STRINGS, "")
    if kind is None or not kind.is_chain:
        overruled |= {"KVSITE_EXCLUDE_CREDENTIALS": ""}
    return overruled | {_CREDENTIAL: credential.strip() or "''"}, {_CREDENTIAL: "--credential"}
