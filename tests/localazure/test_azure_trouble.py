"""What goes wrong between a client and Azure, as the real clients and a plain one see it."""

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

from localazure import Fault, LocalAzure, Trouble
from localazure.aadsts import ENTRIES
from localazure.directory import CONTOSO, SITE_APPLICATION
from localazure.trouble import UnknownTroubleError, combined, trouble_named

pytest_plugins = ["local_worlds"]

Enter = Callable[..., LocalAzure]
Browse = Callable[[LocalAzure], httpx.Client]
SCOPE = "https://vault.azure.net/.default"
QUICK = {"retry_total": 0, "retry_status": 0, "read_timeout": 0.3, "connection_timeout": 0.3}


def read(azure: LocalAzure) -> object:
    return SecretClient(azure.env["KEY_VAULT_URI"], DefaultAzureCredential(**QUICK), **QUICK).get_secret("demo")


@pytest.mark.parametrize(
    ("trouble", "error"),
    [
        (Trouble(fault=Fault.SILENCE), ServiceResponseError),
        # Where in the answer a client notices the reset is a matter of microseconds.
        (Trouble(fault=Fault.RESET), (HttpResponseError, ServiceResponseError)),
        (Trouble(fault=Fault.HTML), HttpResponseError),
        (Trouble(status=500), HttpResponseError),
        (Trouble(latency_s=0.6), ServiceResponseError),
    ],
)
def test_a_vault_in_trouble(enter: Enter, trouble: Trouble, error: type[AzureError]) -> None:
    azure = enter("app-service", troubles={"keyvault": trouble})
    with pytest.raises(error):
        read(azure)


def vault_answer(browse: Browse, azure: LocalAzure) -> httpx.Response:
    return browse(azure).get(azure.env["KEY_VAULT_URI"] + "/secrets/demo?api-version=7.6")


def test_the_json_may_end_too_early(enter: Enter, browse: Browse) -> None:
    azure = enter("app-service", troubles={"keyvault": Trouble(fault=Fault.TRUNCATED)})
    answer = vault_answer(browse, azure)
    with pytest.raises(json.JSONDecodeError):
        answer.json()
    assert answer.headers["WWW-Authenticate"]
    with pytest.raises((DecodeError, AzureError, ValueError)):
        read(azure)


def test_the_content_type_may_be_wrong(enter: Enter, browse: Browse) -> None:
    azure = enter("app-service", troubles={"keyvault": Trouble(fault=Fault.WRONG_TYPE)})
    answer = vault_answer(browse, azure)
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.json()["error"]["code"] == "Unauthorized"


def test_a_body_may_be_huge_and_is_sent_in_pieces(enter: Enter, browse: Browse) -> None:
    azure = enter("app-service", troubles={"keyvault": Trouble(fault=Fault.HUGE)})
    with browse(azure).stream("GET", azure.env["KEY_VAULT_URI"] + "/secrets/demo") as answer:
        assert int(answer.headers["Content-Length"]) == 64 * 1024 * 1024
        assert next(answer.iter_raw()).strip() == b""


def test_a_reset_comes_in_the_middle_of_an_answer(enter: Enter, browse: Browse) -> None:
    azure = enter("app-service", troubles={"keyvault": Trouble(fault=Fault.RESET)})
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        vault_answer(browse, azure)
    assert [request.status for request in azure.requests] == [200]


def test_silence_is_noted(enter: Enter, browse: Browse) -> None:
    azure = enter("app-service", troubles={"keyvault": Trouble(fault=Fault.SILENCE)})
    with pytest.raises(httpx.ReadTimeout):
        browse(azure).get(azure.env["KEY_VAULT_URI"] + "/secrets/demo", timeout=0.2)
    assert [(request.service, request.status) for request in azure.requests] == [("keyvault", None)]


def test_entra_in_trouble_stops_a_service_principal(enter: Enter) -> None:
    azure = enter("service-principal-secret", troubles={"entra": Trouble(status=503)})
    credential = ClientSecretCredential(
        CONTOSO.id, SITE_APPLICATION.client_id, azure.env["AZURE_CLIENT_SECRET"], **QUICK
    )
    with pytest.raises(ClientAuthenticationError):
        credential.get_token(SCOPE)
    assert azure.tokens == ()


def test_a_gateways_page_in_place_of_the_metadata_service(enter: Enter) -> None:
    enter("vm", troubles={"imds": Trouble(fault=Fault.HTML)})
    with pytest.raises(AzureError, match="ManagedIdentityCredential authentication unavailable"):
        ManagedIdentityCredential(**QUICK).get_token(SCOPE)


def test_a_silent_metadata_service_takes_no_connection(enter: Enter) -> None:
    azure = enter("imds-silent")
    start = time.perf_counter()
    with pytest.raises(AzureError, match="no response from the IMDS endpoint"):
        ManagedIdentityCredential(**QUICK).get_token(SCOPE)
    assert 0.3 <= time.perf_counter() - start < 3
    assert azure.requests == ()


def test_trouble_with_one_service_leaves_the_others_alone(enter: Enter) -> None:
    azure = enter("app-service", troubles={"imds": Trouble(status=500), "entra": Trouble(fault=Fault.SILENCE)})
    assert read(azure).value == azure.secret_value


def test_azures_clock_may_be_behind(enter: Enter, browse: Browse) -> None:
    azure = enter("app-service", clock_ahead_s=-3600)
    token = ManagedIdentityCredential().get_token(SCOPE)
    assert token.expires_on - time.time() == pytest.approx(23 * 3600, abs=10)
    assert read(azure).value == azure.secret_value


@pytest.mark.parametrize("number", ENTRIES)
def test_entra_refuses_with_any_code_that_is_asked_for(enter: Enter, browse: Browse, number: int) -> None:
    azure = enter("service-principal-secret", troubles={"entra": trouble_named(f"AADSTS{number}")})
    form = {"grant_type": "client_credentials", "client_id": SITE_APPLICATION.client_id, "scope": SCOPE}
    body = browse(azure).post(f"https://login.microsoftonline.com/{CONTOSO.id}/oauth2/v2.0/token", data=form).json()
    assert body["error_codes"] == [number]
    assert body["error_description"].startswith(f"AADSTS{number}: ")
    assert not set("{}") & set(body["error_description"].replace("{EmailHidden}", ""))
    assert azure.tokens == ()


def test_our_own_az_passes_entras_refusal_on(enter: Enter) -> None:
    enter("laptop", troubles={"entra": trouble_named("AADSTS53003")})
    with pytest.raises(ClientAuthenticationError, match="ERROR: AADSTS53003: Access has been blocked by Conditional"):
        AzureCliCredential().get_token(SCOPE)


def test_every_trouble_has_a_name() -> None:
    assert [trouble_named(fault) for fault in Fault] == [Trouble(fault=fault) for fault in Fault]
    assert trouble_named("503") == Trouble(status=503)
    assert trouble_named("AADSTS50057") == Trouble(aadsts=50057)
    assert trouble_named("2.5s") == Trouble(latency_s=2.5)
    assert combined(trouble_named("2s"), trouble_named("reset")) == Trouble(latency_s=2, fault=Fault.RESET)


@pytest.mark.parametrize("name", ["", "fire", "200", "999", "-1", "s", "2,5s", "1e9s", "AADSTS1", "AADSTS"])
def test_an_unknown_trouble_is_answered_with_those_there_are(name: str) -> None:
    with pytest.raises(UnknownTroubleError, match="There are: silence, reset, html"):
        trouble_named(name)
