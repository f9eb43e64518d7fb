"""Sign-in in a browser (authorization code) and from Azure Pipelines (ID token)."""

import base64
import hashlib
import re
from collections.abc import Callable

import httpx
import pytest

from localazure import LocalAzure
from localazure.scenarios.directory import AZURE_CLI_CLIENT_ID, SERVICE_CONNECTION_ID

pytest_plugins = ["scenario_fixtures"]

StartScenario = Callable[..., LocalAzure]
HttpClientFactory = Callable[[LocalAzure], httpx.Client]

AUTHORITY = "https://login.microsoftonline.com/organizations/oauth2/v2.0"
VERIFIER = "a-verifier-of-at-least-forty-three-characters-x"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
AUTHORIZATION_QUERY = {
    "client_id": AZURE_CLI_CLIENT_ID,
    "response_type": "code",
    "response_mode": "form_post",
    "redirect_uri": "http://localhost:8400",
    "scope": "https://vault.azure.net/.default openid",
    "state": "x",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}


def authorization_code(client: httpx.Client) -> str:
    page = client.get(f"{AUTHORITY}/authorize", params=AUTHORIZATION_QUERY).text
    found = re.search(r'name="code" value="([^"]+)"', page)
    assert found, page
    return found[1]


def redeem(client: httpx.Client, issued_code: str, **overrides: str) -> httpx.Response:
    form = {"grant_type": "authorization_code", "client_id": AZURE_CLI_CLIENT_ID, "code": issued_code}
    form |= {"redirect_uri": "http://localhost:8400", "code_verifier": VERIFIER, **overrides}
    return client.post(f"{AUTHORITY}/token", data=form)


def test_authorization_code__can_be_redeemed_once(
    start_scenario: StartScenario, http_client: HttpClientFactory
) -> None:
    client = http_client(start_scenario("laptop-no-az"))
    code = authorization_code(client)
    assert redeem(client, code).json()["token_type"] == "Bearer"
    assert redeem(client, code).json()["error_codes"] == [54005]


@pytest.mark.parametrize(
    ("overrides", "number"),
    [
        ({"code": "made-up"}, 9002313),
        ({"code_verifier": "another"}, 501481),
        ({"code_verifier": ""}, 501481),
        ({"redirect_uri": "http://localhost:8401"}, 500112),
    ],
)
def test_authorization_code__wrong_parameters__error(
    start_scenario: StartScenario, http_client: HttpClientFactory, overrides: dict[str, str], number: int
) -> None:
    client = http_client(start_scenario("laptop-no-az"))
    assert redeem(client, authorization_code(client), **overrides).json()["error_codes"] == [number]


@pytest.mark.parametrize(
    ("overrides", "number"),
    [
        ({"redirect_uri": "https://evil.example"}, 50011),
        ({"redirect_uri": "http://localhost.evil.example"}, 50011),
        ({"code_challenge": ""}, 900144),
        ({"code_challenge_method": "plain"}, 501491),
        ({"response_type": "token"}, 700054),
    ],
)
def test_authorize__invalid_request__error(
    start_scenario: StartScenario, http_client: HttpClientFactory, overrides: dict[str, str], number: int
) -> None:
    client = http_client(start_scenario("laptop-no-az"))
    assert client.get(f"{AUTHORITY}/authorize", params={**AUTHORIZATION_QUERY, **overrides}).json()["error_codes"] == [
        number
    ]


@pytest.mark.parametrize("host", ["login.chinacloudapi.cn", "login.microsoftonline.us"])
def test_national_cloud__tenant_is_unknown(
    start_scenario: StartScenario, http_client: HttpClientFactory, host: str
) -> None:
    azure = start_scenario("service-principal-secret")
    address = f"https://{host}/{azure.scenario.subscription.tenant.id}/v2.0/.well-known/openid-configuration"
    assert http_client(azure).get(address).json()["error_codes"] == [90002]


def request_id_token(azure: LocalAzure, client: httpx.Client, method: str = "POST", **overrides: str) -> httpx.Response:
    values = {
        "version": "7.1",
        "connection": SERVICE_CONNECTION_ID,
        "token": azure.env["SYSTEM_ACCESSTOKEN"],
        **overrides,
    }
    headers = {"Authorization": f"Bearer {values['token']}"}
    if "browser" not in overrides:
        headers["X-TFS-FedAuthRedirect"] = "Suppress"
    parameters = {"api-version": values["version"], "serviceConnectionId": values["connection"]}
    return client.request(method, azure.env["SYSTEM_OIDCREQUESTURI"], params=parameters, headers=headers)


@pytest.mark.parametrize(
    ("method", "overrides", "status", "text"),
    [
        ("POST", {}, 200, "oidcToken"),
        ("GET", {}, 405, "does not support http method"),
        ("POST", {"token": "wrong"}, 401, ""),
        ("POST", {"token": "wrong", "browser": "yes"}, 302, "Object moved"),
        ("POST", {"version": ""}, 400, "No api-version was supplied"),
        ("POST", {"connection": "x"}, 404, "No service connection found with identifier x."),
    ],
)
def test_pipeline_job__gets_an_id_token(
    start_scenario: StartScenario,
    http_client: HttpClientFactory,
    method: str,
    overrides: dict[str, str],
    status: int,
    text: str,
) -> None:
    azure = start_scenario("azure-pipelines")
    response = request_id_token(azure, http_client(azure), method, **overrides)
    assert response.status_code == status
    assert text in response.text


def test_azure_devops__only_in_pipelines(start_scenario: StartScenario, http_client: HttpClientFactory) -> None:
    with pytest.raises(httpx.ProxyError):
        http_client(start_scenario("laptop")).get("https://dev.azure.com/")
