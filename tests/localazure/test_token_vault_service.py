"""The retired Token Vault service, as its samples used it."""

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
def send(
    start_scenario: Callable[..., LocalAzure], http_client: Callable[[LocalAzure], httpx.Client]
) -> Callable[..., httpx.Response]:
    client = http_client(start_scenario("token-vault"))

    def request(
        method: str, url: str, audience: str = "https://tokenvault.azure.net", **options: object
    ) -> httpx.Response:
        token = DefaultAzureCredential().get_token(f"{audience}/.default").token
        return client.request(method, url, headers={"Authorization": f"Bearer {token}"}, **options)

    return request


@pytest.mark.parametrize(("host", "audience"), [(VAULT, "https://tokenvault.azure.net"), (STORE, STORE)])
def test_post__returns_the_access_token(send: Callable[..., httpx.Response], host: str, audience: str) -> None:
    response = send("POST", host + TOKEN, audience).json()
    assert response.keys() == {"Value", "ExpiresIn"}
    assert response["Value"]["AccessToken"]


def test_wrong_audience__401(send: Callable[..., httpx.Response]) -> None:
    assert send("POST", VAULT + TOKEN, "https://vault.azure.net").status_code == 401
    assert send("POST", STORE + TOKEN).status_code == 401


def test_new_token__needs_a_sign_in(send: Callable[..., httpx.Response]) -> None:
    new = VAULT + "/services/dropbox/tokens/new"
    assert send("POST", new).status_code == 404
    assert send("PUT", new, json={"properties": {"displayName": "New"}}).status_code == 201
    properties = send("GET", new).json()["properties"]
    assert (properties["displayName"], properties["status"]["error"]["code"]) == ("New", "Unauthenticated")
    assert properties["loginUri"].startswith(new)
    assert send("POST", new).status_code == 401
    names = [token["name"] for token in send("GET", VAULT + "/services/dropbox/tokens").json()["value"]]
    assert names == ["sampleToken", "new"]
    assert send("DELETE", new).status_code == 204
    assert send("GET", new).status_code == 404


@pytest.mark.parametrize("body", [b"no json", b"[]", b'{"properties": 1}'])
def test_put__invalid_body__400(send: Callable[..., httpx.Response], body: bytes) -> None:
    assert send("PUT", VAULT + TOKEN, content=body).status_code == 400


def test_other_scenarios__have_no_token_vault(
    start_scenario: Callable[..., LocalAzure], http_client: Callable[[LocalAzure], httpx.Client]
) -> None:
    client = http_client(start_scenario("app-service"))
    with pytest.raises(httpx.ProxyError):
        client.post(VAULT + TOKEN)
