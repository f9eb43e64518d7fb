"""Causes in the settings: what the machine knows about itself becomes the main cause of a reading."""

import os
from typing import Any

import pytest

from secrets_app import conf
from secrets_app.conf.request import secret_request
from secrets_app.core.reading import Platform
from secrets_app.diagnosis.hints import with_subscription
from secrets_app.diagnosis.setting_causes import missing_service_principal_variables
from secrets_app.doctor.service import related_problems
from tests.conftest import World
from tests.support.readings import get_reading

ID = "41baaa1d-3381-4fb6-83c8-cc76b4500d0d"


def _reading_with_related() -> tuple[Any, list[str]]:
    reading = get_reading(conf.current())
    related = related_problems(reading.reading, reading.diagnosis, secret_request(conf.current()))
    return reading, [check.key for check in related]


@pytest.mark.parametrize(
    ("settings_set", "variables", "name"),
    [
        ({"KVSITE_CREDENTIAL": "dev"}, {}, "KVSITE_CREDENTIAL"),
        ({"KVSITE_CREDENTIAL": "azure-cli"}, {}, "KVSITE_CREDENTIAL"),
        ({}, {"AZURE_TOKEN_CREDENTIALS": "dev"}, "AZURE_TOKEN_CREDENTIALS"),
        ({}, {"AZURE_TOKEN_CREDENTIALS": "AzureCliCredential"}, "AZURE_TOKEN_CREDENTIALS"),
        ({"AzureServicesAuthConnectionString": "RunAs=Developer;DeveloperTool=AzureCli"}, {}, "AzureServicesAuth"),
    ],
)
def test_developer_tools_in_azure__are_the_main_cause(
    world: World, settings: Any, settings_set: dict[str, str], variables: dict[str, str], name: str
) -> None:
    world("app-service")
    settings.SECRETS_APP |= settings_set
    os.environ.update(variables)
    reading, related = _reading_with_related()
    assert reading.main_cause == "developer_credential_in_azure"
    assert reading.hints[0].title.startswith(name)
    assert {hint.cause for hint in reading.hints}.isdisjoint({"az_not_installed", "mi_identity_not_assigned"})
    assert related == []


@pytest.mark.parametrize(
    "variables",
    [
        {"AZURE_CLIENT_ID": ID, "AZURE_TENANT_ID": ID},
        {"AZURE_CLIENT_SECRET": "x" * 20, "AZURE_TENANT_ID": ID},
    ],
)
def test_half_a_service_principal__is_the_main_cause(world: World, variables: dict[str, str]) -> None:
    world("laptop-no-az")
    os.environ.update(variables)
    reading, related = _reading_with_related()
    assert reading.main_cause == "service_principal_incomplete"
    assert "Not set: AZURE_CLIENT_" in reading.hints[0].why
    assert related == []


@pytest.mark.parametrize(
    ("variables", "platform", "missing"),
    [
        ({}, Platform.UNKNOWN, None),
        ({"AZURE_CLIENT_ID": ID}, Platform.UNKNOWN, None),
        ({"AZURE_CLIENT_ID": ID, "AZURE_TENANT_ID": ID}, Platform.APP_SERVICE, None),
        ({"AZURE_CLIENT_SECRET": "x"}, Platform.APP_SERVICE, "AZURE_CLIENT_ID and AZURE_TENANT_ID"),
        ({"AZURE_CLIENT_SECRET": "x", "AZURE_CLIENT_ID": ID, "AZURE_TENANT_ID": ID}, Platform.UNKNOWN, None),
    ],
)
def test_missing_variables__are_named(variables: dict[str, str], platform: Platform, missing: str | None) -> None:
    assert missing_service_principal_variables(variables, platform) == missing


def test_expired_client_secret__names_the_application(world: World) -> None:
    azure = world("service-principal-expired-secret")
    reading = get_reading(conf.current())
    client_id = azure.env["AZURE_CLIENT_ID"]
    hops = reading.as_json()["hops"]
    assert f"as application {client_id}" in hops[1]["detail"]
    assert hops[2]["code"] == "AADSTS7000222"


def test_machine_without_az__installs_it_first(world: World) -> None:
    world("laptop-no-az")
    commands = get_reading(conf.current()).hints[0].commands
    assert "az login" not in commands[0]
    assert "azure" in commands[0].lower()
    assert commands[1].startswith("az login")


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("az keyvault set-policy --name x", f" --subscription {ID}"),
        ("az webapp identity assign --name x", " --subscription 22222222-3381-4fb6-83c8-cc76b4500d0d"),
        ("az keyvault secret list --vault-name x", ""),
        (f"az role assignment create --scope /subscriptions/{ID}/x", ""),
        ("az login", ""),
    ],
)
def test_known_subscription__is_in_the_command(command: str, expected: str) -> None:
    values = {
        "vault_id": f"/subscriptions/{ID}/resourceGroups/x",
        "subscription": "22222222-3381-4fb6-83c8-cc76b4500d0d",
    }
    assert with_subscription(command, values) == command + expected
