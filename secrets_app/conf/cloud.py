"""The clouds of the sign-in endpoint and of the vault. Tenants and tokens of one cloud are not valid in another."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from secrets_app.conf import Config
from secrets_app.conf.setting import SettingProblem
from secrets_app.conf.tenants import AUTHORITY, CLOUD_MISMATCH
from secrets_app.core.credential_options import CredentialKind
from secrets_app.core.hosts import PUBLIC, Cloud, cloud_at
from secrets_app.core.reading import Outcome, Reading

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


def find_cloud_mismatch(config: Config, environ: Mapping[str, str]) -> CloudMismatch | None:
    """The mismatch; None when there is none or the vault's cloud is not known."""
    cloud, own = cloud_at(config.vault_url or ""), config.credential.authority_host if config.credential else None
    named = own or environ.get(VARIABLE, "").strip()
    host = named.lower().removeprefix("https://").rstrip("/") or PUBLIC.login_host
    if cloud is None or host == cloud.login_host:
        return None
    shown = host if _HOST.fullmatch(host) else "a value that is not a host name"
    return CloudMismatch(setting=AUTHORITY.name if own else VARIABLE, is_set=bool(named), host=shown, cloud=cloud)


def cloud_mismatch_problems(reading: Reading, config: Config, environ: Mapping[str, str]) -> tuple[SettingProblem, ...]:
    """The mismatch as a problem, when a reading failed and a credential that signs in at that host was tried."""
    mismatch = find_cloud_mismatch(config, environ)
    failed = {attempt.credential for attempt in reading.attempts if attempt.outcome is Outcome.FAILED}
    if mismatch is None or reading.ok or failed.isdisjoint(_USES_AUTHORITY):
        return ()
    return (
        SettingProblem(
            check=CLOUD_MISMATCH, setting=mismatch.setting, message=mismatch.message, hint=mismatch.hint,
            cause="authority_or_cloud_wrong", example=f"https://{mismatch.cloud.login_host}",
        ),
    )  # fmt: skip
