"""The page of the Azure portal on which a cause is fixed: of the very resource where its ID is known.

`#@<tenant>/resource<resource ID>/<menu entry>` opens an entry of a resource's menu,
`#view/HubsExtension/BrowseResource/resourceType/<type>` the list of all resources of a type.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from secrets_app.core.hosts import cloud_of
from secrets_app.core.reading import Platform, PortalPage
from secrets_app.diagnosis.command_values import CommandValues


@dataclass(frozen=True, kw_only=True)
class _Entry:
    """An entry in the menu of a key vault or of the resource that hosts the program."""

    menu: str
    title: str


_IAM = _Entry(menu="users", title="Access control (IAM)")
_POLICIES = _Entry(menu="access_policies", title="Access policies")
_NETWORKING = _Entry(menu="networking", title="Networking")
_SECRETS = _Entry(menu="secrets", title="Secrets")
_OVERVIEW = _Entry(menu="overview", title="Overview")
_VAULT_ENTRIES: Mapping[str, _Entry] = {
    "kv_rbac_denied": _IAM,
    "role_may_be_on_its_way": _IAM,
    "kv_access_policy_denied": _POLICIES,
    "kv_firewall_denied": _NETWORKING,
    "kv_public_access_disabled": _NETWORKING,
    "kv_secret_not_found": _SECRETS,
    "kv_secret_disabled": _SECRETS,
    "kv_soft_deleted": _SECRETS,
    "secret_deleted": _SECRETS,
    "secret_expired": _SECRETS,
    "secret_not_yet_valid": _SECRETS,
    "kv_wrong_tenant": _OVERVIEW,
    "tenant_mismatch_ahead": _OVERVIEW,
    "dns_failure": _OVERVIEW,
    "deadline_exceeded": _NETWORKING,
}
_IDENTITY_CAUSES = frozenset(
    {"mi_identity_not_assigned", "mi_multiple_user_assigned", "mi_user_assigned_unsupported_host"}
)
_SETTING_CAUSES = frozenset({"developer_credential_in_azure", "service_principal_incomplete", "environment_half_set"})
_APP_CAUSES = frozenset(
    {"client_secret_expired", "client_secret_wrong", "certificate_not_registered", "certificate_expired"}
)
_VAULTS = "Microsoft.KeyVault/vaults"
_HOSTS: Mapping[Platform, tuple[str, str, str, str]] = {
    # resource type, name, menu entry of the identity, menu entry of the settings
    Platform.APP_SERVICE: ("Microsoft.Web/sites", "App Service", "msi", "environmentVariablesAppSettings"),
    Platform.FUNCTIONS: ("Microsoft.Web/sites", "Function app", "msi", "environmentVariablesAppSettings"),
    Platform.CONTAINER_APPS: ("Microsoft.App/containerApps", "Container app", "identity", "containers"),
    Platform.VIRTUAL_MACHINE: ("Microsoft.Compute/virtualMachines", "Virtual machine", "identity", "overview"),
}


def portal_page(cause: str, values: CommandValues) -> PortalPage | None:
    """The page on which `cause` is fixed; None for a cause that is not fixed in the portal."""
    if cause in _VAULT_ENTRIES:
        return _vault_page(_VAULT_ENTRIES[cause], values)
    if cause in _APP_CAUSES:
        return _application_page(values)
    if values.platform in _HOSTS and cause in _IDENTITY_CAUSES:
        return _host_page(_Entry(menu=_HOSTS[values.platform][2], title="Identity"), values)
    if values.platform in _HOSTS and cause in _SETTING_CAUSES:
        return _host_page(_Entry(menu=_HOSTS[values.platform][3], title="Environment variables"), values)
    return None


def _vault_page(entry: _Entry, values: CommandValues) -> PortalPage:
    name = " ".join(filter(None, ("Key vault", values.values.get("vault"))))
    return _resource_page(values, _VAULTS, name, values.values.get("vault_id"), entry)


def _host_page(entry: _Entry, values: CommandValues) -> PortalPage:
    kind, title, *_ = _HOSTS[values.platform]
    name = " ".join(filter(None, (title, values.values.get("site"))))
    return _resource_page(values, kind, name, _host_id(kind, values), entry)


def _resource_page(values: CommandValues, kind: str, name: str, resource_id: str | None, entry: _Entry) -> PortalPage:
    portal = _portal(values)
    if resource_id:
        tenant = values.values.get("vault_tenant" if kind == _VAULTS else "tenant")
        directory = f"@{tenant}/" if tenant else ""
        return PortalPage(
            url=f"{portal}/#{directory}resource{quote(resource_id, safe='/()')}/{entry.menu}",
            path=f"{name} > {entry.title}",
        )
    url = f"{portal}/#view/HubsExtension/BrowseResource/resourceType/{quote(kind, safe='')}"
    return PortalPage(url=url, path=f"{name} > {entry.title}")


def _host_id(kind: str, values: CommandValues) -> str | None:
    subscription, group, site = (values.values.get(name) for name in ("subscription", "group", "site"))
    if not (subscription and group and site):
        return None
    return f"/subscriptions/{subscription}/resourceGroups/{group}/providers/{kind}/{site}"


def _application_page(values: CommandValues) -> PortalPage:
    blade = f"{_portal(values)}/#view/Microsoft_AAD_RegisteredApps"
    app_id = values.values.get("app_id")
    path = "Microsoft Entra ID > App registrations > Certificates & secrets"
    if app_id:
        return PortalPage(url=f"{blade}/ApplicationMenuBlade/~/Credentials/appId/{app_id}", path=path)
    return PortalPage(url=f"{blade}/ApplicationsListBlade", path=path)


def _portal(values: CommandValues) -> str:
    return cloud_of(f"https://{values.values.get('vault_host', '')}").portal
