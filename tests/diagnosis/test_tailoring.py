"""Causes are tailored to the case: no advice that cannot help, none that grants more access than needed."""

import os
from typing import Any

import pytest
from django.test import Client

from localazure.scenarios.directory import POD_IDENTITY, SHARED_IDENTITY
from secrets_app.diagnosis.explain import explain
from tests.conftest import World

FOREIGN = "11111111-2222-4333-8444-555555555555"
NOWHERE = "https://nowhere.example.com"
BARE = "database.windows.net"


def _first_hint(client: Client, path: str = "/api/reading", **given: str) -> dict[str, Any]:
    return client.get(path, given).json()["hints"][0]


@pytest.mark.parametrize(
    ("settings_of_site", "given", "chosen"),
    [
        ({"KVSITE_CREDENTIAL": "managed-identity"}, {}, "KVSITE_CREDENTIAL"),
        ({"AzureServicesAuthConnectionString": "RunAs=App"}, {}, "AzureServicesAuthConnectionString"),
        ({}, {"userAssignedClientId": FOREIGN}, "The address"),
    ],
)
def test_laptop_with_managed_identity_only__hint_does_not_mention_az_login(
    world: World, client: Client, settings: Any, settings_of_site: dict[str, str], given: dict[str, str], chosen: str
) -> None:
    world("laptop")
    settings.SECRETS_APP |= settings_of_site
    hint = _first_hint(client, **given)
    assert hint["why"].startswith(f"{chosen} allows only the managed identity, and this machine has none, ")
    assert "az login" not in str(hint)
    assert "python manage.py principal --credential azure-cli" in hint["commands"]
    assert (f"unset {chosen}" in hint["commands"]) is bool(settings_of_site)


def test_laptop_with_half_of_the_chain__hint_enables_the_other_half(world: World, client: Client) -> None:
    world("laptop")
    os.environ["AZURE_TOKEN_CREDENTIALS"] = "prod"
    hint = _first_hint(client)
    assert hint["why"].startswith("AZURE_TOKEN_CREDENTIALS=prod excludes developer tools")
    assert hint["commands"][0] == "unset AZURE_TOKEN_CREDENTIALS"
    assert "az login" not in str(hint)


def test_laptop_with_powershell_only__hint_enables_az(world: World, client: Client, settings: Any) -> None:
    world("laptop")
    settings.SECRETS_APP |= {"KVSITE_CREDENTIAL": "azure-powershell"}
    hint = _first_hint(client)
    assert hint["cause"] == "powershell_not_installed"
    assert hint["commands"] == ["python manage.py principal --credential azure-cli"]


def test_laptop_with_az__hint_is_az_login(world: World, client: Client) -> None:
    world("laptop-signed-out")
    assert _first_hint(client)["commands"][0].startswith("az login --tenant ")


def test_pod_with_wrong_service_account__hint_fixes_it_before_adding_trust(world: World, client: Client) -> None:
    world("kubernetes-wrong-subject")
    hint = _first_hint(client)
    assert hint["why"] == (
        "The pod signed in as system:serviceaccount:default:default, which is not the subject of any federated "
        "credential."
    )
    assert hint["fix"].startswith("Either assign the pod the service account that is listed, or, if this one is ")
    assert hint["commands"][0] == "kubectl get pod <pod> -o jsonpath='{.spec.serviceAccountName}'"
    assert "federated-credential list" in hint["commands"][1]
    assert f"--id {POD_IDENTITY.client_id}" in hint["commands"][2]
    assert [command for command in hint["commands"] if " create " in command] == hint["commands"][-1:]


def test_pipeline_without_federated_credential__hint_does_not_mention_pods() -> None:
    text = "AADSTS700213: No matching federated identity record found for presented assertion subject 'repo:a/b:ref'."
    assert "kubectl" not in str(explain(text).hints[0])


@pytest.mark.parametrize("scenario", ["laptop", "app-service"])
def test_token_check__hint_names_the_resource_instead_of_key_vault(world: World, client: Client, scenario: str) -> None:
    world(scenario)
    document = client.get("/api/token", {"scope": NOWHERE}).json()
    known = next(hint for hint in document["hints"] if hint["cause"] == "resource_not_in_tenant")
    assert known["why"].startswith(f"Microsoft Entra ID has no resource {NOWHERE} in this tenant.")
    assert known["fix"].startswith("Check the spelling, including https://. For your own API")
    output = str([(hint["why"], hint["fix"], hint["commands"]) for hint in document["hints"]])
    assert "vault.azure.net" not in output
    assert "restart" not in output


@pytest.mark.parametrize("scenario", ["laptop", "app-service"])
def test_token_check_for_a_bare_host__hint_suggests_its_url(world: World, client: Client, scenario: str) -> None:
    world(scenario)
    assert f"Did you mean https://{BARE}?" in _first_hint(client, "/api/token", scope=BARE)["fix"]


@pytest.mark.parametrize(("scenario", "of_this_host"), [("vm-two-identities", "az vm "), ("app-service", "az webapp ")])
def test_unattached_identity__hint_keeps_system_assigned_off(
    world: World, client: Client, scenario: str, of_this_host: str
) -> None:
    world(scenario)
    hint = _first_hint(client, userassignedid=FOREIGN)
    assert hint["cause"] == "mi_identity_not_assigned"
    (assign,) = [command for command in hint["commands"] if " assign " in command]
    assert assign.startswith(of_this_host)
    assert " --identities <resource-id-of-the-identity>" in assign
    by_resource = SHARED_IDENTITY.resource_id.replace("kvsite-reader", "kvsite-stranger")
    assert f"--identities {by_resource}" in str(_first_hint(client, userassignedid=by_resource)["commands"])


def test_virtual_machine_without_identity__hint_does_not_mention_app_service(world: World, client: Client) -> None:
    world("vm-no-identity")
    assert _first_hint(client)["commands"] == [
        "az vm identity assign --resource-group <resource-group> --name <resource-name>"
    ]


@pytest.mark.parametrize(
    ("settings_of_site", "named"),
    [
        ({}, "AZURE_CLIENT_ID"),
        ({"KVSITE_CREDENTIAL": "managed-identity"}, "KVSITE_MANAGED_IDENTITY_CLIENT_ID"),
        ({"AzureServicesAuthConnectionString": "RunAs=App"}, "AppId in AzureServicesAuthConnectionString"),
    ],
)
def test_several_identities__hint_lists_them_and_the_setting(
    world: World, client: Client, settings: Any, settings_of_site: dict[str, str], named: str
) -> None:
    world("vm-two-identities")
    settings.SECRETS_APP |= settings_of_site
    hint = _first_hint(client)
    assert hint["fix"] == f"Specify the identity to use: set {named} to its client ID."
    assert hint["commands"][0].startswith("az vm identity show ")
    assert hint["commands"][1].startswith("export ")
    assert named.split()[-1] in hint["commands"][1]
