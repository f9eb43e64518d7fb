"""Every scenario with the real DefaultAzureCredential and SecretClient."""

import functools
import os
import re
from dataclasses import dataclass

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

READS = (
    *("app-service", "app-service-user-assigned", "vm", "laptop", "laptop-service-principal", "kubernetes"),
    *("service-principal-secret", "service-principal-certificate", "token-vault", "certificate-in-vault"),
    *("arc", "cloud-shell", "azure-ml", "service-fabric", "azure-pipelines"),
)
READS_WITH_WARNING = ("secret-expired", "clock-ahead")
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
VAULT_ERROR = {
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
UNREACHABLE = {
    "vault-unknown": (ServiceRequestError, "[Rr]esolve"),
    "vault-down": (HttpResponseError, "Service Unavailable"),
    "vault-silent": (ServiceResponseTimeoutError, "Read timed out"),
    "intercepted": (ServiceRequestError, "CERTIFICATE_VERIFY_FAILED"),
}
NO_RETRIES = {"retry_total": 0, "retry_status": 0}
SHORT_TIMEOUTS = {**NO_RETRIES, "connection_timeout": 0.3, "read_timeout": 0.3}
"""For services that do not respond: on a busy machine, others may take longer."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """What one read of the secret in a scenario returned or raised, and what Local Azure recorded meanwhile."""

    azure: LocalAzure
    value: str | None = None
    error: AzureError | None = None


@functools.cache
def read_in(name: str) -> Result:
    """One read for all tests of a scenario."""
    before = dict(os.environ)
    try:
        with LocalAzure(name) as azure:
            os.environ.clear()
            os.environ.update(azure.env)
            return Result(azure=azure, value=read(azure))
    except AzureError as error:
        return Result(azure=azure, error=error)
    finally:
        os.environ.clear()
        os.environ.update(before)


def read(azure: LocalAzure) -> str | None:
    name = azure.scenario.name
    of_identity = SHORT_TIMEOUTS if name == "imds-silent" else NO_RETRIES
    of_vault = SHORT_TIMEOUTS if name == "vault-silent" else NO_RETRIES
    with (
        DefaultAzureCredential(process_timeout=1 if name == "laptop-slow-az" else 20, **of_identity) as credential,
        SecretClient(azure.env["KEY_VAULT_URI"], credential, **of_vault) as client,
    ):
        return client.get_secret(azure.env["SECRET_NAME"]).value


def test_every_scenario__is_covered() -> None:
    assert sorted((*READS, *READS_WITH_WARNING, *NO_TOKEN, *VAULT_ERROR, *UNREACHABLE)) == sorted(SCENARIOS)


@pytest.mark.parametrize("scenario", READS)
def test_authorized_identity__reads_the_secret(scenario: str) -> None:
    result = read_in(scenario)
    assert result.value == result.azure.secret_value
    assert result.azure.scenario.cause is None


@pytest.mark.parametrize("scenario", READS_WITH_WARNING)
def test_secret_is_read__scenario_has_a_cause(scenario: str) -> None:
    result = read_in(scenario)
    assert result.value == result.azure.secret_value
    assert result.azure.scenario.cause


@pytest.mark.parametrize("scenario", NO_TOKEN)
def test_no_token__credential_reports_the_reason(scenario: str) -> None:
    result = read_in(scenario)
    assert isinstance(result.error, ClientAuthenticationError)
    assert NO_TOKEN[scenario] in str(result.error)
    assert result.azure.tokens == ()
    assert result.azure.scenario.cause


@pytest.mark.parametrize("scenario", VAULT_ERROR)
def test_vault_error__has_azures_status_and_codes(scenario: str) -> None:
    result = read_in(scenario)
    status, code, inner_code = VAULT_ERROR[scenario]
    assert isinstance(result.error, HttpResponseError)
    error = result.error.error
    assert (result.error.status_code, error.code) == (status, code)
    assert (error.innererror or {}).get("code") == inner_code
    assert result.azure.scenario.cause


@pytest.mark.parametrize("scenario", UNREACHABLE)
def test_unreachable_vault__raises_the_sdks_exception(scenario: str) -> None:
    result = read_in(scenario)
    error, text = UNREACHABLE[scenario]
    assert isinstance(result.error, error)
    assert re.search(text, str(result.error))
    assert result.azure.scenario.cause


@pytest.mark.parametrize("scenario", ["vault-unknown"])
def test_vault_unknown__name_is_resolved_by_the_client(scenario: str) -> None:
    result = read_in(scenario)
    assert isinstance(result.error, ServiceRequestError)
    assert result.azure.requests == ()


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_errors_and_log__contain_no_token_or_secret(scenario: str) -> None:
    result = read_in(scenario)
    azure = result.azure
    output = f"{result.error!r} {result.error} {azure.requests} {azure.tokens}"
    assert azure.secret_value not in output
    assert not any(token.text in output for token in azure.tokens)


def test_unknown_scenario__error_lists_the_scenarios() -> None:
    with pytest.raises(UnknownScenarioError, match=r"Unknown scenario 'nowhere'.*app-service"):
        LocalAzure("nowhere")


def test_scenario_sentence__is_a_sentence() -> None:
    sentences = [scenario.sentence for scenario in SCENARIOS.values()]
    assert [text for text in sentences if not (text.endswith(".") and text[0].isupper())] == []
