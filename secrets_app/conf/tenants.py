"""Which tenants, and at which cloud's sign-in host."""

import re
from collections.abc import Mapping

from secrets_app.conf.errors import RawSettings, SettingError
from secrets_app.core.hosts import CLOUDS, cloud_at
from secrets_app.core.ids import is_tenant

AUTHORITY_HOSTS: Mapping[str, str] = dict(
    zip(("public", "china", "usgovernment"), (cloud.login_host for cloud in CLOUDS), strict=True)
)
"""The clouds' sign-in hosts by the word for each."""


def tenant(given: RawSettings) -> str | None:
    """The tenant to sign in to: an id or a domain. Raises Mistake."""
    named = given.get("KVSITE_TENANT_ID")
    if named is None or is_tenant(named):
        return named
    raise SettingError(
        34, "KVSITE_TENANT_ID", "is not a tenant: that is an id or a domain, like contoso.onmicrosoft.com.",
        "Copy the tenant id from the Entra overview page.", example="<tenant-id>",
    )  # fmt: skip


def additional_tenants(given: RawSettings) -> tuple[str, ...]:
    """The tenants that may be asked too; `*` for all. Raises Mistake."""
    setting = "KVSITE_ADDITIONALLY_ALLOWED_TENANTS"
    tenants = tuple(part.strip() for part in given.get(setting, "").split(",") if part.strip())
    for tenant in tenants:
        if tenant != "*" and not is_tenant(tenant):
            raise SettingError(
                35, setting, f"has {tenant[:40]!r} in it, which is no tenant.",
                "List tenant ids or domains, with commas between; * alone stands for every tenant.",
            )  # fmt: skip
    return tenants


def authority_host(given: RawSettings) -> str | None:
    """The sign-in host of one of the clouds, the vault's own. Raises Mistake."""
    text = given.get("KVSITE_AUTHORITY_HOST")
    if text is None:
        return None
    word = re.sub(r"[-_ ]", "", text.lower())
    host = AUTHORITY_HOSTS.get(word, text.lower().removeprefix("https://").rstrip("/"))
    if host in AUTHORITY_HOSTS.values():
        _check_cloud(host, given)
        return host
    raise SettingError(
        36, "KVSITE_AUTHORITY_HOST", "is not the sign-in host of a cloud; secrets of ours go to no other.",
        f"Set it to public, china or usgovernment, or to one of: {', '.join(AUTHORITY_HOSTS.values())}.",
        cause="authority_or_cloud_wrong", example="public",
    )  # fmt: skip


def _check_cloud(host: str, given: RawSettings) -> None:
    """A vault and a sign-in host of two clouds can never agree: a cloud's tenants and tokens are its own."""
    vault = given.get("KEY_VAULT_URI") or given.get("KEY_VAULT_URL") or ""
    cloud = cloud_at(vault.lower())
    if cloud and cloud.login_host != host:
        raise SettingError(
            44, "KVSITE_AUTHORITY_HOST", f"signs in at {host}, but the vault is in {cloud.name}, which has another.",
            f"Leave it out, or set it to {cloud.login_host}.",
            cause="authority_or_cloud_wrong", example=cloud.login_host,
        )  # fmt: skip


SETTINGS: dict[str, tuple[str, str]] = {
    "KVSITE_TENANT_ID": ("", "The tenant to sign in to: its id or a domain."),
    "KVSITE_ADDITIONALLY_ALLOWED_TENANTS": (
        "",
        "Tenants, separated by commas, that may be asked for a token besides that one; `*` for every tenant.",
    ),
    "KVSITE_AUTHORITY_HOST": (
        "`public`",
        "The cloud to sign in to: `public`, `china`, `usgovernment`, or its sign-in host. "
        "`AZURE_AUTHORITY_HOST` does it too.",
    ),
}
