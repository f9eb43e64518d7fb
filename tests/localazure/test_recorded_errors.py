"""Errors are equal to recorded ones (tests/diagnosis/cases.jsonl): status, codes and text."""

import json
import os
import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from azure.core.exceptions import AzureError, ClientAuthenticationError
from azure.identity import (
    AzureCliCredential,
    ClientSecretCredential,
    DefaultAzureCredential,
    ManagedIdentityCredential,
    WorkloadIdentityCredential,
)
from azure.keyvault.secrets import SecretClient

from localazure import LocalAzure
from localazure.crypto.signing_keys import cluster_key
from localazure.scenarios.catalog import POD_SUBJECT
from localazure.scenarios.directory import CLUSTER_ISSUER, CONTOSO, SHARED_IDENTITY, SITE_APPLICATION
from localazure.scenarios.faults import parse_fault
from localazure.scenarios.registrations import TOKEN_EXCHANGE_AUDIENCE

pytest_plugins = ["scenario_fixtures"]

StartScenario = Callable[..., LocalAzure]
CASES = {
    case["id"]: case
    for case in map(json.loads, (Path(__file__).parent.parent / "diagnosis" / "cases.jsonl").read_text().splitlines())
}
SCOPE = "https://vault.azure.net/.default"
NO_RETRIES: dict[str, Any] = {"retry_total": 0, "retry_status": 0}
SHORT_TIMEOUTS: dict[str, Any] = {**NO_RETRIES, "connection_timeout": 0.2}

# Parts that differ between cases or machines. Everything else must be equal, including line endings.
VARIABLE = (
    (re.compile(r"https://sts\.windows\.net/[0-9a-f-]{36}/"), "ISSUER"),
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "GUID"),
    (re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?Z"), "TIME"),
    (re.compile(r"\d+\.\d+\.\d+\.\d+"), "ADDRESS"),
    (re.compile(r"contoso(-kv)?;location=\w+"), "VAULT"),
    (re.compile(r"DJANGO-SECRET-KEY|\bdemo\b"), "SECRET"),
    (re.compile(r'--scope "[^"]+"'), "SCOPE"),
    (
        re.compile(r"(VisualStudioCodeCredential requires|InteractiveBrowserBrokerCredential unavailable\.) [^\n]+"),
        "TOOL",
    ),
    (re.compile(r"repo:Contoso/Api:environment:Production|SYSTEM:SERVICEACCOUNT:[\w:]+"), "SUBJECT"),
)


def normalized(text: str) -> str:
    for pattern, name in VARIABLE:
        text = pattern.sub(name, text)
    return text.strip()


def vault_error(azure: LocalAzure, operation: Callable[[SecretClient], object]) -> AzureError:
    client = SecretClient(azure.env["KEY_VAULT_URI"], DefaultAzureCredential(), **NO_RETRIES)
    with pytest.raises(AzureError) as raised:
        operation(client)
    return raised.value


def get(client: SecretClient) -> object:
    return client.get_secret("demo")


@pytest.mark.parametrize(
    ("case_id", "scenario", "operation"),
    [
        ("ap-list", "no-policy", lambda client: next(iter(client.list_properties_of_secrets()))),
        ("fw", "firewall", get),
        ("conn2", "private", get),
        ("thr1", "throttled", get),
        ("nf-del", "secret-missing", lambda client: client.get_deleted_secret("demo")),
    ],
)
def test_vault_error__equals_the_recording(
    start_scenario: StartScenario, case_id: str, scenario: str, operation: Callable[[SecretClient], object]
) -> None:
    case, error = CASES[case_id], vault_error(start_scenario(scenario), operation)
    assert f"{type(error).__module__}.{type(error).__qualname__}" == case["exception"]
    assert error.status_code == case["http_status"]
    inner = (error.error.innererror or {}).get("code") or error.error.code
    assert inner == case["error_code"]
    assert normalized(error.message) == normalized(case["message"])


def test_no_role__equals_the_recording_except_for_the_action(start_scenario: StartScenario) -> None:
    case, error = CASES["rbac-key"], vault_error(start_scenario("no-role"), get)
    recorded = re.sub(r"'Microsoft.KeyVault/vaults/keys/read'", "ACTION", case["message"])
    actual = re.sub(r"'Microsoft.KeyVault/vaults/secrets/getSecret/action'", "ACTION", error.message)
    resource = re.compile(r"Resource: '/subscriptions/[^']+/vaults/[^/']+/\w+/\w+'")
    assert resource.search(actual)
    assert normalized(resource.sub("", actual)) == normalized(resource.sub("", recorded))
    assert error.error.innererror == {"code": case["error_code"]}


def test_disabled_secret__equals_the_recording(start_scenario: StartScenario) -> None:
    disabled = vault_error(start_scenario("secret-disabled"), get)
    assert CASES["ps-disabled"]["message"].endswith(f"Message: {disabled.error.message}")
    assert (disabled.status_code, disabled.error.innererror["code"]) == (403, CASES["ps-disabled"]["error_code"])


def test_missing_token_and_wrong_audience__equal_the_recordings(
    start_scenario: StartScenario, http_client: Callable[[LocalAzure], httpx.Client]
) -> None:
    azure = start_scenario("app-service")
    missing = http_client(azure).get("https://contoso.vault.azure.net/secrets/demo?api-version=7.6").json()["error"]
    assert CASES["ps-akv10000"]["message"].endswith(f"Code: {missing['code']}\nMessage: {missing['message']}")
    token = ManagedIdentityCredential().get_token("https://management.azure.com/.default").token
    bearer = {"Authorization": f"Bearer {token}"}
    response = http_client(azure).get("https://contoso.vault.azure.net/secrets/demo?api-version=7.6", headers=bearer)
    recorded = CASES["akv10022v"]["message"].partition("Message: ")[2]
    actual = response.json()["error"]["message"].replace(
        "https://management.azure.com", "https://contoso-kv.vault.azure.net/"
    )
    # Since 2024 the message also names the application: https://github.com/argoproj-labs/argocd-vault-plugin/issues/621
    actual = actual.replace(" or cfa8b339-82a2-471a-a3c9-0fc0be7a4093", "")
    assert (response.status_code, actual) == (CASES["akv10022v"]["http_status"], recorded)


def with_secret(azure: LocalAzure, client_id: str = SITE_APPLICATION.client_id) -> object:
    return ClientSecretCredential(CONTOSO.id, client_id, azure.env["AZURE_CLIENT_SECRET"]).get_token(SCOPE)


def with_service_account_token(azure: LocalAzure, **overrides: object) -> object:
    now = int(time.time())
    defaults = {
        "aud": [TOKEN_EXCHANGE_AUDIENCE],
        "iss": CLUSTER_ISSUER,
        "sub": POD_SUBJECT,
        "nbf": now,
        "exp": now + 600,
    }
    token = jwt.encode(defaults | overrides, cluster_key(), algorithm="RS256")
    Path(azure.env["AZURE_FEDERATED_TOKEN_FILE"]).write_text(token)
    return WorkloadIdentityCredential().get_token(SCOPE)


def with_default_credential(_azure: LocalAzure) -> object:
    return DefaultAzureCredential(process_timeout=20).get_token(SCOPE)


def with_default_credential_in_unknown_tenant(azure: LocalAzure) -> object:
    os.environ["AZURE_TENANT_ID"] = "11111111-2222-4333-8444-555555555555"
    return with_default_credential(azure)


NO_TOKEN: dict[str, tuple[str, Callable[[LocalAzure], object]]] = {
    "700016": ("service-principal-secret", lambda azure: with_secret(azure, SHARED_IDENTITY.client_id)),
    "dac-env-expired": ("service-principal-expired-secret", with_default_credential),
    "7002138": ("kubernetes", lambda azure: with_service_account_token(azure, sub=POD_SUBJECT.upper())),
    "700024": ("kubernetes", lambda azure: with_service_account_token(azure, nbf=1_000_000_000, exp=1_000_003_600)),
    "dac-bad-tenant": ("service-principal-secret", with_default_credential_in_unknown_tenant),
    "dac-vm-noidentity": ("vm-no-identity", with_default_credential),
    "as-nouser": ("app-service", lambda _: ManagedIdentityCredential(client_id="unknown").get_token(SCOPE)),
    "imds-conn": ("imds-silent", lambda _: ManagedIdentityCredential(**SHORT_TIMEOUTS).get_token(SCOPE)),
    "cred-fresh": ("laptop-signed-out", lambda _: AzureCliCredential().get_token(SCOPE)),
    "az-timeout": ("laptop-slow-az", lambda _: AzureCliCredential(process_timeout=1).get_token(SCOPE)),
    "az-500011": ("laptop", lambda _: AzureCliCredential().get_token("https://contoso-kv.vault.azure.net/.default")),
    "cs-user": ("cloud-shell", lambda _: ManagedIdentityCredential(client_id="unknown").get_token(SCOPE)),
}


@pytest.mark.parametrize("case_id", NO_TOKEN)
def test_credential_error__equals_the_recording(start_scenario: StartScenario, case_id: str) -> None:
    case, (scenario, operation) = CASES[case_id], NO_TOKEN[case_id]
    azure = start_scenario(scenario)
    with pytest.raises((AzureError, ValueError)) as raised:
        operation(azure)
    actual = str(raised.value).partition("\nContent:")[0]
    assert normalized(actual) == normalized(case["message"])
    assert azure.tokens == ()


def test_mfa_required__equals_the_recording(start_scenario: StartScenario) -> None:
    start_scenario("laptop-mfa")
    with pytest.raises(ClientAuthenticationError) as raised:
        AzureCliCredential().get_token(SCOPE)
    recorded = CASES["50076"]["message"].removeprefix("Authentication failed: ")
    assert normalized(raised.value.message).startswith(normalized(f"ERROR: {recorded}"))
    assert normalized(raised.value.message).endswith(normalized(CASES["az-500011"]["message"]).partition("TIME")[2])


@pytest.mark.parametrize("case_id", ["50034", "50055", "65002", "az-530003", "az-700082", "500133"])
def test_aadsts_error__equals_the_recording(
    start_scenario: StartScenario, http_client: Callable[[LocalAzure], httpx.Client], case_id: str
) -> None:
    code, recorded = re.search(r"(AADSTS\d+): (.*?)(?= Trace ID:|$)", CASES[case_id]["message"]).groups()
    azure = start_scenario("service-principal-secret", faults={"entra": parse_fault(code)})
    form = {"grant_type": "refresh_token", "client_id": SITE_APPLICATION.client_id, "scope": SCOPE}
    response = http_client(azure).post(f"https://login.microsoftonline.com/{CONTOSO.id}/oauth2/v2.0/token", data=form)
    actual = response.json()["error_description"].partition(": ")[2].partition(" Trace ID:")[0]
    assert normalized(actual).replace("https://vault.azure.net", "GUID") == normalized(recorded)
    assert response.status_code == (CASES[case_id]["http_status"] or 400)


def test_managed_identity_error__equals_the_recording(
    start_scenario: StartScenario, http_client: Callable[[LocalAzure], httpx.Client]
) -> None:
    azure = start_scenario("app-service")
    query = {"api-version": "2019-08-01", "resource": "https://nothing.example"}
    header = {"X-IDENTITY-HEADER": azure.env["IDENTITY_HEADER"]}
    response = httpx.get(azure.env["IDENTITY_ENDPOINT"], params=query, headers=header)
    assert response.status_code == CASES["as-net-500"]["http_status"]
    assert normalized(CASES["as-net-500"]["message"]).endswith(normalized(response.text))
    imds = {"api-version": "2018-02-01", "resource": "https://vault.azure.net"}
    address = "http://169.254.169.254/metadata/identity/oauth2/token"
    response = http_client(start_scenario("vm-two-identities")).get(address, params=imds, headers={"Metadata": "true"})
    assert (response.status_code, response.text) == (CASES["multi-raw"]["http_status"], CASES["multi-raw"]["message"])


def test_proxy_error__equals_the_recording(start_scenario: StartScenario) -> None:
    start_scenario("app-service")
    client = SecretClient("https://elsewhere.vault.azure.net", DefaultAzureCredential(), **NO_RETRIES)
    with pytest.raises(AzureError) as raised:
        client.get_secret("demo")
    assert f"{type(raised.value).__module__}.{type(raised.value).__qualname__}" == CASES["proxy-403"]["exception"]
    recorded = CASES["proxy-403"]["message"].removesuffix("'))")
    assert f"{recorded}: Local Azure does not emulate elsewhere.vault.azure.net:443" in str(raised.value)


def test_az_error__equals_the_recording(start_scenario: StartScenario) -> None:
    azure = start_scenario("laptop")
    command = ["az", "account", "get-access-token", "--tenant", "x", "--subscription", "y"]
    done = subprocess.run(command, env=azure.env, capture_output=True, text=True, timeout=20)
    assert done.stderr == CASES["az-sub-and-tenant"]["message"]
