"""Injected faults as the real SDKs and a plain HTTP client see them."""

import json
import time
from collections.abc import Callable

import httpx
import pytest
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    DecodeError,
    HttpResponseError,
    ServiceResponseError,
)
from azure.identity import AzureCliCredential, ClientSecretCredential, DefaultAzureCredential, ManagedIdentityCredential
from azure.keyvault.secrets import SecretClient

from localazure import Fault, FaultInjection, LocalAzure
from localazure.scenarios.aadsts import AADSTS_ERRORS
from localazure.scenarios.directory import CONTOSO, SITE_APPLICATION
from localazure.scenarios.faults import UnknownFaultError, combine, parse_fault

pytest_plugins = ["scenario_fixtures"]

StartScenario = Callable[..., LocalAzure]
HttpClientFactory = Callable[[LocalAzure], httpx.Client]
SCOPE = "https://vault.azure.net/.default"
NO_RETRIES = {"retry_total": 0, "retry_status": 0}
SHORT_TIMEOUTS = {**NO_RETRIES, "read_timeout": 0.3, "connection_timeout": 0.3}
"""For services that do not respond: on a busy machine, others may take longer."""


def read(azure: LocalAzure, **limits: float) -> object:
    credential = DefaultAzureCredential(**NO_RETRIES)
    return SecretClient(azure.env["KEY_VAULT_URI"], credential, **NO_RETRIES, **limits).get_secret("demo")


@pytest.mark.parametrize(
    ("injection", "error"),
    [
        (FaultInjection(fault=Fault.SILENCE), ServiceResponseError),
        # The exception depends on when in the response the client notices the reset.
        (FaultInjection(fault=Fault.RESET), (HttpResponseError, ServiceResponseError)),
        (FaultInjection(fault=Fault.HTML), HttpResponseError),
        (FaultInjection(status=500), HttpResponseError),
        (FaultInjection(latency_s=0.6), ServiceResponseError),
    ],
)
def test_vault_fault__raises_the_sdks_exception(
    start_scenario: StartScenario, injection: FaultInjection, error: type[AzureError]
) -> None:
    azure = start_scenario("app-service", faults={"keyvault": injection})
    limits = {"read_timeout": 0.3} if injection.fault is Fault.SILENCE or injection.latency_s else {}
    with pytest.raises(error):
        read(azure, **limits)


def vault_response(http_client: HttpClientFactory, azure: LocalAzure) -> httpx.Response:
    return http_client(azure).get(azure.env["KEY_VAULT_URI"] + "/secrets/demo?api-version=7.6")


def test_truncated__json_is_incomplete(start_scenario: StartScenario, http_client: HttpClientFactory) -> None:
    azure = start_scenario("app-service", faults={"keyvault": FaultInjection(fault=Fault.TRUNCATED)})
    response = vault_response(http_client, azure)
    with pytest.raises(json.JSONDecodeError):
        response.json()
    assert response.headers["WWW-Authenticate"]
    with pytest.raises((DecodeError, AzureError, ValueError)):
        read(azure)


def test_wrong_type__json_has_another_content_type(
    start_scenario: StartScenario, http_client: HttpClientFactory
) -> None:
    azure = start_scenario("app-service", faults={"keyvault": FaultInjection(fault=Fault.WRONG_TYPE)})
    response = vault_response(http_client, azure)
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert response.json()["error"]["code"] == "Unauthorized"


def test_huge__body_is_streamed(start_scenario: StartScenario, http_client: HttpClientFactory) -> None:
    azure = start_scenario("app-service", faults={"keyvault": FaultInjection(fault=Fault.HUGE)})
    with http_client(azure).stream("GET", azure.env["KEY_VAULT_URI"] + "/secrets/demo") as response:
        assert int(response.headers["Content-Length"]) == 64 * 1024 * 1024
        assert next(response.iter_raw()).strip() == b""


def test_reset__happens_during_the_response(start_scenario: StartScenario, http_client: HttpClientFactory) -> None:
    azure = start_scenario("app-service", faults={"keyvault": FaultInjection(fault=Fault.RESET)})
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        vault_response(http_client, azure)
    assert [request.status for request in azure.requests] == [200]


def test_silence__is_logged_without_status(start_scenario: StartScenario, http_client: HttpClientFactory) -> None:
    azure = start_scenario("app-service", faults={"keyvault": FaultInjection(fault=Fault.SILENCE)})
    with pytest.raises(httpx.ReadTimeout):
        http_client(azure).get(azure.env["KEY_VAULT_URI"] + "/secrets/demo", timeout=0.2)
    assert [(request.service, request.status) for request in azure.requests] == [("keyvault", None)]


def test_entra_fault__no_token_for_a_service_principal(start_scenario: StartScenario) -> None:
    azure = start_scenario("service-principal-secret", faults={"entra": FaultInjection(status=503)})
    credential = ClientSecretCredential(
        CONTOSO.id, SITE_APPLICATION.client_id, azure.env["AZURE_CLIENT_SECRET"], **NO_RETRIES
    )
    with pytest.raises(ClientAuthenticationError):
        credential.get_token(SCOPE)
    assert azure.tokens == ()


def test_imds_fault__html_response__credential_is_unavailable(start_scenario: StartScenario) -> None:
    start_scenario("vm", faults={"imds": FaultInjection(fault=Fault.HTML)})
    with pytest.raises(AzureError, match="ManagedIdentityCredential authentication unavailable"):
        ManagedIdentityCredential(**NO_RETRIES).get_token(SCOPE)


def test_imds_silent__accepts_no_connection(start_scenario: StartScenario) -> None:
    azure = start_scenario("imds-silent")
    start = time.perf_counter()
    with pytest.raises(AzureError, match="no response from the IMDS endpoint"):
        ManagedIdentityCredential(**SHORT_TIMEOUTS).get_token(SCOPE)
    assert 0.3 <= time.perf_counter() - start < 20
    assert azure.requests == ()


def test_faults_of_other_services__do_not_affect_the_vault(start_scenario: StartScenario) -> None:
    azure = start_scenario(
        "app-service", faults={"imds": FaultInjection(status=500), "entra": FaultInjection(fault=Fault.SILENCE)}
    )
    assert read(azure).value == azure.secret_value


def test_clock_ahead_s__negative__azures_clock_is_behind(
    start_scenario: StartScenario, http_client: HttpClientFactory
) -> None:
    azure = start_scenario("app-service", clock_ahead_s=-3600)
    token = ManagedIdentityCredential().get_token(SCOPE)
    assert token.expires_on - time.time() == pytest.approx(23 * 3600, abs=10)
    assert read(azure).value == azure.secret_value


@pytest.mark.parametrize("number", AADSTS_ERRORS)
def test_aadsts_fault__entra_returns_this_code(
    start_scenario: StartScenario, http_client: HttpClientFactory, number: int
) -> None:
    azure = start_scenario("service-principal-secret", faults={"entra": parse_fault(f"AADSTS{number}")})
    form = {"grant_type": "client_credentials", "client_id": SITE_APPLICATION.client_id, "scope": SCOPE}
    body = (
        http_client(azure).post(f"https://login.microsoftonline.com/{CONTOSO.id}/oauth2/v2.0/token", data=form).json()
    )
    assert body["error_codes"] == [number]
    assert body["error_description"].startswith(f"AADSTS{number}: ")
    assert not set("{}") & set(body["error_description"].replace("{EmailHidden}", ""))
    assert azure.tokens == ()


def test_aadsts_fault__az_prints_entras_error(start_scenario: StartScenario) -> None:
    start_scenario("laptop", faults={"entra": parse_fault("AADSTS53003")})
    with pytest.raises(ClientAuthenticationError, match="ERROR: AADSTS53003: Access has been blocked by Conditional"):
        AzureCliCredential().get_token(SCOPE)


def test_parse_fault__accepts_every_kind() -> None:
    assert [parse_fault(fault) for fault in Fault] == [FaultInjection(fault=fault) for fault in Fault]
    assert parse_fault("503") == FaultInjection(status=503)
    assert parse_fault("AADSTS50057") == FaultInjection(aadsts=50057)
    assert parse_fault("2.5s") == FaultInjection(latency_s=2.5)
    assert combine(parse_fault("2s"), parse_fault("reset")) == FaultInjection(latency_s=2, fault=Fault.RESET)


@pytest.mark.parametrize("name", ["", "fire", "200", "999", "-1", "s", "2,5s", "1e9s", "AADSTS1", "AADSTS"])
def test_parse_fault__unknown__lists_the_supported_faults(name: str) -> None:
    with pytest.raises(UnknownFaultError, match="Supported faults: silence, reset, html"):
        parse_fault(name)
