"""The deployment templates: known types and properties, current API versions, and both forms alike."""

import json
import os
import re
import subprocess
from pathlib import Path
from urllib.parse import unquote

import pytest
import yaml

from secrets_app.conf.access import AccessMode
from secrets_app.conf.schema import SETTINGS
from tests.deployment.resource_types import TYPES
from tests.deployment.templates import EXPRESSION, INFRA, Template, arm_template, bicep_template

ID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
PLATFORM_SETTINGS = {"SCM_DO_BUILD_DURING_DEPLOYMENT", "AZURE_TOKEN_CREDENTIALS"}
RETIRED_KEY_VAULT_VERSIONS = "2026-02-01"
"""Key Vault control-plane API versions before it stop on 2027-02-27."""


@pytest.fixture(params=["azuredeploy.json", "main.bicep"])
def template(request: pytest.FixtureRequest) -> Template:
    return {"azuredeploy.json": arm_template, "main.bicep": bicep_template}[request.param]()


@pytest.mark.parametrize("name", ["azuredeploy.json", "main.bicep", "container-app.bicep"])
def test_resources__have_known_types_properties_and_current_versions(name: str) -> None:
    template = arm_template() if name == "azuredeploy.json" else bicep_template(name)
    assert template.resources
    for resource in template.resources:
        known = TYPES[resource.type]
        assert resource.api_version == known.api_version, resource.type
        assert known.required <= resource.properties, resource.type
        assert resource.properties <= known.required | known.optional, resource.type
        if resource.type.startswith("Microsoft.KeyVault/"):
            assert resource.api_version >= RETIRED_KEY_VAULT_VERSIONS


def test_both_forms__state_the_same() -> None:
    arm, bicep = arm_template(), bicep_template()
    assert arm.parameters == bicep.parameters
    assert [(one.type, one.paths, one.conditional) for one in arm.resources] == [
        (one.type, one.paths, one.conditional) for one in bicep.resources
    ]
    assert arm.outputs == bicep.outputs
    assert arm.settings == bicep.settings


def test_app_settings__are_settings_of_the_site(template: Template) -> None:
    assert template.settings - PLATFORM_SETTINGS <= SETTINGS.keys()
    assert "KVSITE_SECRET_KEY" in template.settings


def test_access__offers_the_modes_for_other_machines(template: Template) -> None:
    assert set(template.parameters["access"]["allowed"]) == {mode.value for mode in AccessMode} - {"loopback"}  # type: ignore[call-overload]


def test_secrets__are_secure_parameters_and_no_output(template: Template) -> None:
    secure = {name for name, row in template.parameters.items() if row["secure"]}
    assert secure == {"keyVaultSecret", "passphrase", "siteKey"}
    outputs = json.dumps(json.loads((INFRA / "azuredeploy.json").read_text())["outputs"])
    assert not any(f"'{name}'" in outputs for name in secure)


def test_container_app__reads_existing_settings_and_has_no_value_of_a_secret() -> None:
    (app,) = (
        one for one in bicep_template("container-app.bicep").resources if one.type == "Microsoft.App/containerApps"
    )
    env = "properties.template.containers[0].env"
    names = {path: value for path, value in app.paths.items() if re.fullmatch(re.escape(env) + r"\[\d+\]\.name", path)}
    platform = {"AZURE_TOKEN_CREDENTIALS", "FORWARDED_ALLOW_IPS"}
    assert {str(name) for name in names.values()} - platform <= SETTINGS.keys()
    secret = {
        path.rpartition(".")[0]
        for path, name in names.items()
        if SETTINGS.get(str(name), SETTINGS["SECRET_NAME"]).is_secret
    }
    assert secret
    assert all(f"{path}.secretRef" in app.paths and f"{path}.value" not in app.paths for path in secret)
    probes = [value for path, value in app.paths.items() if path.endswith("httpGet.path")]
    assert probes == ["/healthz", "/healthz"]


def test_role__is_key_vault_secrets_user_on_the_vault_only() -> None:
    for template in (arm_template(), bicep_template(), bicep_template("container-app.bicep")):
        (role,) = (one for one in template.resources if one.type.endswith("/roleAssignments"))
        assert role.paths["properties.principalType"] == "ServicePrincipal"
        assert role.paths["scope"] == EXPRESSION
    for name in ("main.bicep", "container-app.bicep", "azuredeploy.json"):
        text = (INFRA / name).read_text()
        assert set(re.findall(ID, text)) == {"4633458b-17de-408a-b874-0445c86b69e6"}
    assert re.findall(r"scope: (\w+)", (INFRA / "container-app.bicep").read_text()) == ["vault"]


def test_portal_form__asks_for_every_required_parameter() -> None:
    parameters = arm_template().parameters
    form = json.loads((INFRA / "createUiDefinition.json").read_text())
    outputs = form["parameters"]["outputs"]
    elements = {step["name"]: {one["name"] for one in step["elements"]} for step in form["parameters"]["steps"]}
    elements["basics"] = {one["name"] for one in form["parameters"]["basics"]}
    assert outputs.keys() <= parameters.keys()
    assert {name for name, row in parameters.items() if row["required"]} <= outputs.keys()
    for value in outputs.values():
        for step, name in re.findall(r"steps\('(\w+)'\)\.(\w+)", value):
            assert name in elements[step]
        for name in re.findall(r"basics\('(\w+)'\)", value):
            assert name in elements["basics"]


def test_azd_parameters__exist_and_secrets_come_from_the_environment() -> None:
    parameters = arm_template().parameters
    given = json.loads((INFRA / "main.parameters.json").read_text())["parameters"]
    assert given.keys() <= parameters.keys()
    for name, row in given.items():
        assert re.fullmatch(r"\$\{[A-Z_]+(=[\w-]+)?\}", row["value"]), name
        assert not (parameters[name]["secure"] and "=" in row["value"]), name


AZD = """#!/bin/sh
# Keeps one value, as `azd env` does in .azure/<environment>/.env.
case "$1 $2" in
  "env get-value") cat "$STORE" ;;
  "env set") printf '%s' "$4" > "$STORE" ;;
esac
"""


def test_azd_hooks__create_the_site_key_once_and_name_the_address(tmp_path: Path) -> None:
    hooks = yaml.safe_load((INFRA.parent / "azure.yaml").read_text())["hooks"]
    (tmp_path / "azd").write_text(AZD)
    (tmp_path / "azd").chmod(0o700)
    store = tmp_path / "store"
    env = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "STORE": str(store), "SERVICE_WEB_URI": "https://x.example"}
    keys = []
    for _ in range(2):
        subprocess.run(["sh", "-e", "-c", hooks["preprovision"]["posix"]["run"]], env=env, check=True, timeout=20)
        keys.append(store.read_text())
    assert len(keys[0]) >= int(str(arm_template().parameters["siteKey"]["min"]))
    assert keys[0] == keys[1]
    command = ["sh", "-e", "-c", hooks["postdeploy"]["posix"]["run"]]
    said = subprocess.run(command, env=env, check=True, timeout=20, stdout=subprocess.PIPE, text=True).stdout
    assert said.startswith("Open https://x.example: it shows when the role assignment has taken effect")


def test_buttons__name_files_of_the_repository() -> None:
    text = (INFRA.parent / "docs" / "deploying.md").read_text()
    addresses = re.findall(r"raw\.githubusercontent\.com%2F<owner>%2F<repository>%2Fmain%2F([\w.%]+)", text)
    assert [unquote(path) for path in addresses] == [
        "infra/azuredeploy.json", "infra/createUiDefinition.json", "infra/azuredeploy.json",
    ]  # fmt: skip
    assert all((INFRA.parent / unquote(path)).is_file() for path in addresses)
