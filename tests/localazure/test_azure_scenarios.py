"""Every scenario as the real DefaultAzureCredential and SecretClient see it."""

from collections.abc import Callable

import pytest
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ServiceRequestError,
    ServiceResponseTimeoutError,
)
from azure.identity import DefaultAzureCredential
from azure.keyvault.secrets import SecretClient

from localazure import SCENARIOS, LocalAzure, UnknownScenarioError

pytest_plugins = ["local_worlds"]

Enter = Callable[..., LocalAzure]

READS = (
    *("app-service", "app-service-user-assigned", "vm", "laptop", "laptop-service-principal", "kubernetes"),
    *("service-principal-secret", "service-principal-certificate", "token-vault", "certificate-in-vault"),
    *("arc", "cloud-shell", "azure-ml", "service-fabric", "azure-pipelines"),
)
READS_WITH_SOMETHING_TO_SAY = ("secret-expired", "clock-ahead")
NO_TOKEN = {
    "app-service-off": "no response from the IMDS endpoint",
    "vm-no-identity": "Token request error: (invalid_request) Identity not found",
    "vm-two-identities": "(invalid_request) Multiple user assigned identities exist, please specify the clientId",
    "kubernetes-wrong-subject": "(invalid_client) AADSTS700213: No matching federated identity record found",
    "laptop-signed-out": "AzureCliCredential: Please run 'az login' to set up an account",
    "laptop-no-az": "AzureCliCredential: Azure CLI not found on path",
    "laptop-slow-az": "AzureCliCredential: Failed to invoke the Azure CLI",
    "laptop-mfa": "AADSTS50076: Due to a configuration change made by your administrator",
    "service-principal-wrong-secret": "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent",
    "service-principal-expired-secret": "AADSTS7000222: The provided client secret keys for app",
    "imds-silent": "no response from the IMDS endpoint",
}
REFUSED = {
    "no-role": (403, "Forbidden", "ForbiddenByRbac"),
    "no-policy": (403, "Forbidden", "AccessDenied"),
    "firewall": (403, "Forbidden", "ForbiddenByFirewall"),
    "private": (403, "Forbidden", "ForbiddenByConnection"),
    "secret-missing": (404, "SecretNotFound", None),
    "secret-deleted": (404, "SecretNotFound", None),
    "secret-disabled": (403, "Forbidden", "SecretDisabled"),
    "wrong-tenant": (401, "Unauthorized", None),
    "throttled": (429, "Throttled", None),
}
UNREACHED = {
    "vault-unknown": (ServiceRequestError, "[Rr]esolve"),
    "vault-down": (HttpResponseError, "Service Unavailable"),
    "vault-silent": (ServiceResponseTimeoutError, "Read timed out"),
    "intercepted": (ServiceRequestError, "CERTIFICATE_VERIFY_FAILED"),
}
IMPATIENT = {"connection_timeout": 0.3, "read_timeout": 0.3, "retry_total": 0, "retry_status": 0}
"""Nobody waits in a test for what never comes."""


def read(azure: LocalAzure) -> str | None:
    limits = IMPATIENT if azure.scenario.keeps_waiting else {"retry_total": 0, "retry_status": 0}
    with (
        DefaultAzureCredential(process_timeout=1, **limits) as credential,
        SecretClient(azure.env["KEY_VAULT_URI"], credential, **limits) as client,
    ):
        return client.get_secret(azure.env["SECRET_NAME"]).value


def test_every_scenario_has_its_own_expectation_here() -> None:
    assert sorted((*READS, *READS_WITH_SOMETHING_TO_SAY, *NO_TOKEN, *REFUSED, *UNREACHED)) == sorted(SCENARIOS)


@pytest.mark.parametrize("scenario", READS)
def test_a_permitted_identity_reads_the_secret(enter: Enter, scenario: str) -> None:
    azure = enter(scenario)
    assert read(azure) == azure.secret_value
    assert azure.scenario.cause is None


@pytest.mark.parametrize("scenario", READS_WITH_SOMETHING_TO_SAY)
def test_a_secret_may_be_read_and_there_is_something_to_say(enter: Enter, scenario: str) -> None:
    azure = enter(scenario)
    assert read(azure) == azure.secret_value
    assert azure.scenario.cause


@pytest.mark.parametrize("scenario", NO_TOKEN)
def test_without_an_identity_the_chain_says_why(enter: Enter, scenario: str) -> None:
    azure = enter(scenario)
    with pytest.raises(ClientAuthenticationError) as refused:
        read(azure)
    assert NO_TOKEN[scenario] in str(refused.value)
    assert azure.tokens == ()
    assert azure.scenario.cause


@pytest.mark.parametrize("scenario", REFUSED)
def test_the_vault_refuses_with_its_own_codes(enter: Enter, scenario: str) -> None:
    azure = enter(scenario)
    status, code, inner_code = REFUSED[scenario]
    with pytest.raises(HttpResponseError) as refused:
        read(azure)
    error = refused.value.error
    assert (refused.value.status_code, error.code) == (status, code)
    assert (error.innererror or {}).get("code") == inner_code
    assert azure.scenario.cause


@pytest.mark.parametrize("scenario", UNREACHED)
def test_a_vault_that_cannot_be_reached_raises_what_the_sdk_raises(enter: Enter, scenario: str) -> None:
    azure = enter(scenario)
    error, text = UNREACHED[scenario]
    with pytest.raises(error, match=text):
        read(azure)
    assert azure.scenario.cause


def test_an_unknown_vault_is_asked_of_the_real_resolver(enter: Enter) -> None:
    azure = enter("vault-unknown")
    with pytest.raises(ServiceRequestError):
        read(azure)
    assert azure.requests == ()


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_no_refusal_carries_a_token_or_a_secret(enter: Enter, scenario: str) -> None:
    azure = enter(scenario)
    try:
        read(azure)
    except AzureError as error:
        seen = f"{error!r} {error} {azure.requests} {azure.tokens}"
    else:
        seen = f"{azure.requests} {azure.tokens}"
    assert azure.secret_value not in seen
    assert not any(token.text in seen for token in azure.tokens)


def test_an_unknown_scenario_is_named_with_those_there_are() -> None:
    with pytest.raises(UnknownScenarioError, match=r"no scenario 'nowhere'.*app-service"):
        LocalAzure("nowhere")


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_the_sentence_of_a_scenario_is_a_sentence(scenario) -> None:
    assert scenario.sentence.endswith(".")
    assert scenario.sentence[0].isupper()
