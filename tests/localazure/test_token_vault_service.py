"""The retired Token Vault, as its samples used it."""

from collections.abc import Callable

import httpx
import pytest
from azure.identity import DefaultAzureCredential

from localazure import LocalAzure

pytest_plugins = ["scenario_fixtures"]

VAULT = "https://contoso.westcentralus.tokenvault.azure.net"
STORE = "https://contoso.tokenstore.azure.net"
TOKEN = "/services/dropbox/tokens/sampleToken"


@pytest.fixture
def ask(
    start_scenario: Callable[..., LocalAzure], http_client: Callable[[LocalAzure], httpx.Client]
) -> Callable[..., httpx.Response]:
    client = http_client(start_scenario("token-vault"))

    def request(
        method: str, url: str, audience: str = "https://tokenvault.azure.net", **more: object
    ) -> httpx.Response:
        token = DefaultAzureCredential().get_token(f"{audience}/.default").token
        return client.request(method, url, headers={"Authorization": f"Bearer {token}"}, **more)

    return request


@pytest.mark.parametrize(("host", "audience"), [(VAULT, "https://tokenvault.azure.net"), (STORE, STORE)])
def test_a_post_with_an_empty_body_gives_the_token(
    ask: Callable[..., httpx.Response], host: str, audience: str
) -> None:
    answer = ask("POST", host + TOKEN, audience).json()
    assert answer.keys() == {"Value", "ExpiresIn"}
    assert answer["Value"]["AccessToken"]


def test_a_token_for_another_audience_is_refused(ask: Callable[..., httpx.Response]) -> None:
    assert ask("POST", VAULT + TOKEN, "https://vault.azure.net").status_code == 401
    assert ask("POST", STORE + TOKEN).status_code == 401


def test_a_new_token_waits_for_somebody_to_sign_in(ask: Callable[..., httpx.Response]) -> None:
    new = VAULT + "/services/dropbox/tokens/new"
    assert ask("POST", new).status_code == 404
    assert ask("PUT", new, json={"properties": {"displayName": "New"}}).status_code == 201
    properties = ask("GET", new).json()["properties"]
    assert (properties["displayName"], properties["status"]["error"]["code"]) == ("New", "Unauthenticated")
    assert properties["loginUri"].startswith(new)
    assert ask("POST", new).status_code == 401
    names = [kept["name"] for kept in ask("GET", VAULT + "/services/dropbox/tokens").json()["value"]]
    assert names == ["sampleToken", "new"]
    assert ask("DELETE", new).status_code == 204
    assert ask("GET", new).status_code == 404


@pytest.mark.parametrize("body", [b"no json", b"[]", b'{"properties": 1}'])
def test_a_body_that_is_wrong_is_refused(ask: Callable[..., httpx.Response], body: bytes) -> None:
    assert ask("PUT", VAULT + TOKEN, content=body).status_code == 400


def test_nowhere_else_is_there_a_token_vault(
    start_scenario: Callable[..., LocalAzure], http_client: Callable[[LocalAzure], httpx.Client]
) -> None:
    client = http_client(start_scenario("app-service"))
    with pytest.raises(httpx.ProxyError):
        client.post(VAULT + TOKEN)
