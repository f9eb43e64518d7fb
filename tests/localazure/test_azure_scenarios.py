"""Every scenario as the real DefaultAzureCredential and SecretClient see it."""

from collections.abc import Callable

import pytest
from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError, ServiceRequestError
from azure.identity import DefaultAzureCredential
from azure.keyvault.secrets import SecretClient

from localazure import SCENARIOS, LocalAzure, UnknownScenarioError

pytest_plugins = ["local_worlds"]

Enter = Callable[..., LocalAzure]

READS = ("app-service", "app-service-user-assigned", "vm", "laptop")
NO_TOKEN = {
    "app-service-off": "no response from the IMDS endpoint",
    "laptop-signed-out": "AzureCliCredential: Please run 'az login' to set up an account",
    "laptop-no-az": "AzureCliCredential: Azure CLI not found on path",
}
REFUSED = {
    "no-role": (403, "Forbidden", "ForbiddenByRbac"),
    "secret-missing": (404, "SecretNotFound", None),
    "secret-disabled": (403, "Forbidden", "SecretDisabled"),
}
UNREACHED = ("vault-unknown",)


def read(azure: LocalAzure) -> str | None:
    with (
        DefaultAzureCredential() as credential,
        SecretClient(azure.env["KEY_VAULT_URI"], credential, retry_total=0) as client,
    ):
        return client.get_secret(azure.env["SECRET_NAME"]).value


def test_every_scenario_has_its_own_expectation_here() -> None:
    assert sorted((*READS, *NO_TOKEN, *REFUSED, *UNREACHED)) == sorted(SCENARIOS)


@pytest.mark.parametrize("scenario", READS)
def test_a_permitted_identity_reads_the_secret(enter: Enter, scenario: str) -> None:
    azure = enter(scenario)
    assert read(azure) == azure.secret_value
    assert azure.scenario.cause is None


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


def test_an_unknown_vault_is_asked_of_the_real_resolver(enter: Enter) -> None:
    azure = enter("vault-unknown")
    with pytest.raises(ServiceRequestError, match=r"[Rr]esolve"), DefaultAzureCredential() as credential:
        SecretClient(azure.env["KEY_VAULT_URI"], credential, retry_total=0).get_secret("demo")
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
