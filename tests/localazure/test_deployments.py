"""Deployments: the project's template makes vault, secret, site identity and role; invalid templates are refused."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from management_client import GROUP, Management, error_code

from localazure.scenarios.directory import CONTOSO, SITE_IDENTITY

pytest_plugins = ["scenario_fixtures"]

Start = Callable[..., Management]
TEMPLATE = json.loads((Path(__file__).resolve().parents[2] / "infra/azuredeploy.json").read_text(encoding="utf-8"))
DEPLOYMENT = f"{GROUP}/providers/Microsoft.Resources/deployments/first"
VERSION = "2025-04-01"
PARAMETERS = {
    "webSiteName": "kvsite-demo",
    "keyVaultName": "kv-from-template",
    "keyVaultSecret": "the deployed value",
    "passphrase": "twelve characters",
    "siteKey": "k" * 60,
}
READ = (
    "import os; from azure.identity import DefaultAzureCredential as D\n"
    "from azure.keyvault.secrets import SecretClient\n"
    "print(SecretClient(os.environ['KEY_VAULT_URI'], D()).get_secret(os.environ['SECRET_NAME']).value)"
)


def body(template: Any = TEMPLATE, **changes: Any) -> dict[str, Any]:
    values = {name: {"value": value} for name, value in (PARAMETERS | changes).items() if value is not None}
    parameters = values if template is TEMPLATE else {}
    return {"properties": {"mode": "Incremental", "template": template, "parameters": parameters}}


def template(*resources: object, **more: object) -> dict[str, object]:
    return {"resources": list(resources), **more}


@pytest.mark.program
def test_template__deployed__the_site_reads_its_secret(management: Start) -> None:
    arm = management("app-service-off")
    created = arm.send("PUT", DEPLOYMENT, VERSION, body=body())
    assert (created.status_code, created.json()["properties"]["provisioningState"]) == (201, "Succeeded")
    assert PARAMETERS["keyVaultSecret"] not in created.text
    outputs = created.json()["properties"]["outputs"]
    assert outputs["AZURE_KEY_VAULT_ENDPOINT"] == {
        "type": "String",
        "value": "https://kv-from-template.vault.azure.net/",
    }
    env = arm.azure.env
    assert env["KVSITE_EXPECTED_OBJECT_ID"] == outputs["SERVICE_WEB_IDENTITY_PRINCIPAL_ID"]["value"]
    done = subprocess.run([sys.executable, "-c", READ], env=env, capture_output=True, text=True, timeout=50)
    assert done.stdout == "the deployed value\n", done.stderr
    again = arm.send("PUT", DEPLOYMENT, VERSION, body=body())
    assert again.json()["properties"]["provisioningState"] == "Succeeded"
    assert arm.send("GET", DEPLOYMENT, VERSION).json()["name"] == "first"


@pytest.mark.program
def test_template__with_a_user_assigned_identity(management: Start) -> None:
    arm = management("app-service-off")
    created = arm.send("PUT", DEPLOYMENT, VERSION, body=body(userAssignedIdentityName="kvsite-site"))
    assert created.json()["properties"]["provisioningState"] == "Succeeded"
    identity = "D(managed_identity_client_id=os.environ['KVSITE_MANAGED_IDENTITY_CLIENT_ID'])"
    program = [sys.executable, "-c", READ.replace("D()", identity)]
    done = subprocess.run(program, env=arm.azure.env, capture_output=True, text=True, timeout=50)
    assert done.stdout == "the deployed value\n", done.stderr


def test_what_if__and_validate__change_nothing(management: Start) -> None:
    arm = management("app-service-off")
    changes = arm.send("POST", f"{DEPLOYMENT}/whatIf", VERSION, body=body())
    kinds = {
        change["resourceId"].rpartition("/")[2]: change["changeType"]
        for change in changes.json()["properties"]["changes"]
    }
    assert (kinds["kv-from-template"], kinds["kvsite-demo"]) == ("Create", "Modify")
    assert PARAMETERS["keyVaultSecret"] not in changes.text
    validated = arm.send("POST", f"{DEPLOYMENT}/validate", VERSION, body=body())
    assert validated.json()["properties"]["provisioningState"] == "Succeeded"
    vaults = arm.send("GET", f"{GROUP}/providers/Microsoft.KeyVault/vaults").json()["value"]
    assert [item["name"] for item in vaults] == ["contoso"]
    assert error_code(arm.send("GET", DEPLOYMENT, VERSION)) == "DeploymentNotFound"


PLAN = {"type": "Microsoft.Web/serverfarms", "apiVersion": "2025-03-01", "name": "p"}


@pytest.mark.parametrize(
    ("request_body", "reason"),
    [
        (body(webSiteName=None), "The value for the template parameter 'webSiteName' is not provided"),
        (body(skuName="X9"), "is not part of the allowed value(s): 'F1,"),
        (body(siteKey="short"), "Length of the value should be greater than or equal to '50'"),
        (body(keyVaultName=7), "Expected 'String, Uri'. Actual 'Integer'"),
        (body(colour="red"), "The template parameters 'colour' in the parameters file are not valid"),
        (body([]), "The template must be an object"),
        (body(template(7)), "Every resource must be an object"),
        (body(template({"type": "a/b", "name": "x"})), "has no 'apiVersion'"),
        (body(template({**PLAN, "name": "[magic()]"})), "The template function 'magic' is not valid"),
        (body(template({**PLAN, "name": "[concat('a',)]"})), "is not valid"),
        (body(template({**PLAN, "name": "[variables('x')]"})), "The template variable 'x' is not found"),
        (body(template({**PLAN, "name": "[tenant().nothing]"})), "expression property 'nothing' doesn't exist"),
        (body(template({**PLAN, "name": "[" + "not(" * 300 + ")" * 300 + "]"})), "nested too deeply"),
        (body(template(PLAN, parameters=[1])), "unexpected structure"),
        (body(template({**PLAN, "dependsOn": [f"{GROUP}/providers/Microsoft.Web/serverfarms/p"]})), "Circular"),
    ],
)  # fmt: skip
def test_invalid_template__is_refused_with_the_reason(management: Start, request_body: object, reason: str) -> None:
    arm = management("app-service")
    for path, method in ((DEPLOYMENT, "PUT"), (f"{DEPLOYMENT}/validate", "POST"), (f"{DEPLOYMENT}/whatIf", "POST")):
        refused = arm.send(method, path, VERSION, body=request_body)
        assert (refused.status_code, error_code(refused)) == (400, "InvalidTemplate")
        assert reason in refused.json()["error"]["message"]


def wrong_values() -> Iterator[tuple[str, object, str]]:
    """Each constraint of the project's template: the parameter, a value that breaks it, and Azure's words."""
    for name, declared in TEMPLATE["parameters"].items():
        yield name, {"a": 1}, "Template parameter JToken type is not valid."
        if "minLength" in declared:
            limit = declared["minLength"]
            yield name, "k" * (limit - 1), f"'{name}' is not valid. Length of the value should be greater than or equal"
        if "maxLength" in declared:
            limit = declared["maxLength"]
            yield name, "k" * (limit + 1), f"Length of the value should be less than or equal to '{limit}'. Please see"
        if "allowedValues" in declared:
            allowed = ",".join(declared["allowedValues"])
            yield name, "wrong", f"The value 'wrong' is not part of the allowed value(s): '{allowed}'"


def test_each_constraint_of_the_template__refuses_a_wrong_value(management: Start) -> None:
    arm = management("app-service-off")
    wrong = list(wrong_values())
    assert len(wrong) > len(TEMPLATE["parameters"]) + 8
    for name, value, reason in wrong:
        refused = arm.send("POST", f"{DEPLOYMENT}/validate", VERSION, body=body(**{name: value}))
        assert (refused.status_code, error_code(refused)) == (400, "InvalidTemplate"), (name, value)
        assert reason in refused.json()["error"]["message"]
        assert PARAMETERS["siteKey"] not in refused.text


def test_second_deployment__changes_nothing_and_loses_nothing(management: Start) -> None:
    """Without a value for the secret, which would be a new version of it."""
    arm = management("app-service-off")
    first = arm.send("PUT", DEPLOYMENT, VERSION, body=body()).json()["properties"]
    settings, vault = arm.azure.variables, arm.azure.vault("kv-from-template")
    vault["added-later"] = "kept"
    again = body(keyVaultSecret="")
    changes = arm.send("POST", f"{DEPLOYMENT}/whatIf", VERSION, body=again).json()["properties"]["changes"]
    kinds = {change["resourceId"].partition("/Microsoft.")[2]: change["changeType"] for change in changes}
    # App settings cannot be read with GET, so what-if cannot compare them.
    assert kinds.pop("Web/sites/kvsite-demo/config/appsettings") == "Unsupported"
    assert kinds
    assert set(kinds.values()) == {"NoChange"}, kinds
    second = arm.send("PUT", DEPLOYMENT, VERSION, body=again).json()["properties"]
    assert second["outputs"] == first["outputs"]
    assert arm.azure.variables == settings
    assert settings["SECRET_NAME"] == "demo"
    assert dict(vault) == {"demo": PARAMETERS["keyVaultSecret"], "added-later": "kept"}


def test_retention__of_an_existing_vault_cannot_be_changed(management: Start) -> None:
    arm = management("app-service-off")
    vault = {
        "location": "westeurope",
        "properties": {"tenantId": CONTOSO.id, "sku": {"family": "A", "name": "standard"}},
    }
    path = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-short"
    for days, status in ((6, 400), (7, 201), (7, 200), (8, 400)):
        sent = {**vault, "properties": {**vault["properties"], "softDeleteRetentionInDays": days}}
        answer = arm.send("PUT", path, body=sent)
        assert answer.status_code == status, answer.text
    assert "has been set already and it can't be modified" in answer.json()["error"]["message"]
    assert arm.send("GET", path).json()["properties"]["softDeleteRetentionInDays"] == 7


def test_type_that_is_not_deployed__and_missing_permission(management: Start) -> None:
    arm = management("app-service")
    unknown = body(template({"type": "Microsoft.Sql/servers", "apiVersion": "2024-01-01", "name": "s"}))
    refused = arm.send("POST", f"{DEPLOYMENT}/validate", VERSION, body=unknown)
    assert (refused.status_code, error_code(refused)) == (400, "NoRegisteredProviderFound")
    refused = arm.send("PUT", DEPLOYMENT, VERSION, identity=SITE_IDENTITY, body=body())
    assert (refused.status_code, error_code(refused)) == (403, "AuthorizationFailed")


def test_failed_resource__deployment_has_its_error(management: Start) -> None:
    arm = management("app-service")
    failed = arm.send("PUT", DEPLOYMENT, VERSION, body=body(keyVaultName="kv--x"))
    assert failed.json()["properties"]["provisioningState"] == "Failed"
    status = failed.headers["Azure-AsyncOperation"].removeprefix("https://management.azure.com").partition("?")[0]
    error = arm.send("GET", status, VERSION).json()["error"]
    assert (error["code"], error["details"][0]["code"]) == ("DeploymentFailed", "VaultNameNotValid")
