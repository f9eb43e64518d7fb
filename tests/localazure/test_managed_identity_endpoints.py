"""The token services of every host that has managed identities, refusals included."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

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
GOOD = {"api-version": "2018-02-01", "resource": "https://vault.azure.net"}


def ask_app_service(azure: LocalAzure, header: str | None = None, **query: str) -> httpx.Response:
    given = azure.env["IDENTITY_HEADER"] if header is None else header
    parameters = {"api-version": "2019-08-01", "resource": "https://vault.azure.net"} | query
    return httpx.get(azure.env["IDENTITY_ENDPOINT"], params=parameters, headers={"X-IDENTITY-HEADER": given})


def test_app_service_answers_with_token_expiry_and_client_id(start_scenario: StartScenario) -> None:
    answer = ask_app_service(start_scenario("app-service")).json()
    assert answer.keys() == {"access_token", "expires_on", "resource", "token_type", "client_id"}
    assert answer["expires_on"].isdigit()
    assert answer["client_id"] == SITE_IDENTITY.client_id


@pytest.mark.parametrize("header", ["", "wrong"])
def test_app_service_refuses_a_wrong_identity_header(start_scenario: StartScenario, header: str) -> None:
    azure = start_scenario("app-service")
    answer = ask_app_service(azure, header)
    assert answer.status_code == 401
    assert azure.tokens == ()


@pytest.mark.parametrize("query", [{"api-version": "2017-09-01"}, {"resource": ""}, {"client_id": "nobody"}])
def test_app_service_refuses_in_its_own_form(start_scenario: StartScenario, query: dict[str, str]) -> None:
    answer = ask_app_service(start_scenario("app-service"), **query)
    assert answer.status_code == 400
    assert answer.json().keys() == {"statusCode", "message", "correlationId"}


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
def test_app_service_knows_a_user_assigned_identity_by_each_of_its_names(
    start_scenario: StartScenario, name: dict[str, str]
) -> None:
    answer = ask_app_service(start_scenario("app-service-user-assigned"), **name)
    assert answer.json()["client_id"] == SHARED_IDENTITY.client_id


@pytest.mark.parametrize(
    "config",
    [
        {"object_id": SHARED_IDENTITY.object_id},
        {"resource_id": SHARED_IDENTITY.resource_id},
    ],
)
def test_the_sdk_reaches_a_user_assigned_identity_by_its_names(
    start_scenario: StartScenario, config: dict[str, str]
) -> None:
    azure = start_scenario("app-service-user-assigned")
    ManagedIdentityCredential(identity_config=config).get_token(SCOPE)
    assert len(azure.tokens) == 1


def test_the_sdk_is_told_that_an_identity_is_not_assigned(start_scenario: StartScenario) -> None:
    start_scenario("app-service")
    with pytest.raises(CredentialUnavailableError, match="400, No User Assigned or Delegated Managed Identity found"):
        ManagedIdentityCredential(client_id=SHARED_IDENTITY.client_id).get_token(SCOPE)


def test_app_service_fails_for_a_resource_that_does_not_exist(start_scenario: StartScenario) -> None:
    answer = ask_app_service(start_scenario("app-service"), resource="https://nothing.example")
    assert answer.status_code == 500
    assert answer.json()["message"] == "An unexpected error occured while fetching the AAD Token."


def test_a_site_without_an_identity_has_no_token_service(start_scenario: StartScenario) -> None:
    azure = start_scenario("app-service-off")
    assert "IDENTITY_ENDPOINT" not in azure.env
    assert azure.env["WEBSITE_SITE_NAME"]


def test_the_metadata_service_answers_with_everything_as_text(
    start_scenario: StartScenario, http_client: HttpClientFactory
) -> None:
    answer = http_client(start_scenario("vm")).get(IMDS, params=GOOD, headers={"Metadata": "true"})
    token = answer.json()
    names = "access_token client_id expires_in expires_on ext_expires_in not_before resource token_type"
    assert token.keys() == set(names.split())
    assert all(isinstance(value, str) for value in token.values())
    assert answer.headers["Server"].startswith("IMDS/")


@pytest.mark.parametrize(
    ("query", "headers", "description"),
    [
        (GOOD, {}, "Required metadata header not specified"),
        (GOOD, {"Metadata": "false"}, "Required metadata header not specified"),
        ({"api-version": "2018-02-01"}, {"Metadata": "true"}, "Required query variable 'resource' is missing"),
        (GOOD | {"client_id": "nobody"}, {"Metadata": "true"}, "Identity not found"),
    ],
)
def test_the_metadata_service_refuses(
    start_scenario: StartScenario,
    http_client: HttpClientFactory,
    query: dict[str, str],
    headers: dict[str, str],
    description: str,
) -> None:
    answer = http_client(start_scenario("vm")).get(IMDS, params=query, headers=headers)
    assert answer.status_code == 400
    assert answer.json() == {"error": "invalid_request", "error_description": description}


def test_the_metadata_service_lists_its_versions_when_none_is_given(
    start_scenario: StartScenario, http_client: HttpClientFactory
) -> None:
    answer = http_client(start_scenario("vm")).get(IMDS, params={"resource": "x"}, headers={"Metadata": "true"})
    assert answer.status_code == 400
    assert "2018-02-01" in answer.json()["newest-versions"]


@pytest.mark.parametrize("scenario", ["app-service", "laptop"])
def test_outside_a_virtual_machine_nothing_answers_for_the_metadata_service(
    start_scenario: StartScenario, http_client: HttpClientFactory, scenario: str
) -> None:
    azure = start_scenario(scenario)
    with pytest.raises(httpx.RemoteProtocolError):
        http_client(azure).get(IMDS, params=GOOD, headers={"Metadata": "true"})
    assert [request.status for request in azure.requests] == [None]


@pytest.mark.parametrize(
    ("trouble", "error"),
    [("404", "not_found"), ("410", "gone"), ("429", "too_many_requests"), ("500", "unknown"), ("503", "unknown")],
)
def test_the_metadata_service_fails_in_its_own_form(
    start_scenario: StartScenario, http_client: HttpClientFactory, trouble: str, error: str
) -> None:
    azure = start_scenario("vm", faults={"imds": parse_fault(trouble)})
    answer = http_client(azure).get(IMDS, params=GOOD, headers={"Metadata": "true"})
    assert (answer.status_code, answer.json()["error"]) == (int(trouble), error)
    assert azure.tokens == ()


def test_the_sdk_comes_back_to_a_metadata_service_that_is_throttled(start_scenario: StartScenario) -> None:
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
def test_one_of_two_identities_of_a_machine_is_named(start_scenario: StartScenario, config: dict[str, Any]) -> None:
    start_scenario("vm-two-identities")
    token = ManagedIdentityCredential(**config).get_token(SCOPE).token
    assert jwt.decode(token, options={"verify_signature": False})["oid"] == WRITER_IDENTITY.object_id


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make the folder of Azure Arc's agent")


@needs_root
def test_arc_wants_the_content_of_the_file_it_names(
    start_scenario: StartScenario, http_client: HttpClientFactory
) -> None:
    azure = start_scenario("arc")
    address, good = azure.env["IDENTITY_ENDPOINT"], {"api-version": "2020-06-01", "resource": "https://vault.azure.net"}
    challenged = httpx.get(address, params=good, headers={"Metadata": "true"})
    scheme, _, path = challenged.headers["WWW-Authenticate"].partition("=")
    assert (challenged.status_code, scheme) == (401, "Basic realm")
    wrong = {"Metadata": "true", "Authorization": "Basic wrong"}
    assert httpx.get(address, params=good, headers=wrong).status_code == 401
    right = {"Metadata": "true", "Authorization": f"Basic {Path(path).read_text()}"}
    assert httpx.get(address, params=good, headers=right).json()["client_id"] == ARC_IDENTITY.client_id
    assert Path(path).stat().st_mode & 0o077 == 0


@needs_root
def test_arc_leaves_no_key_behind() -> None:
    with LocalAzure("arc") as azure:
        query = {"api-version": "2020-06-01", "resource": "x"}
        answer = httpx.get(azure.env["IDENTITY_ENDPOINT"], params=query, headers={"Metadata": "true"})
        path = Path(answer.headers["WWW-Authenticate"].partition("=")[2])
        assert path.exists()
    assert not path.exists()


def test_arc_refuses_without_the_header(start_scenario: StartScenario) -> None:
    answer = httpx.get(
        start_scenario("arc").env["IDENTITY_ENDPOINT"], params={"api-version": "2020-06-01", "resource": "x"}
    )
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_cloud_shell_speaks_for_the_person_and_takes_no_client_id(start_scenario: StartScenario) -> None:
    start_scenario("cloud-shell")
    token = ManagedIdentityCredential().get_token(SCOPE).token
    assert jwt.decode(token, options={"verify_signature": False})["upn"] == DEVELOPER.principal_name
    with pytest.raises(ValueError, match="client_id should not be set for cloud shell managed identity"):
        ManagedIdentityCredential(client_id=SHARED_IDENTITY.client_id).get_token(SCOPE)


def test_azure_ml_knows_a_user_assigned_identity_by_clientid(start_scenario: StartScenario) -> None:
    azure = start_scenario("azure-ml")
    token = ManagedIdentityCredential(client_id=SHARED_IDENTITY.client_id).get_token(SCOPE).token
    assert jwt.decode(token, options={"verify_signature": False})["oid"] == SHARED_IDENTITY.object_id
    good = {"api-version": "2017-09-01", "resource": "https://vault.azure.net"}
    assert httpx.get(azure.env["MSI_ENDPOINT"], params=good, headers={"secret": "wrong"}).status_code == 401


def test_service_fabric_takes_no_client_id(start_scenario: StartScenario) -> None:
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
def test_service_fabric_refuses_in_its_own_form(
    start_scenario: StartScenario,
    http_client: HttpClientFactory,
    headers: dict[str, str] | None,
    query: dict[str, str],
    status: int,
    code: str,
) -> None:
    azure = start_scenario("service-fabric")
    sent = {"Secret": azure.env["IDENTITY_HEADER"]} if headers is None else headers
    good = {"api-version": "2019-07-01-preview", "resource": "https://vault.azure.net"}
    answer = http_client(azure).get(azure.env["IDENTITY_ENDPOINT"], params=good | query, headers=sent)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
