"""The token services of App Service and of a virtual machine, refusals included."""

from collections.abc import Callable

import httpx
import pytest
from azure.identity import CredentialUnavailableError, ManagedIdentityCredential

from localazure import LocalAzure
from localazure.directory import SHARED_IDENTITY, SITE_IDENTITY

pytest_plugins = ["local_worlds"]

Enter = Callable[..., LocalAzure]
Browse = Callable[[LocalAzure], httpx.Client]
SCOPE = "https://vault.azure.net/.default"
IMDS = "http://169.254.169.254/metadata/identity/oauth2/token"
GOOD = {"api-version": "2018-02-01", "resource": "https://vault.azure.net"}


def ask_app_service(azure: LocalAzure, header: str | None = None, **query: str) -> httpx.Response:
    given = azure.env["IDENTITY_HEADER"] if header is None else header
    parameters = {"api-version": "2019-08-01", "resource": "https://vault.azure.net"} | query
    return httpx.get(azure.env["IDENTITY_ENDPOINT"], params=parameters, headers={"X-IDENTITY-HEADER": given})


def test_app_service_answers_with_token_expiry_and_client_id(enter: Enter) -> None:
    answer = ask_app_service(enter("app-service")).json()
    assert answer.keys() == {"access_token", "expires_on", "resource", "token_type", "client_id"}
    assert answer["expires_on"].isdigit()
    assert answer["client_id"] == SITE_IDENTITY.client_id


@pytest.mark.parametrize("header", ["", "wrong"])
def test_app_service_refuses_a_wrong_identity_header(enter: Enter, header: str) -> None:
    azure = enter("app-service")
    answer = ask_app_service(azure, header)
    assert answer.status_code == 401
    assert azure.tokens == ()


@pytest.mark.parametrize("query", [{"api-version": "2017-09-01"}, {"resource": ""}, {"client_id": "nobody"}])
def test_app_service_refuses_in_its_own_form(enter: Enter, query: dict[str, str]) -> None:
    answer = ask_app_service(enter("app-service"), **query)
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
def test_app_service_knows_a_user_assigned_identity_by_each_of_its_names(enter: Enter, name: dict[str, str]) -> None:
    answer = ask_app_service(enter("app-service-user-assigned"), **name)
    assert answer.json()["client_id"] == SHARED_IDENTITY.client_id


@pytest.mark.parametrize(
    "config",
    [
        {"object_id": SHARED_IDENTITY.object_id},
        {"resource_id": SHARED_IDENTITY.resource_id},
    ],
)
def test_the_sdk_reaches_a_user_assigned_identity_by_its_names(enter: Enter, config: dict[str, str]) -> None:
    azure = enter("app-service-user-assigned")
    ManagedIdentityCredential(identity_config=config).get_token(SCOPE)
    assert len(azure.tokens) == 1


def test_the_sdk_is_told_that_an_identity_is_not_assigned(enter: Enter) -> None:
    enter("app-service")
    with pytest.raises(CredentialUnavailableError, match="400, No User Assigned or Delegated Managed Identity found"):
        ManagedIdentityCredential(client_id=SHARED_IDENTITY.client_id).get_token(SCOPE)


def test_app_service_fails_for_a_resource_that_does_not_exist(enter: Enter) -> None:
    answer = ask_app_service(enter("app-service"), resource="https://nothing.example")
    assert answer.status_code == 500
    assert answer.json()["message"] == "An unexpected error occured while fetching the AAD Token."


def test_a_site_without_an_identity_has_no_token_service(enter: Enter) -> None:
    azure = enter("app-service-off")
    assert "IDENTITY_ENDPOINT" not in azure.env
    assert azure.env["WEBSITE_SITE_NAME"]


def test_the_metadata_service_answers_with_everything_as_text(enter: Enter, browse: Browse) -> None:
    answer = browse(enter("vm")).get(IMDS, params=GOOD, headers={"Metadata": "true"})
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
    enter: Enter, browse: Browse, query: dict[str, str], headers: dict[str, str], description: str
) -> None:
    answer = browse(enter("vm")).get(IMDS, params=query, headers=headers)
    assert answer.status_code == 400
    assert answer.json() == {"error": "invalid_request", "error_description": description}


def test_the_metadata_service_lists_its_versions_when_none_is_given(enter: Enter, browse: Browse) -> None:
    answer = browse(enter("vm")).get(IMDS, params={"resource": "x"}, headers={"Metadata": "true"})
    assert answer.status_code == 400
    assert "2018-02-01" in answer.json()["newest-versions"]


@pytest.mark.parametrize("scenario", ["app-service", "laptop"])
def test_outside_a_virtual_machine_nothing_answers_for_the_metadata_service(
    enter: Enter, browse: Browse, scenario: str
) -> None:
    azure = enter(scenario)
    with pytest.raises(httpx.RemoteProtocolError):
        browse(azure).get(IMDS, params=GOOD, headers={"Metadata": "true"})
    assert [request.status for request in azure.requests] == [None]
