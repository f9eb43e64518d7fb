"""Settings: the connection string of the old .NET library, under its own name and under a KVSITE_ name."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from secrets_app.conf.certificate import in_store
from secrets_app.conf.setting import RawSettings, Setting, SettingError, as_text, by_name
from secrets_app.conf.vault import allowed_hosts
from secrets_app.connection_string import (
    ConnectionStringError,
    ParsedConnectionString,
    check_ids,
    parse_form,
    parse_options,
)
from secrets_app.core.check_ids import CheckId
from secrets_app.core.credential_options import CertificateInStore, CredentialOptions

TITLE = "Connection string"

CONFLICT = CheckId("E055", "The connection string and another setting both select the credential.")
_STRINGS_DIFFER = CheckId("E083", "The two settings for the connection string have different values.")
_TENANTS_DIFFER = CheckId("E084", "The connection string and `KVSITE_TENANT_ID` name different tenants.")

_CHECKS = (CONFLICT, _STRINGS_DIFFER, _TENANTS_DIFFER, *check_ids.ALL)
CONNECTION_STRING = Setting(
    name="AzureServicesAuthConnectionString",
    help="The credential in the format of the old .NET library, `RunAs=App;AppId=...`: "
    "[coming-from-dotnet.md](coming-from-dotnet.md). Instead of `KVSITE_CREDENTIAL`.",
    default=None, parse=as_text, checks=_CHECKS,
)  # fmt: skip
OWN_CONNECTION_STRING = Setting(
    name="KVSITE_CONNECTION_STRING", help=f"The same as `{CONNECTION_STRING.name}`.", default=None, parse=as_text,
    checks=_CHECKS,
)  # fmt: skip
SETTINGS = by_name(CONNECTION_STRING, OWN_CONNECTION_STRING)
NAMES = tuple(SETTINGS)


@dataclass(frozen=True, kw_only=True)
class ConnectionString:
    """A valid connection string. Its text is not stored."""

    setting: str
    meaning: ParsedConnectionString

    @property
    def options(self) -> CredentialOptions:
        return self.meaning.options


def connection_string(settings: RawSettings) -> ConnectionString | None:
    """The parsed connection string; None when not set. Raises SettingError, without any value of the string."""
    named = [name for name in NAMES if name in settings]
    if not named:
        return None
    if len({settings[name] for name in named}) > 1:
        raise SettingError(_STRINGS_DIFFER, named[0], f"and {named[1]} have different values.", "Keep one of them.")
    try:
        meaning = parse_form(parse_options(settings[named[0]]), allowed_hosts=allowed_hosts(settings))
    except ConnectionStringError as error:
        raise SettingError(
            error.check, named[0], error.message, error.hint, cause=error.cause, example=error.example
        ) from None  # fmt: skip
    return ConnectionString(setting=named[0], meaning=_with_settings(meaning, named[0], settings))


def _with_settings(meaning: ParsedConnectionString, name: str, settings: RawSettings) -> ParsedConnectionString:
    """With what only settings provide: the folders of certificates, and which setting selected the credential."""
    options, certificate = meaning.options, meaning.options.certificate
    if isinstance(certificate, CertificateInStore):
        found = in_store(settings, certificate.store, thumbprint=certificate.thumbprint, subject=certificate.subject)
        options = replace(options, certificate=found)
    tenant = settings.get("KVSITE_TENANT_ID")
    if tenant and options.tenant_id and tenant.lower() != options.tenant_id.lower():
        raise SettingError(
            _TENANTS_DIFFER, name, "and KVSITE_TENANT_ID name different tenants.", "Keep one of them."
        )  # fmt: skip
    return replace(meaning, options=replace(options, chosen_by=name))


READERS: dict[str, Callable[[RawSettings], Any]] = {}
"""credential.py reads it: it checks for contradictions with the other settings."""
