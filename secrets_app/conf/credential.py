"""Who to be: the settings that choose the credential and the identity, put together."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from secrets_app.conf import credential_kinds, managed_identity, pipelines, tenants
from secrets_app.conf.certificate import certificate
from secrets_app.conf.connection_string import connection_string
from secrets_app.conf.errors import RawSettings, SettingError
from secrets_app.conf.parsers import guid, seconds
from secrets_app.core.credential_options import CertificateInVault, CredentialKind, CredentialOptions

_SUBSCRIPTION = re.compile(r"[\w.()' -]{1,120}", re.ASCII)


def _az_subscription(given: RawSettings) -> str | None:
    subscription = given.get("KVSITE_AZ_SUBSCRIPTION")
    if subscription is None or _SUBSCRIPTION.fullmatch(subscription):
        return subscription
    raise SettingError(
        38, "KVSITE_AZ_SUBSCRIPTION", "is not a subscription's name or id.",
        "Copy it from `az account list --output table`.", cause="az_subscription_wrong", example="<subscription>",
    )  # fmt: skip


def _az_folder(given: RawSettings) -> str | None:
    folder = given.get("AzureCLIPath")
    if folder is None or PurePosixPath(folder).is_absolute() or PureWindowsPath(folder).is_absolute():
        return folder
    raise SettingError(
        45, "AzureCLIPath", "is not the whole path of a folder, and az is never looked for in whatever folder this is.",
        "Write it from the root on, or take it out and put the folder of az into PATH.", example="/usr/bin",
    )  # fmt: skip


def _client_id(given: RawSettings) -> str | None:
    text = given.get("KVSITE_CLIENT_ID")
    return guid(39, "KVSITE_CLIENT_ID", text) if text else None


_PARSERS: dict[str, Callable[[RawSettings], Any]] = {
    "ways": credential_kinds.credential_kinds,
    "chosen_by": lambda given: "KVSITE_CREDENTIAL" if "KVSITE_CREDENTIAL" in given else None,
    "excluded": credential_kinds.excluded,
    "tenant_id": tenants.tenant,
    "additional_tenants": tenants.additional_tenants,
    "authority_host": tenants.authority_host,
    "process_timeout_s": seconds(37, "KVSITE_PROCESS_TIMEOUT_S", at_least=1, example="8"),
    "az_subscription": _az_subscription,
    "az_folder": _az_folder,
    "client_id": _client_id,
    "client_secret": lambda given: given.get("KVSITE_CLIENT_SECRET"),
    "certificate": certificate,
    "managed_identity": managed_identity.managed_identity,
    "retry_timeout_s": managed_identity.retry_timeout_s,
    "service_connection_id": lambda given: given.get("KVSITE_PIPELINES_SERVICE_CONNECTION_ID"),
    "system_access_token": lambda given: given.get("SYSTEM_ACCESSTOKEN"),
}
"""Attribute of SignIn -> what reads it."""


def parse_credential_options(given: RawSettings) -> CredentialOptions:
    """Who the settings say we should be. Raises Mistake at the first setting that is wrong or missing."""
    translated = connection_string(given)
    if CredentialKind.AZURE_PIPELINES in (credential_kinds.credential_kinds(given) or ()):
        given = pipelines.with_task_variables(given)
    parts = {attribute: read(given) for attribute, read in _PARSERS.items()}
    sign_in = replace(
        translated.sign_in if translated else CredentialOptions(),
        **{attribute: part for attribute, part in parts.items() if part is not None},
    )
    _check_complete(sign_in)
    return sign_in


def _check_complete(sign_in: CredentialOptions) -> None:
    for way in sign_in.ways:
        for attribute, setting in way.row.requires:
            if attribute == "tenant_id" and isinstance(sign_in.certificate, CertificateInVault):
                continue  # then it is the tenant of the token that reads the certificate
            if getattr(sign_in, attribute) is None:
                raise SettingError(
                    40, setting, f"is not set, and {way} cannot do without it.",
                    f"Set it, or choose another credential. {way} takes {', '.join(setting for _, setting in way.row.requires)}.",
                    cause="setting_missing",
                )  # fmt: skip


SETTINGS: dict[str, tuple[str, str]] = {
    **credential_kinds.SETTINGS,
    **tenants.SETTINGS,
    "KVSITE_PROCESS_TIMEOUT_S": (
        "eight tenths of the deadline",
        "Seconds that az, azd or PowerShell may take: 1 to 60.",
    ),
    "KVSITE_AZ_SUBSCRIPTION": ("az's own", "The subscription, by name or id, whose account az gives a token for."),
    "AzureCLIPath": ("", "The folder az lies in. It is put on the PATH of az alone."),
    "KVSITE_CLIENT_ID": ("", "Application id, for `client-secret`, `client-certificate` and `azure-pipelines`."),
    "KVSITE_CLIENT_SECRET": ("", "The client secret's value, for `client-secret`."),
    **managed_identity.SETTINGS,
    **pipelines.SETTINGS,
}

READERS: dict[str, Callable[[RawSettings], Any]] = {"sign_in": parse_credential_options}
