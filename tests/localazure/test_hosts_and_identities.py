"""Resource Manager: identities and app settings of hosts, user-assigned identities and their federated credentials."""

import subprocess
import sys
from collections.abc import Callable

import pytest
from azure.identity import DefaultAzureCredential
from azure.keyvault.secrets import SecretClient
from management_client import GROUP, Management, error_code

from localazure import LocalAzure
from localazure.scenarios.directory import CLUSTER_ISSUER, POD_IDENTITY, PRODUCTION, SHARED_IDENTITY, WRITER_IDENTITY

pytest_plugins = ["scenario_fixtures"]

Start = Callable[..., Management]
SITE = f"{GROUP}/providers/Microsoft.Web/sites/kvsite-demo"
MACHINE = f"{GROUP}/providers/Microsoft.Compute/virtualMachines/kvsite-vm"
IDENTITIES = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities"
CLUSTERS = f"{GROUP}/providers/Microsoft.ContainerService/managedClusters"
SITE_VERSION, MACHINE_VERSION, IDENTITY_VERSION = "2025-05-01", "2026-04-01", "2024-11-30"
SYSTEM = {"identity": {"type": "SystemAssigned"}}
READ = (
    "import os; from azure.identity import DefaultAzureCredential as D\n"
    "from azure.keyvault.secrets import SecretClient\n"
    "print(len(SecretClient(os.environ['KEY_VAULT_URI'], D()).get_secret(os.environ['SECRET_NAME']).value))"
)


def user_assigned(*identities: str) -> dict[str, object]:
    return {"type": "UserAssigned", "userAssignedIdentities": {f"{IDENTITIES}/{name}": {} for name in identities}}


def read_in_new_process(azure: LocalAzure) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", READ], env=azure.env, capture_output=True, text=True, timeout=50)


@pytest.mark.program
def test_site__with_a_new_identity_and_its_role__reads_the_secret(management: Start) -> None:
    arm = management("app-service-off")
    assert "identity" not in arm.send("GET", SITE, SITE_VERSION).json()
    assert "IDENTITY_ENDPOINT" not in arm.azure.env
    identity = arm.send("PATCH", SITE, SITE_VERSION, body=SYSTEM).json()["identity"]
    assert "Caller is not authorized to perform action on resource." in read_in_new_process(arm.azure).stderr
    arm.azure.grant(identity["principalId"])
    assert read_in_new_process(arm.azure).stdout == "32\n"


def test_site__app_settings_are_the_environment_of_the_next_process(management: Start) -> None:
    arm = management("app-service")
    path = f"{SITE}/config/appsettings"
    assert arm.send("POST", f"{path}/list", SITE_VERSION).json()["properties"] == {}
    changed = arm.send("PUT", path, SITE_VERSION, body={"properties": {"AZURE_CLIENT_ID": SHARED_IDENTITY.client_id}})
    assert changed.json()["properties"] == {"AZURE_CLIENT_ID": SHARED_IDENTITY.client_id}
    assert arm.azure.env["AZURE_CLIENT_ID"] == SHARED_IDENTITY.client_id


def test_machine__identity_takes_effect_without_a_restart(management: Start) -> None:
    arm = management("vm-no-identity")
    changed = arm.send("PATCH", MACHINE, MACHINE_VERSION, body={"identity": user_assigned("kvsite-reader")})
    assert list(changed.json()["identity"]["userAssignedIdentities"]) == [f"{IDENTITIES}/kvsite-reader"]
    arm.azure.grant(SHARED_IDENTITY)
    client = SecretClient(arm.azure.env["KEY_VAULT_URI"], DefaultAzureCredential(), retry_total=0)
    assert client.get_secret("demo").value == arm.azure.secret_value


def test_machine__patch_adds_and_removes_user_assigned_identities(management: Start) -> None:
    arm = management("vm-two-identities")
    removed = {"type": "UserAssigned", "userAssignedIdentities": {f"{IDENTITIES}/kvsite-writer": None}}
    changed = arm.send("PATCH", MACHINE, MACHINE_VERSION, body={"identity": removed}).json()["identity"]
    assert list(changed["userAssignedIdentities"]) == [f"{IDENTITIES}/kvsite-reader"]
    both = {**user_assigned("kvsite-writer"), "type": "SystemAssigned, UserAssigned"}
    changed = arm.send("PATCH", MACHINE, MACHINE_VERSION, body={"identity": both}).json()["identity"]
    assert (changed["type"], len(changed["userAssignedIdentities"])) == ("SystemAssigned, UserAssigned", 2)
    none = arm.send("PATCH", MACHINE, MACHINE_VERSION, body={"identity": {"type": "None"}})
    assert "identity" not in none.json()


@pytest.mark.parametrize(
    ("identity", "code"),
    [
        ({"type": "Magic"}, "InvalidIdentityType"),
        ({"type": "UserAssigned"}, "InvalidIdentityValues"),
        (user_assigned("unknown"), "FailedIdentityOperation"),
        ([], "InvalidRequestContent"),
    ],
)
def test_machine__invalid_identity__has_a_code(management: Start, identity: object, code: str) -> None:
    refused = management("vm").send("PATCH", MACHINE, MACHINE_VERSION, body={"identity": identity})
    assert (refused.status_code, error_code(refused)) == (400, code)


def test_identity__created_and_deleted(management: Start) -> None:
    arm = management("vm")
    path = f"{IDENTITIES}/batch"
    created = arm.send("PUT", path, IDENTITY_VERSION, body={"location": "westeurope"})
    assert (created.status_code, created.json()["id"]) == (201, path)
    listed = arm.send("GET", IDENTITIES, IDENTITY_VERSION).json()["value"]
    assert {item["name"] for item in listed} >= {"batch", SHARED_IDENTITY.name, WRITER_IDENTITY.name}
    assert arm.send("DELETE", path, IDENTITY_VERSION).status_code == 200
    assert error_code(arm.send("GET", path, IDENTITY_VERSION)) == "ResourceNotFound"


def test_federated_credential__for_the_subject__lets_the_pod_read(management: Start) -> None:
    arm = management("kubernetes-wrong-subject")
    (cluster,) = arm.send("GET", CLUSTERS, "2026-06-01").json()["value"]
    issuer = cluster["properties"]["oidcIssuerProfile"]["issuerURL"]
    assert issuer == CLUSTER_ISSUER
    credentials = f"{IDENTITIES}/{POD_IDENTITY.name}/federatedIdentityCredentials"
    properties = {"issuer": issuer, "subject": "system:serviceaccount:default:default"}
    body = {"properties": {**properties, "audiences": ["api://AzureADTokenExchange"]}}
    assert arm.send("PUT", f"{credentials}/default", IDENTITY_VERSION, body=body).status_code == 201
    client = SecretClient(arm.azure.env["KEY_VAULT_URI"], DefaultAzureCredential(), retry_total=0)
    assert client.get_secret("demo").value == arm.azure.secret_value
    again = arm.send("PUT", f"{credentials}/other", IDENTITY_VERSION, body=body)
    assert (again.status_code, error_code(again)) == (409, "Conflict")
    assert arm.send("DELETE", f"{credentials}/default", IDENTITY_VERSION).status_code == 200
    assert len(arm.send("GET", credentials, IDENTITY_VERSION).json()["value"]) == 1


def test_resources__of_the_scenario_are_listed(management: Start) -> None:
    arm = management("kubernetes")
    listed = arm.send("GET", f"{PRODUCTION.scope}/resources", "2021-04-01").json()["value"]
    assert {item["type"] for item in listed} == {
        "Microsoft.KeyVault/vaults",
        "Microsoft.ManagedIdentity/userAssignedIdentities",
        "Microsoft.ContainerService/managedClusters",
    }
    in_group = arm.send("GET", f"{GROUP}/resources", "2021-04-01", filter_="resourceGroup eq 'kvsite-rg'")
    assert len(in_group.json()["value"]) == len(listed)
