"""Who may run the commands of a hint, where, and the page of the Azure portal that does the same."""

import pytest

from secrets_app.core.reading import Platform, RunsOn
from secrets_app.diagnosis.catalog import CAUSES
from secrets_app.diagnosis.command_values import CommandValues
from secrets_app.diagnosis.hints import hint
from secrets_app.diagnosis.portal import _APP_CAUSES, _IDENTITY_CAUSES, _VAULT_ENTRIES, portal_page
from secrets_app.diagnosis.rights import _MFA, needed_right, where_to_run

TENANT = "11111111-2222-4333-8444-555555555555"
GROUP = "/subscriptions/1d371236-1fb2-4b20-83cd-544b7b958a3c/resourceGroups/rg"
VAULT_ID = f"{GROUP}/providers/Microsoft.KeyVault/vaults/contoso"
VAULT = {"vault": "contoso", "vault_host": "contoso.vault.azure.net", "vault_tenant": TENANT}
SITE = {"site": "contoso-site", "group": "rg", "subscription": "1d371236-1fb2-4b20-83cd-544b7b958a3c"}


def _url(cause: str, platform: Platform = Platform.UNKNOWN, **values: str) -> str:
    page = portal_page(cause, CommandValues(values=values, platform=platform))
    assert page
    return page.url


@pytest.mark.parametrize(
    ("cause", "menu"),
    [("kv_rbac_denied", "users"), ("kv_firewall_denied", "networking"), ("kv_secret_not_found", "secrets")],
)
def test_known_vault__opens_its_own_menu(cause: str, menu: str) -> None:
    assert _url(cause, **VAULT, vault_id=VAULT_ID) == f"https://portal.azure.com/#@{TENANT}/resource{VAULT_ID}/{menu}"


def test_unknown_resource_id__opens_the_list_of_vaults() -> None:
    url = "https://portal.azure.com/#view/HubsExtension/BrowseResource/resourceType/Microsoft.KeyVault%2Fvaults"
    assert _url("kv_rbac_denied", **VAULT) == url


@pytest.mark.parametrize(
    ("host", "portal"),
    [
        ("contoso.vault.azure.net", "https://portal.azure.com"),
        ("contoso.vault.azure.cn", "https://portal.azure.cn"),
        ("contoso.vault.usgovcloudapi.net", "https://portal.azure.us"),
    ],
)
def test_portal__is_that_of_the_cloud(host: str, portal: str) -> None:
    assert _url("kv_rbac_denied", vault="contoso", vault_host=host, vault_id=VAULT_ID).startswith(
        f"{portal}/#resource/"
    )


def test_missing_identity__opens_the_site() -> None:
    url = _url("mi_identity_not_assigned", Platform.APP_SERVICE, **SITE)
    assert url.endswith("/resourceGroups/rg/providers/Microsoft.Web/sites/contoso-site/msi")


def test_expired_client_secret__opens_the_application() -> None:
    assert _url("client_secret_expired", app_id=TENANT).endswith(f"/ApplicationMenuBlade/~/Credentials/appId/{TENANT}")


def test_cause_outside_azure__has_no_page() -> None:
    assert portal_page("az_not_logged_in", CommandValues(values=VAULT)) is None


def test_causes_with_a_page__exist() -> None:
    assert set(_VAULT_ENTRIES) | _IDENTITY_CAUSES | _APP_CAUSES <= set(CAUSES)


@pytest.mark.parametrize(
    ("commands", "right", "place"),
    [
        (
            ("az role assignment create --role x",),
            f"Owner or User Access Administrator on the vault{_MFA}",
            RunsOn.ANY_MACHINE,
        ),
        (("az keyvault secret list --vault-name x",), None, RunsOn.ANY_MACHINE),
        (("az login --tenant x",), None, RunsOn.THIS_MACHINE),
        (
            ("export A=b", "az webapp identity assign -n x"),
            f"Website Contributor, Contributor or Owner on the site{_MFA}",
            RunsOn.BOTH,
        ),
        ((), None, None),
    ],
)
def test_right_and_place__follow_from_the_commands(commands: tuple[str, ...], right: str, place: str) -> None:
    assert (needed_right(commands), where_to_run(commands)) == (right, place)


def test_hint__command_that_replaces_permissions__says_so() -> None:
    assert "az keyvault set-policy replaces" in hint(CAUSES["kv_access_policy_denied"], CommandValues(values=VAULT)).fix
    assert "replaces" not in hint(CAUSES["kv_rbac_denied"], CommandValues(values=VAULT)).fix


def test_hint__has_both() -> None:
    denied = hint(CAUSES["kv_rbac_denied"], CommandValues(values=VAULT))
    assert denied.needs == f"Owner or User Access Administrator on the vault{_MFA}"
    assert denied.runs_on is RunsOn.ANY_MACHINE
    assert denied.portal
    assert denied.portal.path == "Key vault contoso > Access control (IAM)"
