"""The ways in that need a browser or a pipeline, as strict as the real ones."""

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
ASKED = {
    "client_id": AZURE_CLI_CLIENT_ID,
    "response_type": "code",
    "response_mode": "form_post",
    "redirect_uri": "http://localhost:8400",
    "scope": "https://vault.azure.net/.default openid",
    "state": "x",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}


def code(client: httpx.Client) -> str:
    page = client.get(f"{AUTHORITY}/authorize", params=ASKED).text
    found = re.search(r'name="code" value="([^"]+)"', page)
    assert found, page
    return found[1]


def redeem(client: httpx.Client, given: str, **more: str) -> httpx.Response:
    form = {"grant_type": "authorization_code", "client_id": AZURE_CLI_CLIENT_ID, "code": given}
    form |= {"redirect_uri": "http://localhost:8400", "code_verifier": VERIFIER, **more}
    return client.post(f"{AUTHORITY}/token", data=form)


def test_a_code_is_good_once(start_scenario: StartScenario, http_client: HttpClientFactory) -> None:
    client = http_client(start_scenario("laptop-no-az"))
    given = code(client)
    assert redeem(client, given).json()["token_type"] == "Bearer"
    assert redeem(client, given).json()["error_codes"] == [54005]


@pytest.mark.parametrize(
    ("more", "number"),
    [
        ({"code": "made-up"}, 9002313),
        ({"code_verifier": "another"}, 501481),
        ({"code_verifier": ""}, 501481),
        ({"redirect_uri": "http://localhost:8401"}, 500112),
    ],
)
def test_a_code_belongs_to_who_asked_for_it(
    start_scenario: StartScenario, http_client: HttpClientFactory, more: dict[str, str], number: int
) -> None:
    client = http_client(start_scenario("laptop-no-az"))
    assert redeem(client, code(client), **more).json()["error_codes"] == [number]


@pytest.mark.parametrize(
    ("more", "number"),
    [
        ({"redirect_uri": "https://evil.example"}, 50011),
        ({"redirect_uri": "http://localhost.evil.example"}, 50011),
        ({"code_challenge": ""}, 90014),
        ({"code_challenge_method": "plain"}, 501491),
        ({"response_type": "token"}, 700054),
    ],
)
def test_no_code_for_whoever_asks_wrongly(
    start_scenario: StartScenario, http_client: HttpClientFactory, more: dict[str, str], number: int
) -> None:
    client = http_client(start_scenario("laptop-no-az"))
    assert client.get(f"{AUTHORITY}/authorize", params={**ASKED, **more}).json()["error_codes"] == [number]


@pytest.mark.parametrize("host", ["login.chinacloudapi.cn", "login.microsoftonline.us"])
def test_another_cloud_knows_no_tenant_of_this_one(
    start_scenario: StartScenario, http_client: HttpClientFactory, host: str
) -> None:
    azure = start_scenario("service-principal-secret")
    address = f"https://{host}/{azure.scenario.subscription.tenant.id}/v2.0/.well-known/openid-configuration"
    assert http_client(azure).get(address).json()["error_codes"] == [90002]


def of_job(azure: LocalAzure, client: httpx.Client, method: str = "POST", **more: str) -> httpx.Response:
    asked = {"version": "7.1", "connection": SERVICE_CONNECTION_ID, "token": azure.env["SYSTEM_ACCESSTOKEN"], **more}
    headers = {"Authorization": f"Bearer {asked['token']}"}
    if "browser" not in more:
        headers["X-TFS-FedAuthRedirect"] = "Suppress"
    parameters = {"api-version": asked["version"], "serviceConnectionId": asked["connection"]}
    return client.request(method, azure.env["SYSTEM_OIDCREQUESTURI"], params=parameters, headers=headers)


@pytest.mark.parametrize(
    ("method", "more", "status", "said"),
    [
        ("POST", {}, 200, "oidcToken"),
        ("GET", {}, 405, "does not support http method"),
        ("POST", {"token": "wrong"}, 401, ""),
        ("POST", {"token": "wrong", "browser": "yes"}, 302, "Object moved"),
        ("POST", {"version": ""}, 400, "No api-version was supplied"),
        ("POST", {"connection": "x"}, 404, "No service connection found with identifier x."),
    ],
)
def test_a_pipelines_job_gets_a_token_for_its_service_connection(
    start_scenario: StartScenario,
    http_client: HttpClientFactory,
    method: str,
    more: dict[str, str],
    status: int,
    said: str,
) -> None:
    azure = start_scenario("azure-pipelines")
    answer = of_job(azure, http_client(azure), method, **more)
    assert answer.status_code == status
    assert said in answer.text


def test_a_job_elsewhere_finds_no_azure_devops(start_scenario: StartScenario, http_client: HttpClientFactory) -> None:
    with pytest.raises(httpx.ProxyError):
        http_client(start_scenario("laptop")).get("https://dev.azure.com/")
