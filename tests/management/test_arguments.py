"""`manage.py principal` with arguments that select the identity: they override settings and are named in errors."""

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.conftest import World

ID = "11111111-2222-3333-4444-555555555555"
RESOURCE_ID = f"/subscriptions/{ID}/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/none"


def principal(*arguments: str) -> tuple[int, str]:
    """Exit code and standard output."""
    output, errors = io.StringIO(), io.StringIO()
    with redirect_stdout(output), redirect_stderr(errors), pytest.raises(SystemExit) as ended:
        call_command("principal", *arguments)
    assert errors.getvalue() == ""
    return int(ended.value.code or 0), output.getvalue()


def reading(*arguments: str) -> tuple[int, dict[str, Any]]:
    code, output = principal(*arguments, "--json")
    return code, json.loads(output)


def test_credential_argument__is_the_only_one_tried(world: World) -> None:
    world("laptop")
    code, document = reading("--credential", "az")
    assert code == 0
    assert [attempt["credential"] for attempt in document["attempts"]] == ["AzureCliCredential"]
    assert document["chosen_by"] == "--credential azure-cli: only Azure CLI is tried."


@pytest.mark.parametrize(
    "words",
    [
        {"KVSITE_CREDENTIAL": "environment"},
        {"KVSITE_CREDENTIAL": "nonsense"},
        {"KVSITE_EXCLUDE_CREDENTIALS": "az"},
        {"KVSITE_EXCLUDE_CREDENTIALS": "nonsense"},
        {"AzureServicesAuthConnectionString": "RunAs=App"},
        {"KVSITE_CONNECTION_STRING": "RunAs=Nobody"},
    ],
)
def test_argument__overrides_the_settings(world: World, settings: Any, words: dict[str, str]) -> None:
    world("laptop")
    settings.SECRETS_APP |= words
    assert principal("--credential", "az")[0] == 0


def test_chain_argument__keeps_the_excluded_credentials(world: World, settings: Any) -> None:
    world("laptop")
    settings.SECRETS_APP["KVSITE_EXCLUDE_CREDENTIALS"] = "az"
    code, document = reading("--credential", "dev")
    assert code == 1
    assert "AzureCliCredential" not in [attempt["credential"] for attempt in document["attempts"]]


@pytest.mark.parametrize(("argument", "attribute"), [("--client-id", "client_id"), ("--object-id", "object_id")])
def test_identity_argument__is_used(world: World, argument: str, attribute: str) -> None:
    azure = world("vm-two-identities")
    wanted = azure.scenario.identities[-1]
    _, document = reading(argument, getattr(wanted, attribute))
    assert document["principal"]["object_id"] == wanted.object_id
    assert [attempt["credential"] for attempt in document["attempts"]] == ["ManagedIdentityCredential"]
    assert document["chosen_by"] == f"{argument}: only the managed identity is tried."


def test_identity_argument__overrides_the_settings(world: World, settings: Any) -> None:
    azure = world("vm-two-identities")
    wanted = azure.scenario.identities[-1]
    settings.SECRETS_APP |= {"KVSITE_CREDENTIAL": "az", "KVSITE_MANAGED_IDENTITY_OBJECT_ID": ID}
    _, document = reading("--client-id", wanted.client_id)
    assert document["principal"]["object_id"] == wanted.object_id


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--credential", "azz"), "--credential contains 'azz', which is not a supported credential."),
        (("--credential", ""), "--credential contains"),
        (("--credential", "default,az"), "--credential combines default with other credentials"),
        (("--credential", "client-secret"), "KVSITE_TENANT_ID is not set, but client-secret requires it."),
        (("--client-id", "123"), "--client-id is not a valid client ID"),
        (("--object-id", ""), "--object-id is not a valid object ID"),
        (("--resource-id", "/subscriptions/1"), "--resource-id is not the resource ID"),
    ],
)
def test_invalid_argument__is_exit_2_and_named(world: World, arguments: tuple[str, ...], expected: str) -> None:
    azure = world("app-service")
    code, output = principal(*arguments)
    assert code == 2
    assert expected in output
    assert "KVSITE_CREDENTIAL" not in output
    assert azure.requests == ()


def test_unknown_resource_id__is_requested_and_rejected(world: World) -> None:
    world("app-service")
    code, document = reading("--resource-id", RESOURCE_ID)
    assert code == 1
    assert document["principal"] is None


@pytest.mark.parametrize("both", [("--client-id", "--object-id"), ("--resource-id", "--client-id")])
def test_two_ids__are_rejected(both: tuple[str, str]) -> None:
    with pytest.raises(CommandError, match="not allowed with argument"):
        call_command("principal", both[0], ID, both[1], ID)


def test_id_with_another_credential__is_rejected() -> None:
    with pytest.raises(CommandError, match="selects another credential") as refused:
        call_command("principal", "--client-id", ID, "--credential", "az")
    assert refused.value.returncode == 2


def test_id_with_managed_identity__is_accepted(world: World) -> None:
    azure = world("vm-two-identities")
    wanted = azure.scenario.identities[-1].client_id
    assert reading("--client-id", wanted, "--credential", "managed-identity")[1]["principal"]["app_id"] == wanted


@pytest.mark.parametrize("vault", ["contoso", "https://contoso.vault.azure.net/"])
def test_vault_argument__needs_no_setting(world: World, settings: Any, vault: str) -> None:
    world("app-service")
    settings.SECRETS_APP = {}
    code, document = reading("--vault", vault, "--secret", "demo")
    assert (code, document["vault_url"], document["ok"]) == (0, "https://contoso.vault.azure.net", True)


@pytest.mark.parametrize("vault", ["", "a_b", "https://example.org"])
def test_invalid_vault_argument__is_named_and_not_replaced_by_the_setting(world: World, vault: str) -> None:
    world("app-service")
    code, document = reading("--vault", vault)
    assert (code, document["vault_url"], document["failure"]["stage"]) == (2, None, "configuration")
    assert document["hints"][0]["title"].startswith("--vault ")


def test_vault_argument__contradicts_a_secret_identifier(world: World) -> None:
    world("app-service")
    with pytest.raises(CommandError, match="Remove --vault"):
        call_command("principal", "--vault", "contoso", "--secret", "https://contoso.vault.azure.net/secrets/demo")
