"""The connection string of the old .NET library, under its own name and under ours."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from secrets_app.conf.certificate import in_store
from secrets_app.conf.errors import RawSettings, SettingError
from secrets_app.conf.vault import allowed_hosts
from secrets_app.connection_string import ConnectionStringError, ParsedConnectionString, parse_form, parse_options
from secrets_app.core.credential_options import CertificateInStore, CredentialOptions

NAMES = ("AzureServicesAuthConnectionString", "KVSITE_CONNECTION_STRING")
_CONFLICTING = (
    "KVSITE_CREDENTIAL",
    "KVSITE_EXCLUDE_CREDENTIALS",
    "KVSITE_CLIENT_ID",
    "KVSITE_CLIENT_SECRET",
    "KVSITE_CERTIFICATE",
    "KVSITE_CERTIFICATE_THUMBPRINT",
    "KVSITE_CERTIFICATE_SUBJECT",
    "KVSITE_CERTIFICATE_SECRET_ID",
    "KVSITE_MANAGED_IDENTITY_CLIENT_ID",
    "KVSITE_MANAGED_IDENTITY_RESOURCE_ID",
    "KVSITE_MANAGED_IDENTITY_OBJECT_ID",
    "KVSITE_PIPELINES_SERVICE_CONNECTION_ID",
)
"""What says who to be, as the connection string does."""


@dataclass(frozen=True, kw_only=True)
class ConnectionString:
    """A connection string that was understood. Its text is not kept."""

    setting: str
    meaning: ParsedConnectionString

    @property
    def sign_in(self) -> CredentialOptions:
        return self.meaning.sign_in


def connection_string(given: RawSettings) -> ConnectionString | None:
    """What the connection string says; None where none is set. Raises Mistake, with no value of it in any sentence."""
    named = [name for name in NAMES if name in given]
    if not named:
        return None
    if len({given[name] for name in named}) > 1:
        raise SettingError(55, named[0], f"and {named[1]} say different things.", "Keep one of them.")
    _check_alone(named[0], given)
    try:
        meaning = parse_form(parse_options(given[named[0]]), allowed_hosts=allowed_hosts(given))
    except ConnectionStringError as fault:
        raise SettingError(
            fault.number, named[0], fault.says, fault.hint, cause=fault.cause, example=fault.example
        ) from None  # fmt: skip
    return ConnectionString(setting=named[0], meaning=_with_settings(meaning, named[0], given))


def _check_alone(name: str, given: RawSettings) -> None:
    for other in _CONFLICTING:
        if other in given:
            raise SettingError(
                55, name, f"and {other} both say who to be.",
                f"Keep one of them. Without {name} the settings count, without {other} the connection string does.",
            )  # fmt: skip


def _with_settings(meaning: ParsedConnectionString, name: str, given: RawSettings) -> ParsedConnectionString:
    """With what only settings tell: where certificates lie, and which setting chose."""
    sign_in, certificate = meaning.sign_in, meaning.sign_in.certificate
    if isinstance(certificate, CertificateInStore):
        found = in_store(given, certificate.store, thumbprint=certificate.thumbprint, subject=certificate.subject)
        sign_in = replace(sign_in, certificate=found)
    tenant = given.get("KVSITE_TENANT_ID")
    if tenant and sign_in.tenant_id and tenant.lower() != sign_in.tenant_id.lower():
        raise SettingError(55, name, "and KVSITE_TENANT_ID name different tenants.", "Keep one of them.")
    return replace(meaning, sign_in=replace(sign_in, chosen_by=name))


SETTINGS: dict[str, tuple[str, str]] = {
    NAMES[0]: (
        "",
        "Who to be, in the words of the old .NET library, `RunAs=App;AppId=...`: "
        "[docs/coming-from-dotnet.md](docs/coming-from-dotnet.md). Instead of `KVSITE_CREDENTIAL`.",
    ),
    NAMES[1]: ("", "The same under a name of ours."),
}

READERS: dict[str, Callable[[RawSettings], Any]] = {"connection_string": connection_string}
