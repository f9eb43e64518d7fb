"""Causes stated in words that no signature has, phrases of tools, and what stands around an error."""

import time
from importlib.resources import files

import pytest

from secrets_app.core.reading import UNEXPECTED, Certainty
from secrets_app.diagnosis.catalog import CAUSES
from secrets_app.diagnosis.explain import explain
from secrets_app.diagnosis.signature import Strength
from secrets_app.diagnosis.wordings import WORDINGS


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("no such secret 'db' in Azure key vault kv-prod", "kv_secret_not_found"),
        ("Azure Key Vault: the secret identifier is malformed", "kv_url_or_id_invalid"),
        ("public access to key vault kv-prod is turned off", "kv_public_access_disabled"),
        ("Azure AD application credentials have expired", "client_secret_expired"),
        ("Azure Key Vault secret db has expired", "secret_expired"),
        (
            "Azure AD: the certificate thumbprint does not match any registered certificate",
            "certificate_not_registered",
        ),
        ("Multiple managed identities on this Azure host, specify the client id", "mi_multiple_user_assigned"),
        ("not running on an Azure VM, managed identity unavailable", "imds_unreachable"),
        ("No Azure subscriptions available for this account", "az_subscription_wrong"),
        ("Azure CLI (az) not found, install it first", "az_not_installed"),
    ],
)
def test_sentence_about_azure__states_its_cause(text: str, cause: str) -> None:
    explanation = explain(text)
    assert explanation.causes[0] == cause
    assert explanation.certainty in (Certainty.LIKELY, Certainty.GUESS)


@pytest.mark.parametrize(
    "text",
    [
        "The secret 'db' does not exist",  # says nothing about Azure
        "vault: permission denied for the secret at secret/data/db; https://vault.example.com:8200/v1/secret/data/db",
        'secrets "db-password" not found in namespace "prod"',
    ],
)
def test_sentence_about_another_system__states_nothing(text: str) -> None:
    assert explain(text).causes == (UNEXPECTED,)


def test_wordings__name_causes_of_the_catalog_and_are_never_sure() -> None:
    assert {wording.cause for wording in WORDINGS} <= CAUSES.keys()
    assert {wording.certainty for wording in WORDINGS} == {Certainty.LIKELY, Certainty.GUESS}


@pytest.mark.parametrize("repeated", ["not ", "0.", "key vault secret ", "the tenant id "])
def test_wordings__are_quick_on_hostile_text(repeated: str) -> None:
    text = (repeated * 12_000)[:12_000]
    started = time.process_time()
    for wording in WORDINGS:
        wording.pattern.search(text)
    assert time.process_time() - started < 1


@pytest.mark.parametrize("name", ["system_messages.tsv", "tool_messages.tsv"])
def test_messages__name_causes_of_the_catalog(name: str) -> None:
    lines = files("secrets_app.diagnosis.catalog").joinpath(name).read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines[1:]]
    assert {cause for cause, _, _ in rows} <= CAUSES.keys()
    assert {strength.upper() for _, strength, _ in rows} <= set(Strength.__members__)
    assert len({words for _, _, words in rows}) == len(rows)


def test_code_of_ad_fs__is_explained_but_not_in_the_catalog() -> None:
    explanation = explain("MSIS9605: The client is not allowed to access the requested resource.")
    assert explanation.causes == (UNEXPECTED,)
    assert "AD FS" in explanation.hints[0].why


def test_code_in_an_inner_exception_of_a_chain__decides() -> None:
    text = (
        "Azure.Identity.AuthenticationFailedException: SharedTokenCacheCredential authentication failed: see inner "
        "exception\n ---> MSAL.NetCore: AADSTS700082: The refresh token has expired due to inactivity."
    )
    assert explain(text).causes[0] == "sign_in_expired"


def test_status_of_a_token_request__is_not_that_of_the_vault() -> None:
    refused = (
        "keyvault.BaseClient#GetSecret: Failed to refresh the Token for request to https://x.vault.azure.net/secrets/s:"
        " StatusCode=404 -- Original Error: adal: Refresh request failed. Status Code = '404'. "
        "Response body: <!DOCTYPE html>"
    )
    assert explain(refused).causes[0] == "imds_unreadable_answer"


def test_advice_of_azure_cli_below_an_error__is_not_its_cause() -> None:
    log = "Error: AADSTS7000215: Invalid client secret provided.\nError: To re-authenticate, please run:\naz login"
    assert explain(log).causes[0] == "client_secret_wrong"
