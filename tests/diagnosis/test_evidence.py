"""What is read from an error text before any cause is looked for."""

import pytest

from secrets_app.core.reading import Platform
from secrets_app.diagnosis.explain import ErrorReport, explanation_json
from secrets_app.diagnosis.extraction import extract_evidence
from secrets_app.diagnosis.layers import MAX_LAYERS, split_layers
from secrets_app.diagnosis.places import Cloud
from secrets_app.diagnosis.services import Action, ObjectKind, Service
from secrets_app.diagnosis.stacks import Stack

TERRAFORM = (
    "╷\n│ Error: checking for presence of existing Secret: keyvault.BaseClient#GetSecret: Failure responding to "
    'request: StatusCode=403 -- Original Error: autorest/azure: Service returned an error. Status=403 Code="Forbidden" '
    'Message="Caller is not authorized to perform action on resource." InnerError={"code":"ForbiddenByRbac"}\n'
    "│   with azurerm_key_vault_secret.example,\n╵"
)
REFRESH = (
    "azure.BearerAuthorizer#WithAuthorization: Failed to refresh the Token for request to "
    "https://contoso.vault.azure.net/secrets/demo: StatusCode=400 -- Original Error: adal: Refresh request failed. "
    'Response body: {"error":"invalid_request","error_description":"Identity not found"} '
    "Endpoint http://169.254.169.254/metadata/identity/oauth2/token?resource=https%3A%2F%2Fvault.azure.net"
)


def test_terraform_403__is_summarized_in_one_line() -> None:
    evidence = extract_evidence(TERRAFORM)
    assert evidence.summary == "Printed by: Terraform. Service: Key Vault, secrets, read. 403 ForbiddenByRbac."
    assert (evidence.operation.object, evidence.operation.action) == (ObjectKind.SECRET, Action.READ)


def test_token_request_inside_a_vault_request__the_innermost_service_refused() -> None:
    evidence = extract_evidence(REFRESH)
    assert evidence.service is Service.IMDS
    assert len(evidence.layers) > 2


@pytest.mark.parametrize(
    ("text", "service"),
    [
        ("AADSTS7000215: Invalid client secret. https://contoso.vault.azure.net", Service.ENTRA),
        ("The client does not have authorization to perform action 'Microsoft.KeyVault/vaults/read'",
         Service.RESOURCE_MANAGER),
        ("unexpected status from GET request to https://contoso.azurecr.io/oauth2/token: 401",
         Service.CONTAINER_REGISTRY),
        ("Login failed for user '<token-identified principal>'.", Service.SQL),
        ("Insufficient privileges to complete the operation.", Service.GRAPH),
        ("DefaultAzureCredential failed to retrieve a token from the included credentials.", None),
        ("hello", None),
    ],
)  # fmt: skip
def test_service__is_the_one_that_refused(text: str, service: Service | None) -> None:
    assert extract_evidence(text).service is service


@pytest.mark.parametrize(
    ("text", "stack"),
    [
        ("Azure.Identity.CredentialUnavailableException: x", Stack.DOTNET),
        ("azure.identity.CredentialUnavailableError: x", Stack.PYTHON),
        ("com.azure.identity.CredentialUnavailableException: x", Stack.JAVA),
        ("ModuleNotFoundError: No module named 'azure'", Stack.PYTHON),
        ("Get-AzKeyVaultSecret : x\n+ CategoryInfo : CloseError", Stack.POWERSHELL),
        ('MountVolume.SetUp failed: failed to get objectType:secret, objectName:demo: "azidentity"', Stack.CSI_DRIVER),
        ("##[error]The process failed", Stack.AZURE_PIPELINES),
        ("nothing", None),
    ],
)
def test_stack__is_the_program_whose_settings_apply(text: str, stack: Stack | None) -> None:
    assert extract_evidence(text).stack is stack


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("Operation returned an invalid status code 'Forbidden'", 403),
        ("Der Vorgang hat einen ungültigen Statuscode 'NotFound' zurückgegeben", 404),
        ("RESPONSE 403: 403 Forbidden", 403),
        ("StatusCode=429 -- Original Error: x", 429),
        ("requests.exceptions.HTTPError: 400 Client Error: Bad Request for url: http://x", 400),
        ("Error Code: 53003", None),
        ("port 4430", None),
    ],
)
def test_status__is_read_from_each_stacks_form(text: str, status: int | None) -> None:
    assert extract_evidence(text).status == status


def test_platform_and_cloud__are_read_from_paths_and_hosts() -> None:
    evidence = extract_evidence(
        "/home/site/wwwroot/app.py: https://contoso.vault.usgovcloudapi.net/secrets/demo failed"
    )
    assert (evidence.platform, evidence.cloud) == (Platform.APP_SERVICE, Cloud.US_GOVERNMENT)


@pytest.mark.parametrize(
    ("text", "innermost"),
    [
        ("a ---> b ---> c", "c"),
        ("Outer\nCaused by: java.net.SocketException: reset", "java.net.SocketException: reset"),
        ("rpc error: code = Unknown desc = failed to mount: boom", "boom"),
        ("first\n\nThe above exception was the direct cause of the following exception:\n\nsecond", "first"),
        ("alone", "alone"),
    ],
)
def test_layers__the_last_is_the_innermost(text: str, innermost: str) -> None:
    assert split_layers(text)[-1] == innermost


def test_layers__are_limited() -> None:
    assert len(split_layers("a ---> " * 1000)) <= MAX_LAYERS


def test_sign_in_page__its_number_counts_without_aadsts() -> None:
    page = "You don't have access to this\nError Code: 53003\nRequest Id: 1\nCorrelation Id: 2"
    assert extract_evidence(page).aadsts == (53003,)


def test_words_that_redaction_hides__still_match__and_are_not_kept() -> None:
    evidence = extract_evidence('Invalid value: "db-password": Unable to get value using Managed identity')
    assert "Unable" not in evidence.text
    assert "unabletogetvalue" in evidence.squashed
    assert "unabletogetvalue" not in evidence.shareable().squashed
    assert "Unable" not in repr(evidence)


def test_json__lists_the_layers() -> None:
    text = (
        "com.azure.core.exception.HttpResponseException: sync failed\n"
        'Caused by: java.lang.RuntimeException: Status code 403, {"error":{"code":"Forbidden","innererror":'
        '{"code":"ForbiddenByRbac"}}} https://contoso.vault.azure.net/secrets/demo password=hunter2-s3cret'
    )
    outer, inner = explanation_json(ErrorReport(message=text))["evidence"]["layers"]
    assert (outer["exception"], outer["status"], outer["code"]) == (
        "com.azure.core.exception.HttpResponseException",
        None,
        None,
    )
    assert (inner["exception"], inner["service"]) == ("java.lang.RuntimeException", "Key Vault")
    assert (inner["status"], inner["code"]) == (403, "ForbiddenByRbac")
    assert "hunter2" not in repr(inner)
