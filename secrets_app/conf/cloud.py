"""Settings: the tenants, and the cloud that the sign-in endpoint and the vault are in.

Tenants and tokens of one cloud are not valid in another.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from secrets_app.conf.setting import REQUIRED, RawSettings, Setting, SettingError, SettingProblem, by_name
from secrets_app.conf.vault import VAULT_ADDRESS_SETTINGS
from secrets_app.core.check_ids import CheckId
from secrets_app.core.credential_options import CredentialKind, CredentialOptions
from secrets_app.core.hosts import CLOUDS, PUBLIC, Cloud, cloud_at, is_tenant
from secrets_app.core.reading import Outcome, Reading

_TENANT = CheckId("E034", "`KVSITE_TENANT_ID` is not a tenant ID or domain.")
_ADDITIONAL = CheckId("E035", "`KVSITE_ADDITIONALLY_ALLOWED_TENANTS` contains an entry that is not a tenant.")
_AUTHORITY = CheckId("E036", "`KVSITE_AUTHORITY_HOST` is not the sign-in endpoint of an Azure cloud.")
CLOUD_MISMATCH = CheckId("E044", "The sign-in endpoint and the vault are in different clouds.")

_HOSTS: Mapping[str, str] = dict(
    zip(("public", "china", "usgovernment"), (cloud.login_host for cloud in CLOUDS), strict=True)
)
"""Short name of a cloud -> the host name of its sign-in endpoint."""


def _parse_tenant(name: str, text: str) -> str:
    if is_tenant(text):
        return text
    raise SettingError(
        _TENANT, name, "is not a valid tenant: it must be a tenant ID or a domain, like contoso.onmicrosoft.com.",
        "Copy the tenant ID from the Overview page of Microsoft Entra ID.", example="<tenant-id>",
    )  # fmt: skip


def _parse_additional(name: str, text: str) -> tuple[str, ...]:
    tenants = tuple(part.strip() for part in text.split(",") if part.strip())
    for tenant in tenants:
        if tenant != "*" and not is_tenant(tenant):
            raise SettingError(
                _ADDITIONAL, name, f"contains {tenant[:40]!r}, which is not a tenant.",
                "List tenant IDs or domains, separated by commas, or set it to * for all tenants.",
            )  # fmt: skip
    return tenants


def _parse_authority(name: str, text: str) -> str:
    word = re.sub(r"[-_ ]", "", text.lower())
    host = _HOSTS.get(word, text.lower().removeprefix("https://").rstrip("/"))
    if host in _HOSTS.values():
        return host
    raise SettingError(
        _AUTHORITY, name, "is not the sign-in endpoint of an Azure cloud, so no credential is sent there.",
        f"Set it to public, china or usgovernment, or to one of: {', '.join(_HOSTS.values())}.",
        cause="authority_or_cloud_wrong", example="public",
    )  # fmt: skip


TENANT = Setting(
    name="KVSITE_TENANT_ID", help="The tenant to sign in to: its ID or a domain.", default=None, parse=_parse_tenant,
    attribute="tenant_id", checks=(_TENANT, REQUIRED),
)  # fmt: skip
ADDITIONAL: Setting[tuple[str, ...]] = Setting(
    name="KVSITE_ADDITIONALLY_ALLOWED_TENANTS",
    help="Further tenants in which tokens may be requested, separated by commas; `*` for all tenants.", default=(),
    parse=_parse_additional, attribute="additional_tenants", checks=(_ADDITIONAL,),
)  # fmt: skip
AUTHORITY = Setting(
    name="KVSITE_AUTHORITY_HOST",
    help="The cloud to sign in to: `public`, `china`, `usgovernment`, or the host name of its sign-in endpoint. "
    "`AZURE_AUTHORITY_HOST` has the same effect.",
    default=None, default_note=f"`{PUBLIC.login_host}`", parse=_parse_authority, attribute="authority_host",
    checks=(_AUTHORITY, CLOUD_MISMATCH),
)  # fmt: skip
SETTINGS = by_name(TENANT, ADDITIONAL, AUTHORITY)


def check_cloud(host: str | None, settings: RawSettings) -> None:
    """Tenants and tokens of one cloud are not valid in another. Raises SettingError where the vault's cloud differs."""
    vault = next((settings[row.name] for row in VAULT_ADDRESS_SETTINGS if row.name in settings), "")
    cloud = cloud_at(vault.lower())
    if host and cloud and cloud.login_host != host:
        raise SettingError(
            CLOUD_MISMATCH, AUTHORITY.name, f"is set to {host}, but the vault is in {cloud.name}.",
            f"Remove it, or set it to {cloud.login_host}.",
            cause="authority_or_cloud_wrong", example=cloud.login_host,
        )  # fmt: skip


VARIABLE = "AZURE_AUTHORITY_HOST"
_USES_AUTHORITY = {kind.class_name for kind in CredentialKind if kind.row.uses_authority}
_HOST = re.compile(r"[a-z0-9.-]{1,253}")


@dataclass(frozen=True, kw_only=True)
class CloudMismatch:
    """A sign-in endpoint in a different cloud than the vault."""

    setting: str
    """The setting or variable that names the host, or that would name it."""
    is_set: bool
    host: str
    cloud: Cloud
    """The vault's cloud."""

    @property
    def message(self) -> str:
        what = f"is set to {self.host}" if self.is_set else f"is not set, so sign-in uses {self.host}"
        return f"{what}, but the vault is in {self.cloud.name}."

    @property
    def hint(self) -> str:
        return f"Set {self.setting} to https://{self.cloud.login_host}, or check the vault URL."


def find_cloud_mismatch(
    vault_url: str | None, options: CredentialOptions | None, environ: Mapping[str, str]
) -> CloudMismatch | None:
    """The mismatch; None when there is none or the vault's cloud is not known."""
    cloud, own = cloud_at(vault_url or ""), options.authority_host if options else None
    named = own or environ.get(VARIABLE, "").strip()
    host = named.lower().removeprefix("https://").rstrip("/") or PUBLIC.login_host
    if cloud is None or host == cloud.login_host:
        return None
    shown = host if _HOST.fullmatch(host) else "a value that is not a host name"
    return CloudMismatch(setting=AUTHORITY.name if own else VARIABLE, is_set=bool(named), host=shown, cloud=cloud)


def cloud_mismatch_problems(
    reading: Reading, vault_url: str | None, options: CredentialOptions | None, environ: Mapping[str, str]
) -> tuple[SettingProblem, ...]:
    """The mismatch as a problem, when a reading failed and a credential that signs in at that host was tried."""
    mismatch = find_cloud_mismatch(vault_url, options, environ)
    failed = {attempt.credential for attempt in reading.attempts if attempt.outcome is Outcome.FAILED}
    if mismatch is None or reading.ok or failed.isdisjoint(_USES_AUTHORITY):
        return ()
    return (
        SettingProblem(
            check=CLOUD_MISMATCH, setting=mismatch.setting, message=mismatch.message, hint=mismatch.hint,
            cause="authority_or_cloud_wrong", example=f"https://{mismatch.cloud.login_host}",
        ),
    )  # fmt: skip
