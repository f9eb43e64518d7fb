"""Settings: the credential. Combines those of cloud, managed identity, pipelines, certificate, connection string."""

import difflib
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from secrets_app.conf import certificate, cloud, managed_identity, pipelines
from secrets_app.conf.connection_string import CONFLICT, NAMES, ConnectionString, connection_string
from secrets_app.conf.setting import (
    MAX_SECONDS,
    REQUIRED,
    RawSettings,
    Setting,
    SettingError,
    as_text,
    by_name,
    guid,
    seconds,
)
from secrets_app.core.check_ids import CheckId
from secrets_app.core.credential_options import (
    MEMBERS,
    PROCESS_TIMEOUT_SHARE,
    CertificateInVault,
    CredentialKind,
    CredentialOptions,
    parse_kind,
)

TITLE = "Credential"

_UNKNOWN = CheckId("E030", "`KVSITE_CREDENTIAL` contains an unknown credential.")
_CHAIN_NOT_ALONE = CheckId("E031", "`KVSITE_CREDENTIAL` combines a chain with other credentials.")
_NOT_A_MEMBER = CheckId("E032", "`KVSITE_EXCLUDE_CREDENTIALS` contains a credential that is not in the chain.")
_NO_CHAIN = CheckId("E033", "`KVSITE_EXCLUDE_CREDENTIALS` without a chain.")
_TIMEOUT = CheckId("E037", "`KVSITE_PROCESS_TIMEOUT_S` is not a supported number of seconds.")
_SUBSCRIPTION = CheckId("E038", "`KVSITE_AZ_SUBSCRIPTION` is not a subscription name or ID.")
_CLIENT_ID = CheckId("E039", "`KVSITE_CLIENT_ID` is not an application (client) ID.")
_FOLDER = CheckId("E045", "`AzureCLIPath` is not an absolute path.")
FOLDER_MISSING = CheckId("W066", "`AzureCLIPath` names a folder that does not exist.")
_UNKNOWN_EXCLUDED = CheckId("E079", "`KVSITE_EXCLUDE_CREDENTIALS` contains an unknown credential.")

_SUBSCRIPTION_PATTERN = re.compile(r"[\w.()' -]{1,120}", re.ASCII)


def _kinds_parser(unknown: CheckId) -> Callable[[str, str], tuple[CredentialKind, ...]]:
    def parse(name: str, text: str) -> tuple[CredentialKind, ...]:
        words = [word.strip() for word in text.split(",") if word.strip()]
        return tuple(dict.fromkeys(_parse_one(unknown, name, word) for word in words))

    return parse


def _parse_one(unknown: CheckId, name: str, word: str) -> CredentialKind:
    kind = parse_kind(word)
    if kind is None:
        near = difflib.get_close_matches(word.lower(), list(CredentialKind), n=1)
        raise SettingError(
            unknown, name, f"contains {word[:40]!r}, which is not a supported credential.",
            f"Did you mean {near[0]}?" if near else f"Supported values: {', '.join(CredentialKind)}.",
            example=near[0] if near else None,
        )  # fmt: skip
    return kind


def _parse_kinds(name: str, text: str) -> tuple[CredentialKind, ...]:
    kinds = _kinds_parser(_UNKNOWN)(name, text)
    chain = next((kind for kind in kinds if kind.is_chain), None)
    if chain and len(kinds) > 1:
        raise SettingError(
            _CHAIN_NOT_ALONE, name, f"combines {chain} with other credentials, but {chain} is a complete chain.",
            "List single credentials, or set it to the chain alone and use KVSITE_EXCLUDE_CREDENTIALS.",
        )  # fmt: skip
    return kinds or CREDENTIAL.default


def _parse_excluded(name: str, text: str) -> tuple[CredentialKind, ...]:
    kinds = _kinds_parser(_UNKNOWN_EXCLUDED)(name, text)
    for kind in kinds:
        if kind not in MEMBERS:
            raise SettingError(
                _NOT_A_MEMBER, name, f"contains {kind}, which is not in the chain.",
                f"Credentials in the chain: {', '.join(MEMBERS)}.",
            )  # fmt: skip
    return kinds


def _parse_subscription(name: str, text: str) -> str:
    if _SUBSCRIPTION_PATTERN.fullmatch(text):
        return text
    raise SettingError(
        _SUBSCRIPTION, name, "is not a valid subscription name or ID.",
        "Copy it from `az account list --output table`.", cause="az_subscription_wrong", example="<subscription>",
    )  # fmt: skip


def _parse_folder(name: str, text: str) -> str:
    if PurePosixPath(text).is_absolute() or PureWindowsPath(text).is_absolute():
        return text
    raise SettingError(
        _FOLDER, name, "is not an absolute path. Relative paths are not searched.",
        "Set it to an absolute path, or remove it and add the folder of az to PATH.", example="/usr/bin",
    )  # fmt: skip


CREDENTIAL = Setting(
    name="KVSITE_CREDENTIAL",
    help="The credential. `default`: DefaultAzureCredential's chain; `dev`, `prod`: only its "
    "developer tools, or only its credentials for deployed services; or one credential, or several separated by "
    "commas, tried in that order: "
    f"{', '.join(f'`{kind}`' for kind in CredentialKind if not kind.is_chain)}.",
    default=CredentialOptions().kinds, parse=_parse_kinds, attribute="kinds",
    checks=(_UNKNOWN, _CHAIN_NOT_ALONE),
    selects_credential=True,
)  # fmt: skip
EXCLUDE: Setting[tuple[CredentialKind, ...]] = Setting(
    name="KVSITE_EXCLUDE_CREDENTIALS", help="Credentials to exclude from the chain, separated by commas.", default=(),
    parse=_parse_excluded, attribute="excluded", checks=(_NOT_A_MEMBER, _NO_CHAIN, _UNKNOWN_EXCLUDED),
    selects_credential=True,
)  # fmt: skip
PROCESS_TIMEOUT = Setting(
    name="KVSITE_PROCESS_TIMEOUT_S",
    help=f"Seconds that az, azd or PowerShell may take: 1 to {MAX_SECONDS}.",
    default=None, default_note=f"{PROCESS_TIMEOUT_SHARE:.0%} of `KVSITE_DEADLINE_S`",
    parse=seconds(_TIMEOUT, at_least=1), attribute="process_timeout_s", checks=(_TIMEOUT,), example="8",
)  # fmt: skip
AZ_SUBSCRIPTION = Setting(
    name="KVSITE_AZ_SUBSCRIPTION", help="The subscription, by name or ID, for which az gets a token.", default=None,
    default_note="az's default subscription", parse=_parse_subscription, attribute="az_subscription",
    checks=(_SUBSCRIPTION,),
)  # fmt: skip
AZ_FOLDER = Setting(
    name="AzureCLIPath", help="The folder that contains az. It is added to the PATH of az only.", default=None,
    parse=_parse_folder, attribute="az_folder", checks=(_FOLDER, FOLDER_MISSING),
)  # fmt: skip
CLIENT_ID = Setting(
    name="KVSITE_CLIENT_ID",
    help="The application (client) ID, for `client-secret`, `client-certificate` and `azure-pipelines`.", default=None,
    parse=guid(_CLIENT_ID, "application (client) ID"), attribute="client_id", checks=(_CLIENT_ID, REQUIRED),
    selects_credential=True,
)  # fmt: skip
CLIENT_SECRET = Setting(
    name="KVSITE_CLIENT_SECRET", is_secret=True, default=None,
    help="The value of the client secret, for `client-secret`.",
    parse=as_text, attribute="client_secret", checks=(REQUIRED,),
    selects_credential=True,
)  # fmt: skip
SETTINGS = (
    by_name(CREDENTIAL, EXCLUDE)
    | cloud.SETTINGS
    | by_name(PROCESS_TIMEOUT, AZ_SUBSCRIPTION, AZ_FOLDER, CLIENT_ID, CLIENT_SECRET)
    | managed_identity.SETTINGS
    | pipelines.SETTINGS
)


def read_connection_string(settings: RawSettings) -> ConnectionString | None:
    """The connection string; None when not set. Raises SettingError also where another setting contradicts it."""
    name = next((name for name in NAMES if name in settings), None)
    rows = (SETTINGS | certificate.SETTINGS).values()
    other = next((row.name for row in rows if row.selects_credential and row.name in settings), None)
    if name and other:
        raise SettingError(
            CONFLICT, name, f"and {other} both select the credential.",
            f"Keep one of them: remove {name} to use the settings, or {other} to use the connection string.",
        )  # fmt: skip
    return connection_string(settings)


def read_credential_options(settings: RawSettings) -> CredentialOptions:
    """What the settings say about the credential. Raises SettingError at the first one that is invalid or missing."""
    translated = read_connection_string(settings)
    if CredentialKind.AZURE_PIPELINES in CREDENTIAL.read(settings):
        settings = pipelines.with_task_variables(settings)
    values: dict[str, Any] = {
        row.attribute: row.read(settings) for row in SETTINGS.values() if row.attribute and row.name in settings
    }
    identity, found = managed_identity.managed_identity(settings), certificate.read_certificate(settings)
    values |= {"managed_identity": identity} if identity else {}
    values |= {"certificate": found} if found else {}
    values |= {"chosen_by": CREDENTIAL.name} if CREDENTIAL.name in settings else {}
    options = replace(translated.options if translated else CredentialOptions(), **values)
    cloud.check_cloud(options.authority_host, settings)
    _check_consistent(options)
    return options


def _check_consistent(options: CredentialOptions) -> None:
    if options.excluded and not options.kinds[0].is_chain:
        raise SettingError(
            _NO_CHAIN, EXCLUDE.name, f"excludes credentials from a chain, but {CREDENTIAL.name} does not name a chain.",
            "Remove one of the two.",
        )  # fmt: skip
    for kind in options.kinds:
        for attribute, setting in kind.row.requires:
            if attribute == "tenant_id" and isinstance(options.certificate, CertificateInVault):
                continue  # the tenant of the token that reads the certificate is used
            if getattr(options, attribute) is None:
                required = ", ".join(name for _, name in kind.row.requires)
                raise SettingError(
                    REQUIRED, setting, f"is not set, but {kind} requires it.",
                    f"Set it, or select another credential. {kind} requires {required}.", cause="setting_missing",
                )  # fmt: skip


READERS: dict[str, Callable[[RawSettings], Any]] = {
    "credential": read_credential_options,
    "connection_string": read_connection_string,
}
