"""Vaults in Resource Manager: access policies, network rules, lists, creation and Azure's refusals."""

from collections.abc import Callable
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.identity import DefaultAzureCredential
from azure.keyvault.secrets import SecretClient
from management_client import GROUP, VAULT, Management, error_code

from localazure import LocalAzure
from localazure.scenarios.directory import CONTOSO, DEVELOPER, PRODUCTION, SITE_IDENTITY

pytest_plugins = ["scenario_fixtures"]

Start = Callable[..., Management]
POLICY = {"tenantId": CONTOSO.id, "objectId": SITE_IDENTITY.object_id, "permissions": {"secrets": ["get"]}}


def vault_body(arm: Management, **properties: Any) -> dict[str, Any]:
    """The vault as az sends it: read, changed, written back."""
    current = arm.send("GET", VAULT).json()
    return {"location": current["location"], "properties": current["properties"] | properties}


def read(azure: LocalAzure) -> str | None:
    client = SecretClient(azure.env["KEY_VAULT_URI"], DefaultAzureCredential(), retry_total=0)
    return client.get_secret(azure.env["SECRET_NAME"]).value


def test_access_policy__lets_the_identity_read(management: Start) -> None:
    arm = management("no-policy")
    changed = arm.send("PUT", VAULT, body=vault_body(arm, accessPolicies=[POLICY]))
    assert changed.status_code == 200
    assert changed.json()["properties"]["accessPolicies"] == [POLICY]
    assert read(arm.azure) == arm.azure.secret_value


def test_access_policies__are_added_and_removed(management: Start) -> None:
    arm = management("no-policy")
    body = {"properties": {"accessPolicies": [POLICY]}}
    assert arm.send("PUT", f"{VAULT}/accessPolicies/add", body=body).status_code == 200
    assert read(arm.azure) == arm.azure.secret_value
    assert arm.send("PUT", f"{VAULT}/accessPolicies/remove", body=body).status_code == 200
    with pytest.raises(HttpResponseError, match="does not have secrets get permission"):
        read(arm.azure)


def test_network_rule__lets_the_address_in(management: Start) -> None:
    arm = management("firewall")
    acls = {"defaultAction": "Deny", "bypass": "None", "ipRules": [{"value": "203.0.113.7"}]}
    changed = arm.send("PUT", VAULT, body=vault_body(arm, networkAcls=acls))
    assert changed.json()["properties"]["networkAcls"]["ipRules"] == [{"value": "203.0.113.7/32"}]
    assert read(arm.azure) == arm.azure.secret_value


def test_network_rule__for_another_address__does_not(management: Start) -> None:
    arm = management("firewall")
    acls = {"defaultAction": "Deny", "ipRules": [{"value": "198.51.100.0/24"}]}
    arm.send("PATCH", VAULT, body={"properties": {"networkAcls": acls}})
    with pytest.raises(HttpResponseError, match="Client address is not authorized"):
        read(arm.azure)


def test_public_network_access__can_be_enabled(management: Start) -> None:
    arm = management("private")
    assert arm.send("GET", VAULT).json()["properties"]["publicNetworkAccess"] == "Disabled"
    enabled = {"publicNetworkAccess": "Enabled", "networkAcls": {"defaultAction": "Allow"}}
    arm.send("PATCH", VAULT, body={"properties": enabled})
    assert read(arm.azure) == arm.azure.secret_value


def test_permission_model__needs_the_right_to_assign_roles(management: Start) -> None:
    arm = management("no-policy")
    arm.azure.grant(SITE_IDENTITY, "Key Vault Contributor")
    change = {"properties": {"enableRbacAuthorization": True}}
    refused = arm.send("PATCH", VAULT, identity=SITE_IDENTITY, body=change)
    assert "Microsoft.Authorization/roleAssignments/write" in refused.json()["error"]["message"]
    assert arm.send("PATCH", VAULT, body=change).json()["properties"]["enableRbacAuthorization"] is True
    with pytest.raises(HttpResponseError, match="Caller is not authorized"):
        read(arm.azure)


def test_lists__contain_what_the_caller_can_read(management: Start) -> None:
    arm = management("app-service")
    resources, only_vaults = f"{PRODUCTION.scope}/resources", "resourceType eq 'Microsoft.KeyVault/vaults'"
    (found,) = arm.send("GET", resources, "2015-11-01", filter_=only_vaults).json()["value"]
    assert (found["id"], found["name"]) == (VAULT, "contoso")
    nothing = arm.send("GET", resources, "2015-11-01", filter_="name eq 'x' or name eq 'y'")
    assert nothing.json() == {"value": []}
    for path in (
        f"{PRODUCTION.scope}/providers/Microsoft.KeyVault/vaults",
        f"{GROUP}/providers/Microsoft.KeyVault/vaults",
    ):
        assert [item["id"] for item in arm.send("GET", path).json()["value"]] == [VAULT]
        assert arm.send("GET", path, identity=SITE_IDENTITY).json() == {"value": []}


def test_created_vault__is_served_at_once_and_is_empty(management: Start) -> None:
    arm = management("app-service")
    body = {
        "location": "westeurope",
        "properties": {"tenantId": CONTOSO.id, "sku": {"family": "A", "name": "standard"}},
    }
    path = f"{GROUP}/providers/Microsoft.KeyVault/vaults/second-vault"
    created = arm.send("PUT", path, body=body)
    assert (created.status_code, created.json()["properties"]["vaultUri"]) == (
        201,
        "https://second-vault.vault.azure.net/",
    )
    assert created.json()["properties"]["enableRbacAuthorization"] is True
    arm.azure.grant(SITE_IDENTITY, "Key Vault Secrets Officer", vault="second-vault")
    client = SecretClient("https://second-vault.vault.azure.net", DefaultAzureCredential(), retry_total=0)
    assert list(client.list_properties_of_secrets()) == []
    client.set_secret("new", "value")
    assert client.get_secret("new").value == "value"


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", f"{VAULT}x", None, 404, "ResourceNotFound"),
        ("GET", VAULT.replace("kvsite-rg", "other"), None, 403, "AuthorizationFailed"),
        ("GET", VAULT.replace(PRODUCTION.id, "0" * 8), None, 404, "SubscriptionNotFound"),
        ("POST", VAULT, {}, 405, "HttpMethodNotAllowed"),
        ("PUT", VAULT, {"location": "westeurope"}, 400, "BadRequest"),
        ("PUT", f"{VAULT}--x", {"location": "westeurope"}, 400, "VaultNameNotValid"),
        ("PUT", f"{VAULT}x", {"properties": {}}, 400, "LocationRequired"),
        ("PATCH", VAULT, {"properties": {"networkAcls": {"ipRules": [{"value": "x"}]}}}, 400, "BadRequest"),
        ("PATCH", VAULT, {"properties": {"accessPolicies": [{"tenantId": "x"}]}}, 400, "BadRequest"),
        ("PATCH", VAULT, {"properties": {"publicNetworkAccess": "Perhaps"}}, 400, "BadRequest"),
    ],
)
def test_refusal__has_azures_code(
    management: Start, method: str, path: str, body: object, status: int, code: str
) -> None:
    arm = management("app-service")
    refused = arm.send(method, path, body=body)
    if code == "AuthorizationFailed":  # the developer owns the subscription, so the group is looked up
        assert (refused.status_code, error_code(refused)) == (404, "ResourceGroupNotFound")
        refused = arm.send(method, path, body=body, identity=SITE_IDENTITY)
    assert (refused.status_code, error_code(refused)) == (status, code)


def test_api_version__that_does_not_exist__names_the_supported_ones(management: Start) -> None:
    arm = management("app-service")
    refused = arm.send("GET", VAULT, "2020-01-01")
    assert (refused.status_code, error_code(refused)) == (404, "InvalidResourceType")
    assert "The supported api-versions are '2014-12-19-preview," in refused.json()["error"]["message"]
    refused = arm.send("GET", "/subscriptions", "2001-01-01")
    assert (refused.status_code, error_code(refused)) == (400, "InvalidApiVersionParameter")


def test_developer__owns_the_subscription_but_has_no_data_access(management: Start) -> None:
    arm = management("no-role")
    assert arm.send("GET", VAULT, identity=DEVELOPER).status_code == 200
    assert arm.send("GET", VAULT, identity=SITE_IDENTITY).status_code == 403


def test_vault__delete_recover_and_purge(management: Callable[..., Management]) -> None:
    arm = management("app-service")
    deleted = f"/subscriptions/{PRODUCTION.id}/providers/Microsoft.KeyVault/locations/westeurope/deletedVaults/contoso"
    properties = {"tenantId": CONTOSO.id, "sku": {"family": "A", "name": "standard"}, "enableRbacAuthorization": True}
    body = {"location": "westeurope", "properties": properties}
    assert arm.send("GET", deleted).status_code == 404
    assert [arm.send("DELETE", VAULT).status_code for _ in range(2)] == [200, 204]
    assert arm.send("GET", VAULT).status_code == 404
    assert arm.send("GET", deleted).json()["properties"]["vaultId"] == VAULT
    assert error_code(arm.send("PUT", VAULT, body=body)) == "ConflictError"
    recover = {"location": "westeurope", "properties": {**properties, "createMode": "recover"}}
    assert arm.send("PUT", VAULT, body=recover).status_code in (200, 201)
    assert arm.azure.vault()["demo"] == arm.azure.secret_value
    arm.send("DELETE", VAULT)
    everywhere = deleted.replace("/locations/westeurope", "").rpartition("/")[0]
    assert [item["name"] for item in arm.send("GET", everywhere).json()["value"]] == ["contoso"]
    assert arm.send("POST", f"{deleted}/purge").status_code == 200
    assert error_code(arm.send("POST", f"{deleted}/purge")) == "DeletedVaultNotFound"
    assert arm.send("PUT", VAULT, body={**body, "location": "northeurope"}).status_code == 201
    assert list(arm.azure.vault("contoso")) == []
    arm.azure.reset()
    assert arm.azure.vault()["demo"] == arm.azure.secret_value


@pytest.mark.parametrize("text", ['{"tags": {"a": 1e999}}', '{"tags": NaN}', '{"tags": {"a": "\\ud800"}}'])
def test_body__numbers_and_characters_that_json_cannot_represent(
    management: Callable[..., Management], text: str
) -> None:
    response = management("app-service").send("PATCH", VAULT, content=text.encode())
    assert response.status_code == (200 if "ud800" in text else 400)
