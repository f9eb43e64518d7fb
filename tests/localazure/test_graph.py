"""Microsoft Graph: users, applications with their secrets, service principals and errors."""

import time
from collections.abc import Callable

import httpx
import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ClientSecretCredential

from localazure import LocalAzure
from localazure.crypto.tokens import issue
from localazure.scenarios.directory import CONTOSO, DEVELOPER, SITE_APPLICATION, Identity

pytest_plugins = ["scenario_fixtures"]

GRAPH = "https://graph.microsoft.com"
APPLICATION = f"applications/{SITE_APPLICATION.registration_id}"
Send = Callable[..., httpx.Response]


@pytest.fixture
def azure(start_scenario: Callable[..., LocalAzure]) -> LocalAzure:
    return start_scenario("service-principal-expired-secret")


@pytest.fixture
def send(azure: LocalAzure, http_client: Callable[[LocalAzure], httpx.Client]) -> Send:
    client = http_client(azure)

    def send_request(
        method: str, path: str, *, identity: Identity = DEVELOPER, audience: str = GRAPH, json: object = None
    ) -> httpx.Response:
        token = issue(identity, tenant=CONTOSO, audience=audience, now_s=int(time.time())).text
        return client.request(method, f"{GRAPH}/v1.0/{path}", headers={"Authorization": f"Bearer {token}"}, json=json)

    return send_request


def sign_in(secret: str) -> str:
    credential = ClientSecretCredential(CONTOSO.id, SITE_APPLICATION.client_id, secret)
    return credential.get_token("https://vault.azure.net/.default").token


def test_added_secret__signs_in_until_it_is_removed(azure: LocalAzure, send: Send) -> None:
    with pytest.raises(ClientAuthenticationError, match="AADSTS7000222"):
        sign_in(azure.env["AZURE_CLIENT_SECRET"])
    added = send("POST", f"{APPLICATION}/addPassword", json={"passwordCredential": {"displayName": "rbac"}}).json()
    assert sign_in(added["secretText"])
    (application,) = send("GET", f"applications?$filter=appId eq '{SITE_APPLICATION.client_id}'").json()["value"]
    assert [item["displayName"] for item in application["passwordCredentials"]] == [None, "rbac"]
    assert added["secretText"] not in send("GET", APPLICATION).text
    assert send("POST", f"{APPLICATION}/removePassword", json={"keyId": added["keyId"]}).status_code == 204
    with pytest.raises(ClientAuthenticationError, match="AADSTS7000215"):
        sign_in(added["secretText"])


def test_me__is_the_developer(send: Send) -> None:
    assert send("GET", "me").json()["userPrincipalName"] == DEVELOPER.principal_name
    found = send("GET", f"users/{DEVELOPER.principal_name}").json()
    assert found["id"] == DEVELOPER.object_id


def test_service_principal__is_found_by_client_id(send: Send) -> None:
    names = f"servicePrincipalNames/any(c:c eq '{SITE_APPLICATION.client_id}')"
    (found,) = send("GET", f"servicePrincipals?$filter={names}").json()["value"]
    assert found["id"] == SITE_APPLICATION.object_id
    ids = {"ids": [DEVELOPER.object_id, SITE_APPLICATION.object_id, "unknown"]}
    objects = send("POST", "directoryObjects/getByIds", json=ids).json()["value"]
    assert [item["@odata.type"] for item in objects] == ["#microsoft.graph.user", "#microsoft.graph.servicePrincipal"]


@pytest.mark.parametrize(
    ("method", "path", "options", "status", "code"),
    [
        ("GET", "me", {"audience": "https://vault.azure.net"}, 401, "InvalidAuthenticationToken"),
        ("GET", "users", {"identity": SITE_APPLICATION}, 403, "Authorization_RequestDenied"),
        ("GET", "applications/unknown", {}, 404, "Request_ResourceNotFound"),
        ("GET", "users?$filter=startswith(displayName,'D')", {}, 400, "Request_UnsupportedQuery"),
        ("GET", "groups", {}, 400, "BadRequest"),
        ("POST", f"{APPLICATION}/addPassword", {"json": []}, 400, "BadRequest"),
        ("POST", f"{APPLICATION}/removePassword", {"json": {"keyId": "x"}}, 400, "Request_BadRequest"),
    ],
)
def test_error__has_graphs_format(
    send: Send, method: str, path: str, options: dict[str, object], status: int, code: str
) -> None:
    refused = send(method, path, **options)
    assert (refused.status_code, refused.json()["error"]["code"]) == (status, code)
    assert set(refused.json()["error"]["innerError"]) == {"date", "request-id", "client-request-id"}


SEED = """
[[application]]
name = "reader"
secret = "x"
graph-permissions = ["Application.Read.All"]
"""


def test_application_with_permission__reads_and_counts_but_does_not_write(
    start_scenario: Callable[..., LocalAzure], http_client: Callable[[LocalAzure], httpx.Client]
) -> None:
    azure = start_scenario("service-principal-secret", seed=SEED)
    reader = next(item.identity for item in azure.scenario.registrations if item.identity.name == "reader")
    client, token = http_client(azure), issue(reader, tenant=CONTOSO, audience=GRAPH, now_s=int(time.time())).text
    headers = {"Authorization": f"Bearer {token}"}
    count = f"{GRAPH}/v1.0/applications/$count"
    assert client.get(count, headers=headers).status_code == 400
    assert client.get(count, headers={**headers, "ConsistencyLevel": "eventual"}).text == "2"
    added = client.post(f"{GRAPH}/v1.0/{APPLICATION}/addPassword", headers=headers, json={})
    assert added.json()["error"]["code"] == "Authorization_RequestDenied"
