"""Command-line arguments that select the credential, and the settings they override."""

from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from secrets_app.conf import Config
from secrets_app.conf.connection_string import NAMES as CONNECTION_STRINGS
from secrets_app.conf.credential import SETTINGS as CREDENTIAL_SETTINGS
from secrets_app.conf.managed_identity import SETTING_OF_KIND
from secrets_app.conf.overrides import identifier_settings, looks_like_identifier
from secrets_app.conf.vault import VAULT_ADDRESS_SETTINGS, VAULT_NAME, VAULT_URI
from secrets_app.core.credential_options import INTERACTIVE, CredentialKind, parse_kind
from secrets_app.core.hosts import AddressError, secret_id
from secrets_app.management.command import Error

_INTERACTIVE_DEADLINE_S = 300.0
"""Seconds allowed for interactive sign-in; azure-identity's timeout for a browser."""
_CREDENTIAL = "KVSITE_CREDENTIAL"
_IDENTITIES = {kind.value: SETTING_OF_KIND[kind].name for kind in sorted(SETTING_OF_KIND)}
"""Argument -> setting, in the order of --help."""


def add_credential_arguments(parser: ArgumentParser) -> None:
    """Adds --credential and the IDs of a managed identity, of which at most one can be used."""
    credential = parser.add_argument(
        "--credential", metavar="NAME", help="credential to use (same values as KVSITE_CREDENTIAL)"
    )
    # Not `choices`: KVSITE_CREDENTIAL also takes other names, and has a message of its own for an unknown one.
    credential.completer = lambda **_: list(CredentialKind)  # type: ignore[attr-defined]  # for argcomplete
    identity = parser.add_mutually_exclusive_group()
    for name in _IDENTITIES:
        dashed = name.replace("_", "-")
        help_text = f"use only the managed identity with this {name.removesuffix('_id')} ID"
        identity.add_argument(f"--{dashed}", metavar="ID", help=help_text)


def credential_overrides(options: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    """The settings that the arguments override, and the name of each in messages. Raises Error."""
    argument, identity = next(((name, options[name]) for name in _IDENTITIES if options[name] is not None), ("", None))
    credential = options["credential"]
    if identity is not None:
        if credential is not None and parse_kind(credential) is not CredentialKind.MANAGED_IDENTITY:
            dashed = argument.replace("_", "-")
            raise Error(
                f"--{dashed} selects a managed identity, but --credential {credential} selects another credential. "
                "Remove one of them."
            )
        return _identity_overrides(argument, identity)
    return ({}, {}) if credential is None else _kind_overrides(credential)


def with_interactive_sign_in(config: Config) -> Config:
    """The configuration of a command: interactive sign-in is possible, and may take minutes."""
    if config.credential is None:
        return config
    return replace(
        config,
        credential=replace(config.credential, interactive=True),
        deadline_s=_INTERACTIVE_DEADLINE_S if is_interactive(config) else config.deadline_s,
    )


def is_interactive(config: Config) -> bool:
    """Whether a user may have to sign in during the reading."""
    return config.credential is not None and not INTERACTIVE.isdisjoint(config.credential.kinds)


def secret_overrides(text: str, allowed_hosts: tuple[str, ...]) -> tuple[dict[str, str], dict[str, str]]:
    """The settings that --secret overrides, and the name of each in messages. Raises Error.

    A whole secret identifier also selects its vault: the person who enters it could set KEY_VAULT_URI as well.
    """
    if not looks_like_identifier(text):
        return {"SECRET_NAME": text}, {"SECRET_NAME": "--secret"}
    try:
        identifier = secret_id(text.strip(), also_allowed=allowed_hosts)
    except AddressError as error:
        raise Error(f"--secret is not a secret identifier: {error.after_a_colon}") from error
    settings = identifier_settings(identifier)
    return settings, dict.fromkeys(settings, "--secret")


def vault_overrides(text: str) -> tuple[dict[str, str], dict[str, str]]:
    """The settings that --vault, a name or a URL, overrides, and the name of each in messages."""
    setting = VAULT_URI.name if any(character in text for character in ".:/") else VAULT_NAME.name
    # An empty name must not select the vault of the settings: it is replaced by text that is rejected as a name.
    selected = {setting: text.strip() or "''"}
    return dict.fromkeys((row.name for row in VAULT_ADDRESS_SETTINGS), "") | selected, {setting: "--vault"}


def _identity_overrides(argument: str, identity: str) -> tuple[dict[str, str], dict[str, str]]:
    setting, argument_name = _IDENTITIES[argument], f"--{argument.replace('_', '-')}"
    cleared = dict.fromkeys((*CREDENTIAL_SETTINGS, *CONNECTION_STRINGS), "")
    # An empty ID must not select another identity: it is replaced by text that is rejected as an ID.
    selected = {_CREDENTIAL: CredentialKind.MANAGED_IDENTITY.value, setting: identity.strip() or "''"}
    return cleared | selected, {_CREDENTIAL: argument_name, setting: argument_name}


def _kind_overrides(credential: str) -> tuple[dict[str, str], dict[str, str]]:
    kind = parse_kind(credential)
    cleared = dict.fromkeys(CONNECTION_STRINGS, "")
    if kind is None or not kind.is_chain:
        cleared |= {"KVSITE_EXCLUDE_CREDENTIALS": ""}
    return cleared | {_CREDENTIAL: credential.strip() or "''"}, {_CREDENTIAL: "--credential"}
