"""The managed identity endpoints of all hosts, including their errors."""

import http.client
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import jwt
import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import CredentialUnavailableError, ManagedIdentityCredential

from localazure import LocalAzure
from localazure.scenarios.directory import ARC_IDENTITY, DEVELOPER, SHARED_IDENTITY, SITE_IDENTITY, WRITER_IDENTITY
from localazure.scenarios.faults import parse_fault

pytest_plugins = ["scenario_fixtures"]

StartScenario = Callable[..., LocalAzure]
HttpClientFactory = Callable[[LocalAzure], httpx.Client]
SCOPE = "https://vault.azure.net/.default"
IMDS = "http://169.254.169.254/metadata/identity/oauth2/token"
VALID_QUERY = {"api-version": "2018-02-01", "resource": "https://vault.azure.net"}


def request_app_service_token(azure: LocalAzure, header: str | None = None, **query: str) -> httpx.Response:
    identity_header = azure.env["IDENTITY_HEADER"] if header is None else header
    parameters = {"api-version": "2019-08-01", "resource": "https://vault.azure.net"} | query
    return httpx.get(azure.env["IDENTITY_ENDPOINT"], params=parameters, headers={"X-IDENTITY-HEADER": identity_header})


def test_app_service__response_fields(start_scenario: StartScenario) -> None:
    response = request_app_service_token(start_scenario("app-service")).json()
    assert response.keys() == {"access_token", "expires_on", "resource", "token_type", "client_id"}
    assert response["expires_on"].isdigit()
    assert response["client_id"] == SITE_IDENTITY.client_id


@pytest.mark.parametrize("header", ["", "wrong"])
def test_app_service__wrong_identity_header__401(start_scenario: StartScenario, header: str) -> None:
    azure = start_scenario("app-service")
    response = request_app_service_token(azure, header)
    assert response.status_code == 401
    assert azure.tokens == ()


@pytest.mark.parametrize("query", [{"api-version": "2018-02-01"}, {"resource": ""}, {"client_id": "unknown"}])
def test_app_service__invalid_request__error_format(start_scenario: StartScenario, query: dict[str, str]) -> None:
    response = request_app_service_token(start_scenario("app-service"), **query)
    assert response.status_code == 400
    assert response.json().keys() == {"statusCode", "message", "correlationId"}


@pytest.mark.parametrize(
    "name",
    [
        {"client_id": SHARED_IDENTITY.client_id},
        {"object_id": SHARED_IDENTITY.object_id},
        {"principal_id": SHARED_IDENTITY.object_id},
        {"mi_res_id": SHARED_IDENTITY.resource_id},
        {"mi_res_id": SHARED_IDENTITY.resource_id.replace("resourcegroups", "resourceGroups")},
    ],
)
def test_app_service__user_assigned_identity_by_each_id(start_scenario: StartScenario, name: dict[str, str]) -> None:
    response = request_app_service_token(start_scenario("app-service-user-assigned"), **name)
    assert response.json()["client_id"] == SHARED_IDENTITY.client_id


@pytest.mark.parametrize(
    "config",
    [
        {"object_id": SHARED_IDENTITY.object_id},
        {"resource_id": SHARED_IDENTITY.resource_id},
    ],
)
def test_sdk__user_assigned_identity_by_each_id(start_scenario: StartScenario, config: dict[str, str]) -> None:
    azure = start_scenario("app-service-user-assigned")
    ManagedIdentityCredential(identity_config=config).get_token(SCOPE)
    assert len(azure.tokens) == 1


def test_sdk__identity_not_assigned__credential_unavailable(start_scenario: StartScenario) -> None:
    start_scenario("app-service")
    with pytest.raises(CredentialUnavailableError, match="400, No User Assigned or Delegated Managed Identity found"):
        ManagedIdentityCredential(client_id=SHARED_IDENTITY.client_id).get_token(SCOPE)


def test_app_service__unknown_resource__500(start_scenario: StartScenario) -> None:
    response = request_app_service_token(start_scenario("app-service"), resource="https://nothing.example")
    assert response.status_code == 500
    assert response.json()["message"] == "An unexpected error occured while fetching the AAD Token."


def test_app_service__no_identity__no_endpoint(start_scenario: StartScenario) -> None:
    azure = start_scenario("app-service-off")
    assert "IDENTITY_ENDPOINT" not in azure.env
    assert azure.env["WEBSITE_SITE_NAME"]


def test_imds__response_values_are_strings(start_scenario: StartScenario, http_client: HttpClientFactory) -> None:
    response = http_client(start_scenario("vm")).get(IMDS, params=VALID_QUERY, headers={"Metadata": "true"})
    token = response.json()
    names = "access_token client_id expires_in expires_on ext_expires_in not_before resource token_type"
    assert token.keys() == set(names.split())
    assert all(isinstance(value, str) for value in token.values())
    assert response.headers["Server"].startswith("IMDS/")


@pytest.mark.parametrize(
    ("query", "headers", "description"),
    [
        (VALID_QUERY, {}, "Required metadata header not specified"),
        (VALID_QUERY, {"Metadata": "false"}, "Required metadata header not specified"),
        ({"api-version": "2018-02-01"}, {"Metadata": "true"}, "Required query variable 'resource' is missing"),
        (VALID_QUERY | {"client_id": "unknown"}, {"Metadata": "true"}, "Identity not found"),
    ],
)
def test_imds__invalid_request__400(
    start_scenario: StartScenario,
    http_client: HttpClientFactory,
    query: dict[str, str],
    headers: dict[str, str],
    description: str,
) -> None:
    response = http_client(start_scenario("vm")).get(IMDS, params=query, headers=headers)
    assert response.status_code == 400
    assert response.json() == {"error": "invalid_request", "error_description": description}


def test_imds__no_api_version__error_lists_the_versions(
    start_scenario: StartScenario, http_client: HttpClientFactory
) -> None:
    response = http_client(start_scenario("vm")).get(IMDS, params={"resource": "x"}, headers={"Metadata": "true"})
    assert response.status_code == 400
    assert len(response.json()["newest-versions"]) == 3


def test_imds__instance_metadata__names_the_machine(
    start_scenario: StartScenario, http_client: HttpClientFactory
) -> None:
    client, headers = http_client(start_scenario("vm")), {"Metadata": "true"}
    base, version = "http://169.254.169.254/metadata", {"api-version": "2021-02-01"}
    compute = client.get(f"{base}/instance", params=version, headers=headers).json()["compute"]
    assert (compute["name"], compute["resourceGroupName"]) == ("kvsite-vm", "kvsite-rg")
    name = client.get(f"{base}/instance/compute/name", params={**version, "format": "text"}, headers=headers)
    assert name.text == "kvsite-vm"
    assert client.get(f"{base}/instance/nothing", params=version, headers=headers).status_code == 404
    assert "2018-02-01" in client.get(f"{base}/versions", headers=headers).json()["apiVersions"]
    assert client.get(f"{base}/instance", params=version).status_code == 400


def test_imds__through_a_tunnel__answers(start_scenario: StartScenario) -> None:
    azure = start_scenario("vm")
    proxy = urlsplit(azure.env["HTTP_PROXY"])
    connection = http.client.HTTPConnection(proxy.hostname, proxy.port, timeout=10)
    connection.set_tunnel("169.254.169.254", 80)
    connection.request("GET", "/metadata/versions", headers={"Metadata": "true"})
    assert connection.getresponse().status == 200
    connection.close()


def test_app_service__version_of_2017(start_scenario: StartScenario, http_client: HttpClientFactory) -> None:
    azure = start_scenario("app-service")
    query = {"api-version": "2017-09-01", "resource": "https://vault.azure.net"}
    headers = {"secret": azure.env["MSI_SECRET"]}
    response = httpx.get(azure.env["MSI_ENDPOINT"], params=query, headers=headers, trust_env=False)
    assert re.fullmatch(r"\d\d/\d\d/\d{4} \d\d:\d\d:\d\d [AP]M \+00:00", response.json()["expires_on"])


@pytest.mark.parametrize(
    "resource", ["https://contoso.vault.azure.net/", "https://azconfig.io", "https://redis.azure.com"]
)
def test_imds__other_resources_of_azure__are_audiences(
    start_scenario: StartScenario, http_client: HttpClientFactory, resource: str
) -> None:
    query = {"api-version": "2018-02-01", "resource": resource}
    response = http_client(start_scenario("vm")).get(IMDS, params=query, headers={"Metadata": "true"})
    assert jwt.decode(response.json()["access_token"], options={"verify_signature": False})["aud"] == resource


@pytest.mark.parametrize("scenario", ["app-service", "laptop"])
def test_imds__other_hosts__connection_is_closed(
    start_scenario: StartScenario, http_client: HttpClientFactory, scenario: str
) -> None:
    azure = start_scenario(scenario)
    with pytest.raises(httpx.RemoteProtocolError):
        http_client(azure).get(IMDS, params=VALID_QUERY, headers={"Metadata": "true"})
    assert [request.status for request in azure.requests] == [None]


@pytest.mark.parametrize(
    ("fault", "error"),
    [("404", "not_found"), ("410", "gone"), ("429", "too_many_requests"), ("500", "unknown"), ("503", "unknown")],
)
def test_imds__fault__error_format(
    start_scenario: StartScenario, http_client: HttpClientFactory, fault: str, error: str
) -> None:
    azure = start_scenario("vm", faults={"imds": parse_fault(fault)})
    response = http_client(azure).get(IMDS, params=VALID_QUERY, headers={"Metadata": "true"})
    assert (response.status_code, response.json()["error"]) == (int(fault), error)
    assert azure.tokens == ()


def test_sdk__imds_throttled__retries(start_scenario: StartScenario) -> None:
    azure = start_scenario("vm", faults={"imds": parse_fault("429")})
    with pytest.raises(CredentialUnavailableError, match="too_many_requests"):
        ManagedIdentityCredential(retry_total=2, retry_backoff_factor=0).get_token(SCOPE)
    assert [request.status for request in azure.requests] == [429, 429, 429]


@pytest.mark.parametrize(
    "config",
    [
        {"client_id": WRITER_IDENTITY.client_id},
        {"identity_config": {"object_id": WRITER_IDENTITY.object_id}},
        {"identity_config": {"resource_id": WRITER_IDENTITY.resource_id}},
    ],
)
def test_sdk__selects_one_of_two_identities(start_scenario: StartScenario, config: dict[str, Any]) -> None:
    start_scenario("vm-two-identities")
    token = ManagedIdentityCredential(**config).get_token(SCOPE).token
    assert jwt.decode(token, options={"verify_signature": False})["oid"] == WRITER_IDENTITY.object_id


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can create the folder of the Azure Arc agent")


@needs_root
def test_arc__requires_the_content_of_the_key_file(
    start_scenario: StartScenario, http_client: HttpClientFactory
) -> None:
    azure = start_scenario("arc")
    address, valid_query = (
        azure.env["IDENTITY_ENDPOINT"],
        {"api-version": "2020-06-01", "resource": "https://vault.azure.net"},
    )
    challenge = httpx.get(address, params=valid_query, headers={"Metadata": "true"})
    scheme, _, path = challenge.headers["WWW-Authenticate"].partition("=")
    assert (challenge.status_code, scheme) == (401, "Basic realm")
    wrong = {"Metadata": "true", "Authorization": "Basic wrong"}
    assert httpx.get(address, params=valid_query, headers=wrong).status_code == 401
    right = {"Metadata": "true", "Authorization": f"Basic {Path(path).read_text()}"}
    assert httpx.get(address, params=valid_query, headers=right).json()["client_id"] == ARC_IDENTITY.client_id
    assert Path(path).stat().st_mode & 0o077 == 0


@needs_root
def test_arc__key_files_are_deleted() -> None:
    with LocalAzure("arc") as azure:
        query = {"api-version": "2020-06-01", "resource": "x"}
        response = httpx.get(azure.env["IDENTITY_ENDPOINT"], params=query, headers={"Metadata": "true"})
        path = Path(response.headers["WWW-Authenticate"].partition("=")[2])
        assert path.exists()
    assert not path.exists()


def test_arc__missing_metadata_header__400(start_scenario: StartScenario) -> None:
    response = httpx.get(
        start_scenario("arc").env["IDENTITY_ENDPOINT"], params={"api-version": "2020-06-01", "resource": "x"}
    )
    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


def test_cloud_shell__user_token_and_no_client_id(start_scenario: StartScenario) -> None:
    start_scenario("cloud-shell")
    token = ManagedIdentityCredential().get_token(SCOPE).token
    assert jwt.decode(token, options={"verify_signature": False})["upn"] == DEVELOPER.principal_name
    with pytest.raises(ValueError, match="client_id should not be set for cloud shell managed identity"):
        ManagedIdentityCredential(client_id=SHARED_IDENTITY.client_id).get_token(SCOPE)


def test_azure_ml__user_assigned_identity_by_client_id(start_scenario: StartScenario) -> None:
    azure = start_scenario("azure-ml")
    token = ManagedIdentityCredential(client_id=SHARED_IDENTITY.client_id).get_token(SCOPE).token
    assert jwt.decode(token, options={"verify_signature": False})["oid"] == SHARED_IDENTITY.object_id
    valid_query = {"api-version": "2017-09-01", "resource": "https://vault.azure.net"}
    assert httpx.get(azure.env["MSI_ENDPOINT"], params=valid_query, headers={"secret": "wrong"}).status_code == 401


def test_service_fabric__client_id_is_not_supported(start_scenario: StartScenario) -> None:
    start_scenario("service-fabric")
    with pytest.raises(ClientAuthenticationError, match="not supported by the Service Fabric managed identity"):
        ManagedIdentityCredential(client_id=SHARED_IDENTITY.client_id).get_token(SCOPE)


@pytest.mark.parametrize(
    ("headers", "query", "status", "code"),
    [
        ({}, {}, 401, "SecretHeaderNotFound"),
        (None, {"api-version": "1"}, 400, "InvalidApiVersion"),
        (None, {"resource": ""}, 400, "ArgumentNullOrEmpty"),
    ],
)
def test_service_fabric__invalid_request__error_format(
    start_scenario: StartScenario,
    http_client: HttpClientFactory,
    headers: dict[str, str] | None,
    query: dict[str, str],
    status: int,
    code: str,
) -> None:
    azure = start_scenario("service-fabric")
    sent = {"Secret": azure.env["IDENTITY_HEADER"]} if headers is None else headers
    valid_query = {"api-version": "2019-07-01-preview", "resource": "https://vault.azure.net"}
    response = http_client(azure).get(azure.env["IDENTITY_ENDPOINT"], params=valid_query | query, headers=sent)
    assert (response.status_code, response.json()["error"]["code"]) == (status, code)
