"""The search of causes finds what people type."""

import pytest

from secrets_app.diagnosis.catalog import CAUSES
from secrets_app.diagnosis.catalog.examples import examples
from secrets_app.diagnosis.search import MAX_QUERY, find, search
from secrets_app.diagnosis.search_terms import STATUSES, SYNONYMS


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("401", "kv_wrong_tenant"),
        ("403", "kv_rbac_denied"),
        ("HTTP 404", "kv_secret_not_found"),
        ("429", "kv_throttled"),
        ("CERTIFICATE_VERIFY_FAILED", "tls_interception"),
        ("soft-deleted", "kv_soft_deleted"),
        ("soft deleted", "kv_soft_deleted"),
        ("IIS", "process_environment_missing"),
        ("MSI_ENDPOINT", "mi_identity_not_assigned"),
        ("AzureCLIPath", "az_not_installed"),
        ("az account set", "az_subscription_wrong"),
        ("az keyvault network-rule add", "kv_firewall_denied"),
        ("az login", "az_not_logged_in"),
        ("Connect-AzAccount -Tenant", "powershell_not_logged_in"),
        ("AADSTS700016", "app_not_found_in_tenant"),
        ("aadsts 700016", "app_not_found_in_tenant"),
        ("700016", "app_not_found_in_tenant"),
        ("ForbiddenByRbac", "kv_rbac_denied"),
        ("kv_rbac_denied", "kv_rbac_denied"),
        ("managed identity", "mi_identity_not_assigned"),
        ("forbidden", "kv_rbac_denied"),
        ("getaddrinfo ENOTFOUND contoso.vault.azure.net", "dns_failure"),
        ("secret not found", "kv_secret_not_found"),
        ("REQUESTS_CA_BUNDLE", "tls_interception"),
        ("private endpoint", "kv_public_access_disabled"),
        ("@Microsoft.KeyVault(SecretUri=", "kv_reference_unresolved"),
        ("client secret expired", "client_secret_expired"),
    ],
)
def test_query__finds_the_cause_first(query: str, first: str) -> None:
    assert [found.cause.key for found in find(query)][:1] == [first]


def test_pasted_error__finds_its_cause_first() -> None:
    texts = [(key, text) for key, of_cause in examples().items() for text in of_cause if len(text) < MAX_QUERY]
    wrong = [(key, text) for key, text in texts if find(text)[0].cause.key != key]
    assert wrong == []


def test_title_of_a_cause__is_among_the_first() -> None:
    missing = [
        key
        for key, cause in CAUSES.items()
        if key not in [found.cause.key for found in find(cause.title)][:5] and key != "unexpected"
    ]
    assert missing == []


def test_result__says_why() -> None:
    for query in ("401", "az account set", "700016", "iis", "firewall rule"):
        assert all(found.why.endswith(".") for found in find(query))
    assert find("700016")[0].why.startswith("The code AADSTS700016: ")


@pytest.mark.parametrize("query", ["zebra", "  ", "", "?", "-", "\x00", "who am i"])
def test_nothing_to_find__has_no_result(query: str) -> None:
    assert find(query) == []


def test_empty_query__lists_all_causes() -> None:
    assert search("") == list(CAUSES.values())


def test_terms__name_existing_causes() -> None:
    assert {key for keys in (*STATUSES.values(), *SYNONYMS.values()) for key in keys} <= set(CAUSES)
    assert all(term == term.lower() for term in SYNONYMS)
