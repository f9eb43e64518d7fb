"""Token check: the principal of the token, and the cause if no token was obtained."""

import json
import re

import pytest
from django.core.management import call_command
from django.test import Client

from localazure import LocalAzure
from secrets_app.conf.request import to_scope
from tests.conftest import World


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("https://management.azure.com", "https://management.azure.com/.default"),
        ("https://management.core.windows.net/", "https://management.core.windows.net//.default"),
        ("https://vault.azure.net/.default", "https://vault.azure.net/.default"),
        ("api://my-app", "api://my-app/.default"),
        ("api://my-app/read", "api://my-app/read"),
        ("cfa8b339-82a2-471a-a3c9-0fc0be7a4093", "cfa8b339-82a2-471a-a3c9-0fc0be7a4093/.default"),
    ],
)
def test_resource__becomes_the_default_scope(text: str, scope: str) -> None:
    assert to_scope(text) == scope


def seen(azure: LocalAzure, page: str) -> None:
    assert azure.tokens
    assert not [token for token in azure.tokens if token.text in page]


def test_page__shows_the_principal_and_never_the_token(world: World, client: Client) -> None:
    azure = world("app-service")
    page = client.get("/token/", {"scope": "https://management.azure.com"}).content.decode()
    assert "A token for https://management.azure.com/.default was issued." in page
    assert "Token issued to kvsite-demo (system-assigned managed identity)." in page
    assert "Principal Used: IsAuthenticated:True Type:App" in page
    assert not [request for request in azure.requests if "vault.azure.net" in str(request)]
    seen(azure, page)


def test_without_scope__shows_a_form_and_sends_no_request(world: World, client: Client) -> None:
    azure = world("app-service")
    page = client.get("/token/").content.decode()
    assert ">Token check</h1>" in page
    assert "Principal Used:" not in page
    assert azure.requests == ()


@pytest.mark.parametrize(
    ("scenario", "scope", "cause"),
    [
        ("service-principal-secret", "https://nowhere.example.com", "resource_not_in_tenant"),
        ("laptop", "https://nowhere.example.com", "resource_not_in_tenant"),
        ("service-principal-secret", "https://vault.azure.net/user_impersonation", "scope_invalid"),
        ("app-service", "two words", "scope_invalid"),
        ("app-service", " ", "scope_invalid"),
        ("laptop", "https://x;calc.exe", "scope_invalid"),
        ("laptop", "https://\u00e9.example", "scope_invalid"),
    ],
)
def test_invalid_scope__has_its_cause(world: World, client: Client, scenario: str, scope: str, cause: str) -> None:
    azure = world(scenario)
    document = client.get("/api/token", {"scope": scope}).json()
    assert document["ok"] is False
    assert document["hints"][0]["cause"] == cause
    if cause == "scope_invalid" and "/user" not in scope:
        assert azure.requests == ()


def test_app_service_without_reason__hint_suggests_the_unknown_resource(world: World, client: Client) -> None:
    world("app-service")
    document = client.get("/api/token", {"scope": "https://nowhere.example.com"}).json()
    assert [hint["cause"] for hint in document["hints"]][:2] == ["mi_endpoint_error", "resource_not_in_tenant"]


@pytest.mark.parametrize("scope", ["", " "])
def test_empty_form__has_a_message(world: World, client: Client, scope: str) -> None:
    azure = world("app-service")
    answer = client.get("/token/", {"scope": scope})
    assert answer.status_code == 400
    assert "Enter the resource to request a token for" in answer.content.decode()
    assert azure.requests == ()


def test_vault_settings__are_not_needed(world: World, client: Client, settings) -> None:
    world("app-service")
    settings.SECRETS_APP = {}
    assert client.get("/api/token", {"scope": "https://management.azure.com"}).json()["ok"] is True


def test_command__accepts_any_scope(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    azure = world("laptop")
    with pytest.raises(SystemExit) as ended:
        call_command("principal", scope="https://management.azure.com", json=True)
    assert ended.value.code == 0
    printed = capsys.readouterr().out
    assert json.loads(printed)["principal"]["type"] == "User"
    seen(azure, printed)


def test_malformed_scope__is_a_client_error(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world("laptop")
    with pytest.raises(SystemExit) as ended:
        call_command("principal", scope="two words")
    assert ended.value.code == 2
    assert "--scope is not a valid scope" in capsys.readouterr().out


@pytest.mark.parametrize("scenario", ["app-service", "laptop"])
def test_suggested_resources__exist_in_azure(world: World, client: Client, scenario: str) -> None:
    azure = world(scenario)
    offered = re.findall('<option value="([^"]+)"', client.get("/token/").content.decode())
    assert len(offered) >= 5
    for resource in offered:
        document = client.get("/api/token", {"scope": resource}).json()
        assert document["ok"] is True, resource
        assert document["principal"]["claims"]["aud"] == resource
    assert not [token for token in azure.tokens if token.text in str(document)]
