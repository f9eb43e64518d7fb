"""The contents of an explanation, for any text."""

import dataclasses
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secrets_app.diagnosis.catalog import CAUSES
from secrets_app.diagnosis.cause import Severity
from secrets_app.diagnosis.explain import Explanation, explain

RBAC = (
    "(Forbidden) Caller is not authorized to perform action on resource.\r\n"
    "Caller: appid=aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee;oid=41baaa1d-3381-4fb6-83c8-cc76b4500d0d;"
    "iss=https://sts.windows.net/11111111-2222-4333-8444-555555555555/\r\n"
    "Action: 'Microsoft.KeyVault/vaults/secrets/getSecret/action'\r\n"
    "Resource: '/subscriptions/1d371236-1fb2-4b20-83cd-544b7b958a3c/resourcegroups/contoso-rg/providers/"
    "microsoft.keyvault/vaults/contoso-kv/secrets/demo'\r\nVault: contoso-kv;location=westeurope\r\n"
    'Inner error: {\n    "code": "ForbiddenByRbac"\n}'
)
CHAIN = (
    "DefaultAzureCredential failed to retrieve a token from the included credentials.\nAttempted credentials:\n"
    "\tEnvironmentCredential: EnvironmentCredential authentication unavailable. Environment variables are not fully "
    "configured.\n\tManagedIdentityCredential: ManagedIdentityCredential authentication unavailable, no response from "
    "the IMDS endpoint.\n\tAzureCliCredential: Please run 'az login' to set up an account\n"
    "To mitigate this issue, please refer to the troubleshooting guidelines here at https://aka.ms/x."
)


@given(st.text(max_size=2000) | st.binary(max_size=2000).map(lambda raw: raw.decode("latin-1")))
def test_any_text__has_an_explanation(text: str) -> None:
    explanation = explain(text)
    assert explanation.causes
    assert set(explanation.causes) <= set(CAUSES)
    assert len(explanation.text) <= len(text) + 200 * (text.count("=") + text.count(":") + text.count("eyJ") + 1)


@given(st.text(alphabet=st.characters(codec=None, categories=["Cs", "Cc", "Lu", "Po"]), max_size=500))
def test_lone_surrogates_and_controls__are_no_exception(text: str) -> None:
    assert "\x00" not in explain(text).text


@pytest.mark.parametrize("text", ["", " ", "\n\n", "{}", "hello", "None", "<html></html>", "\ud800", "A" * 300_000])
def test_unreadable_text__is_unexpected(text: str) -> None:
    explanation = explain(text)
    assert explanation.causes == ("unexpected",)
    assert explanation.hints[0].title == CAUSES["unexpected"].title


def test_explanation__is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        explain("x").causes = ()  # type: ignore[misc]


def test_evidence__has_the_vaults_identifiers() -> None:
    evidence = explain(RBAC, http_status=403, error_code="ForbiddenByRbac").evidence
    assert evidence.status == 403
    assert evidence.service_code == "ForbiddenByRbac"
    assert evidence.caller["oid"] == "41baaa1d-3381-4fb6-83c8-cc76b4500d0d"
    assert evidence.caller["tid"] == "11111111-2222-4333-8444-555555555555"
    assert evidence.vault == "contoso-kv"
    assert (evidence.vault_id or "").endswith("/vaults/contoso-kv")
    assert "sts.windows.net" in evidence.hosts


def test_evidence__has_codes_times_and_addresses() -> None:
    evidence = explain(
        "requests.exceptions.ConnectionError: AADSTS7000215: x AKV10032 at 169.254.169.254 "
        "Timestamp: 2026-09-14 07:21:29Z"
    ).evidence
    assert evidence.aadsts == (7000215,)
    assert evidence.akv == (10032,)
    assert evidence.addresses == ("169.254.169.254",)
    assert evidence.times == ("2026-09-14 07:21:29Z",)
    assert evidence.exception == "requests.exceptions.ConnectionError"


def test_chain__is_split_into_attempts() -> None:
    explanation = explain(CHAIN)
    assert [attempt.credential for attempt in explanation.evidence.attempts] == [
        "EnvironmentCredential",
        "ManagedIdentityCredential",
        "AzureCliCredential",
    ]
    assert explanation.evidence.attempts[2].message == "AzureCliCredential: Please run 'az login' to set up an account"
    assert explanation.causes[0] == "az_not_logged_in"
    assert [key for key in explanation.causes if CAUSES[key].is_noise] == ["env_vars_incomplete", "imds_unreachable"]


def test_chain_stopped_by_a_wrong_secret__lists_untried_credentials() -> None:
    explanation = explain(
        "DefaultAzureCredential failed to retrieve a token from the included credentials.\nAttempted credentials:\n"
        "\tEnvironmentCredential: Authentication failed: AADSTS7000215: Invalid client secret provided."
    )
    assert explanation.causes == ("client_secret_wrong", "chain_stopped_early")
    why = explanation.hints[1].why
    assert "ManagedIdentityCredential" in why
    assert "AzureCliCredential" in why
    assert "and 6 others" in why
    assert explanation.hints[1].fix == "Fix the credential that failed: see the first hint above."


def test_two_credentials_failed__entras_error_ranks_first() -> None:
    explanation = explain(
        "ChainedTokenCredential failed to retrieve a token from the included credentials.\nAttempted credentials:\n"
        '\tManagedIdentityCredential: Unexpected content type "text/html"\n'
        "\tAzureCliCredential: ERROR: AADSTS50076: you must use multi-factor authentication"
    )
    assert explanation.causes[0] == "mfa_required"


def test_secret_in_the_text__is_not_in_the_explanation() -> None:
    explanation = explain(f"client_secret=Zq8~Q.k3y-Value_012345 {CHAIN} Authorization: Bearer abc.def.ghi-0123456789")
    assert "k3y-Value" not in repr(explanation)
    assert "ghi-0123456789" not in repr(explanation)


def test_cause__has_title_reason_and_fix() -> None:
    sites = ("https://learn.microsoft.com/", "https://azure.status.microsoft/")
    for key, cause in CAUSES.items():
        assert cause.key == key
        assert cause.title, key
        assert not cause.title.endswith("."), key
        assert cause.why.endswith("."), key
        assert cause.fix.endswith("."), key
        assert "{" not in f"{cause.title}{cause.why}{cause.fix}", key
        assert all(link.startswith(sites) for link in cause.links), key
        assert cause.links, key
        assert set(cause.related) <= set(CAUSES), key
        assert cause.is_noise == (cause.severity is Severity.NOISE), key


LOOK_ALIKES = {
    "imds_unreachable": (
        "ManagedIdentityCredential authentication unavailable, no response from the IMDS endpoint.",
        "ManagedIdentityCredential authentication unavailable, no response from the IMDS endpoint. "
        "Token request error: (invalid_request) Identity not found",
    ),
    "az_timeout": ("Failed to invoke the Azure CLI", "Failed to invoke Azure CLI"),
    "imds_unreadable_answer": (
        "ManagedIdentityCredential authentication unavailable.",
        "ManagedIdentityCredential authentication unavailable. No identity has been assigned to this resource.",
    ),
    "scope_invalid": (
        "AADSTS500011: The resource principal named https://vault.azure.net/.default was not found in the tenant",
        "AADSTS500011: The resource principal named https://contoso-kv.vault.azure.net was not found in the tenant",
    ),
    "client_secret_expired": (
        "AADSTS7000222: The provided client secret keys are expired.",
        "AADSTS7000215: Invalid client secret provided.",
    ),
    "app_disabled": (
        "AADSTS7000112: Application 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee' is disabled.",
        "AADSTS500014: The service principal for resource 'https://vault.azure.net' is disabled.",
    ),
    "kv_rbac_denied": (
        "Caller is not authorized to perform action on resource.",
        "The user, group or application 'oid=1' does not have secrets get permission on key vault 'contoso-kv'.",
    ),
    "mi_endpoint_error": (
        "App Service managed identity configuration not found in environment. Token request error: (invalid_scope) "
        "500, An unexpected error occured while fetching the AAD Token.",
        "App Service managed identity configuration not found in environment. Token request error: (invalid_scope) "
        "400, No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId.",
    ),
    "mfa_required": ("AADSTS50076: you must use multi-factor authentication", "AADSTS53003: blocked by policies"),
    "obo_assertion_invalid": (
        "AADSTS500133: Assertion is not within its valid time range.",
        "AADSTS700024: Client assertion is not within its valid time range.",
    ),
    "dns_failure": ("getaddrinfo ENOTFOUND contoso-kv.vault.azure.net", "ModuleNotFoundError: No module named 'x'"),
    "proxy_error": (
        "('Unable to connect to proxy', OSError('Tunnel connection failed: 403 Forbidden'))",
        "('Connection aborted.', ConnectionResetError(104, 'Connection reset by peer'))",
    ),
}


@pytest.mark.parametrize("key", LOOK_ALIKES)
def test_similar_text__has_another_cause(key: str) -> None:
    text, look_alike = LOOK_ALIKES[key]
    assert explain(text).causes[0] == key
    assert explain(look_alike).causes[0] != key


def test_harmless_text__has_no_cause() -> None:
    explanation = explain("Deployment of a web page finished. Everything is fine; see the log for details.")
    assert isinstance(explanation, Explanation)
    assert explanation.causes == ("unexpected",)


NOISE = (
    "EnvironmentCredential.get_token_info failed: EnvironmentCredential authentication unavailable. "
    "Environment variables are not fully configured.\n"
    "ImdsCredential.get_token_info failed: ManagedIdentityCredential authentication unavailable, "
    "no response from the IMDS endpoint.\n"
    "ManagedIdentityCredential.get_token_info failed: ManagedIdentityCredential authentication unavailable, "
    "no response from the IMDS endpoint.\n"
)
TOKEN = "DefaultAzureCredential acquired a token from AzureCliCredential\n"


def test_log__with_a_token_and_then_a_refusal__is_about_the_refusal() -> None:
    refusal = "(Forbidden) Caller is not authorized to perform action on resource."
    assert explain(NOISE + TOKEN + refusal).causes == ("kv_rbac_denied",)
    assert explain(NOISE + refusal).causes == ("kv_rbac_denied",)


def test_log__with_a_token_and_then_nothing_known__is_not_about_the_chain() -> None:
    assert explain(NOISE + TOKEN + "Something else went wrong.").causes == ("unexpected",)


def test_log__with_a_token_and_then_a_failing_chain__is_about_the_chain() -> None:
    later = NOISE + "AzureCliCredential.get_token_info failed: Please run 'az login' to set up an account"
    assert explain(TOKEN + later).causes[0] == "az_not_logged_in"


def test_nested_attempt__is_counted_once() -> None:
    assert [attempt.credential for attempt in explain(NOISE).evidence.attempts] == [
        "EnvironmentCredential",
        "ManagedIdentityCredential",
    ]


def _unfolding(levels: int) -> str:
    """Each line is a log line about a token when one more layer of escapes is removed than for the line before."""
    lines = [f"acquired&{'amp;' * level}#32;a token from x" for level in range(levels)]
    chain = (
        "DefaultAzureCredential failed to retrieve a token from the included credentials.\nEnvironmentCredential: x\n"
    )
    return "\n".join(["acquired a token from x", *lines, f"{chain}ManagedIdentityCredential: y"])


def _calls(text: str) -> int:
    """How many functions are called to explain the text."""
    count = 0

    def profile(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(profile)
    try:
        explain(text)
    finally:
        sys.setprofile(None)
    return count


def test_text_that_unfolds__is_explained_once() -> None:
    explain(_unfolding(1))
    assert _calls(_unfolding(40)) < 2 * _calls(_unfolding(10))
