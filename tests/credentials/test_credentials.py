"""Each selectable credential signs in to Local Azure and reads the secret."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from localazure import FaultInjection, LocalAzure
from localazure.scenarios.directory import CONTOSO, FABRIKAM
from secrets_app.conf import current
from secrets_app.core.credential_options import CredentialKind
from secrets_app.core.reading import Outcome, Reading, Stage
from secrets_app.credentials.factories import FACTORIES
from secrets_app.output.console import PLAIN
from secrets_app.output.terminal import lines_of
from tests.conftest import World
from tests.management.test_arguments import principal
from tests.support import fake_tools as tools
from tests.support.readings import get_reading

ROOT = Path(__file__).resolve().parents[2]


def read(credential: str, **words: str) -> Reading:
    return get_reading(current({"KVSITE_CREDENTIAL": credential, **words}))


def outcomes(reading: Reading) -> list[tuple[str, Outcome]]:
    return [(attempt.credential, attempt.outcome) for attempt in reading.attempts]


def printed_text(reading: Reading) -> str:
    return "\n".join(map(PLAIN.show, lines_of(*reading)))


@pytest.mark.parametrize(
    ("scenario", "word", "credential"),
    [
        ("service-principal-secret", "environment", "EnvironmentCredential"),
        ("service-principal-certificate", "environment", "EnvironmentCredential"),
        ("kubernetes", "workload-identity", "WorkloadIdentityCredential"),
        ("app-service", "managed-identity", "ManagedIdentityCredential"),
        ("vm", "managed-identity", "ManagedIdentityCredential"),
        ("arc", "managed-identity", "ManagedIdentityCredential"),
        ("cloud-shell", "managed-identity", "ManagedIdentityCredential"),
        ("azure-ml", "managed-identity", "ManagedIdentityCredential"),
        ("service-fabric", "managed-identity", "ManagedIdentityCredential"),
        ("laptop", "azure-cli", "AzureCliCredential"),
        ("azure-pipelines", "azure-pipelines", "AzurePipelinesCredential"),
    ],
)
def test_credential_setting__selects_the_principal(world: World, scenario: str, word: str, credential: str) -> None:
    world(scenario)
    reading = read(word)
    assert reading.ok, reading.failure
    assert outcomes(reading) == [(credential, Outcome.TOKEN)]
    assert reading.principal
    assert reading.principal.credential == credential


def test_several_credentials__are_tried_in_order_past_a_failing_constructor(world: World) -> None:
    world("laptop")
    reading = read("workload-identity,vscode,broker,device-code,az")
    assert reading.ok
    assert [credential for credential, _ in outcomes(reading)] == [
        "WorkloadIdentityCredential",
        "VisualStudioCodeCredential",
        "BrokerCredential",
        "DeviceCodeCredential",
        "AzureCliCredential",
    ]
    assert {outcome for _, outcome in outcomes(reading)[:-1]} == {Outcome.UNAVAILABLE}


# -- service principal by settings


def as_settings(azure: LocalAzure, **words: str) -> dict[str, str]:
    """The service principal of the environment, configured by KVSITE_ settings instead."""
    moved = {setting: os.environ.pop(variable) for setting, variable in (
        ("KVSITE_TENANT_ID", "AZURE_TENANT_ID"),
        ("KVSITE_CLIENT_ID", "AZURE_CLIENT_ID"),
        ("KVSITE_CLIENT_SECRET", "AZURE_CLIENT_SECRET"),
    )}  # fmt: skip
    assert moved["KVSITE_CLIENT_ID"] == azure.scenario.registrations[0].identity.client_id
    return moved | words


def test_client_secret__signs_in(world: World) -> None:
    words = as_settings(world("service-principal-secret"))
    reading = read("client-secret", **words)
    assert reading.ok
    assert outcomes(reading) == [("ClientSecretCredential", Outcome.TOKEN)]
    assert words["KVSITE_CLIENT_SECRET"] not in repr(reading) + printed_text(reading)


@pytest.mark.parametrize(
    ("scenario", "cause"),
    [
        ("service-principal-wrong-secret", "client_secret_wrong"),
        ("service-principal-expired-secret", "client_secret_expired"),
    ],
)
def test_rejected_client_secret__is_not_shown(world: World, scenario: str, cause: str) -> None:
    words = as_settings(world(scenario))
    reading = read("client-secret", **words)
    assert reading.main_cause == cause
    assert words["KVSITE_CLIENT_SECRET"] not in repr(reading) + printed_text(reading)


# -- developer tools on PATH


def test_azd__gets_the_vaults_scope_and_tenant(world: World, tmp_path: Path) -> None:
    world("laptop-no-az")
    token = tools.azd(tmp_path / "bin")
    reading = read("azure-developer-cli")
    assert reading.ok
    assert reading.principal
    assert reading.principal.user_principal_name == "dana@contoso.onmicrosoft.com"
    expected_arguments = f"--scope https://vault.azure.net/.default --tenant-id {CONTOSO.id}\n"
    assert (tmp_path / "bin" / "asked").read_text().endswith(expected_arguments)
    assert token.text not in repr(reading) + printed_text(reading)


def test_powershell__gets_the_vaults_resource_and_tenant(world: World, tmp_path: Path) -> None:
    world("laptop-no-az")
    token = tools.pwsh(tmp_path / "bin")
    reading = read("azure-powershell")
    assert reading.ok
    assert (tmp_path / "bin" / "asked").read_text() == f"https://vault.azure.net {CONTOSO.id}\n"
    assert token.text not in repr(reading) + printed_text(reading)


def test_chain__uses_other_tools_when_az_fails(world: World, tmp_path: Path) -> None:
    world("laptop-signed-out")
    tools.azd(tmp_path / "bin")
    tools.message(tmp_path / "bin", "pwsh", errors="Get-AzAccessToken: Run Connect-AzAccount to login.", code=1)
    reading = read("default")
    assert reading.ok
    assert outcomes(reading)[-4:] == [
        ("AzureCliCredential", Outcome.UNAVAILABLE),
        ("AzurePowerShellCredential", Outcome.UNAVAILABLE),
        ("AzureDeveloperCliCredential", Outcome.TOKEN),
        ("BrokerCredential", Outcome.NOT_REACHED),
    ]


_AZD_SIGNED_OUT = '{"error":"not logged in, run `azd auth login` to login","message":"","suggestion":""}\n'
_AZD_SIGNED_OUT_BEFORE = (
    '{"type":"consoleMessage","timestamp":"2026-11-20T12:00:00Z",'
    '"data":{"message":"\\nERROR: not logged in, run `azd auth login` to login\\n"}}\n'
)


@pytest.mark.parametrize(
    ("word", "tool", "message", "cause"),
    [
        ("azd", "azd", None, "azd_not_installed"),
        ("azd", "azd", {"errors": _AZD_SIGNED_OUT, "code": 1}, "azd_not_logged_in"),
        ("azd", "azd", {"errors": _AZD_SIGNED_OUT_BEFORE, "code": 1}, "azd_not_logged_in"),
        ("azd", "azd", {"output": "A new version of azd is here!"}, "tool_output_unexpected"),
        ("powershell", "pwsh", None, "powershell_not_installed"),
        ("powershell", "pwsh", {"output": "NO_AZ_ACCOUNT_MODULE\n"}, "az_accounts_module_missing"),
        ("powershell", "pwsh", {"errors": "Run Connect-AzAccount to login.", "code": 1}, "powershell_not_logged_in"),
        ("powershell", "pwsh", {"output": "Hello\n"}, "tool_output_unexpected"),
        ("powershell", "pwsh", {"errors": "AuthorizationManager check failed.", "code": 1}, "powershell_failed"),
        ("az", "az", {"output": "Hello\n"}, "tool_output_unexpected"),
    ],
)
def test_tool_without_token__has_its_cause(
    world: World, tmp_path: Path, word: str, tool: str, message: dict[str, Any] | None, cause: str
) -> None:
    world("laptop-no-az")
    if message:
        tools.message(tmp_path / "bin", tool, **message)
    reading = read(word)
    assert reading.failure
    assert reading.failure.stage is Stage.TOKEN
    assert reading.main_cause == cause


@pytest.mark.parametrize(("word", "tool"), [("az", "az"), ("azd", "azd"), ("powershell", "pwsh")])
def test_token_in_invalid_output__is_not_shown(world: World, tmp_path: Path, word: str, tool: str) -> None:
    world("laptop-no-az")
    token = tools.token_of_dana().text
    tools.message(
        tmp_path / "bin", tool, output=f'WARNING: new! {{"accessToken": "{token}", "token": "{token}"}} {token}'
    )
    reading = read(word)
    assert not reading.ok
    assert token.rpartition(".")[0] not in repr(reading) + printed_text(reading)


# -- credentials that are not available on this machine


@pytest.mark.parametrize(
    ("word", "cause", "to_do"),
    [
        ("broker", "broker_unavailable", "pip install azure-identity-broker"),
        ("visual-studio-code", "vscode_not_signed_in", "pip install azure-identity-broker"),
        ("shared-cache", "shared_cache_empty", "Use az login"),
        ("workload-identity", "workload_identity_not_injected", "Label the pod"),
        ("environment", "env_vars_incomplete", "set all of them"),
    ],
)
def test_unavailable_credential__message_says_what_it_needs(world: World, word: str, cause: str, to_do: str) -> None:
    world("laptop-no-az")
    reading = read(word)
    assert reading.main_cause == cause
    assert to_do in reading.hints[0].fix


# -- interactive credentials


@pytest.mark.parametrize("word", ["device-code", "interactive-browser"])
def test_page__never_waits_for_interactive_sign_in(
    world: World, client: Client, settings: Any, tmp_path: Path, word: str
) -> None:
    azure = world("laptop")
    os.environ["BROWSER"] = f"touch {tmp_path}/opened %s"
    settings.SECRETS_APP["KVSITE_CREDENTIAL"] = word
    start = time.monotonic()
    page = client.get("/").content.decode()
    assert time.monotonic() - start < 20
    assert "not possible from a web page" in page
    assert f"python manage.py principal --credential {word}" in page
    assert not (tmp_path / "opened").exists()
    assert not [request for request in azure.requests if "devicecode" in request.path]


def test_azure_token_credentials__page_never_opens_a_browser(world: World, tmp_path: Path) -> None:
    world("laptop")
    os.environ |= {
        "BROWSER": f"touch {tmp_path}/opened %s",
        "AZURE_TOKEN_CREDENTIALS": "InteractiveBrowserCredential",
    }
    assert get_reading(current()).main_cause == "interactive_not_possible"
    assert not (tmp_path / "opened").exists()


def test_command__shows_a_device_code_and_waits(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world("laptop-no-az")
    with pytest.raises(SystemExit) as ended:
        call_command("principal", "--credential", "device-code", "--json")
    output = capsys.readouterr()
    assert ended.value.code == 0
    assert re.search(r"^To sign in, open https://\S+ in a browser and enter the code [0-9A-F]{9}$", output.err, re.M)
    assert '"credential": "DeviceCodeCredential"' in output.out


@pytest.mark.program
def test_command__opens_a_browser_and_waits(world: World, tmp_path: Path) -> None:
    world("laptop-no-az")
    tools.browser(tmp_path / "bin")
    command = [sys.executable, "manage.py", "principal", "--credential", "interactive-browser", "--json"]
    result = subprocess.run(command, cwd=ROOT, env=dict(os.environ), capture_output=True, check=False, timeout=30)
    assert result.returncode == 0, result.stdout
    assert b'"credential": "InteractiveBrowserCredential"' in result.stdout
    assert (tmp_path / "bin" / "asked").read_text().startswith(f"https://login.microsoftonline.com/{CONTOSO.id}/")


# -- Azure Pipelines


@pytest.mark.parametrize(
    "wrong",
    [
        {"SYSTEM_ACCESSTOKEN": "somebody-elses"},
        {"KVSITE_PIPELINES_SERVICE_CONNECTION_ID": "00000000-0000-0000-0000-000000000000"},
    ],
)
def test_azure_pipelines__without_id_token(world: World, wrong: dict[str, str]) -> None:
    world("azure-pipelines")
    reading = read("azure-pipelines", **wrong)
    assert reading.main_cause == "pipelines_oidc_misconfigured"
    assert "somebody-elses" not in repr(reading) + printed_text(reading)


def test_azure_pipelines__outside_a_pipeline_is_unavailable(world: World) -> None:
    world("azure-pipelines")
    del os.environ["SYSTEM_OIDCREQUESTURI"]
    assert read("azure-pipelines").main_cause == "pipelines_oidc_misconfigured"


# -- tenants, exclusions, timeouts


def test_disallowed_tenant__is_reported(world: World) -> None:
    words = as_settings(world("service-principal-secret"))
    words["KVSITE_TENANT_ID"] = FABRIKAM.id
    assert read("client-secret", **words).main_cause == "tenant_not_allowed"


@pytest.mark.parametrize("allowed", ["*", CONTOSO.id])
def test_additionally_allowed_tenant__is_accepted(world: World, allowed: str) -> None:
    words = as_settings(world("service-principal-secret"))
    words |= {"KVSITE_TENANT_ID": FABRIKAM.id, "KVSITE_ADDITIONALLY_ALLOWED_TENANTS": allowed}
    assert read("client-secret", **words).ok


def test_az__is_restricted_to_the_tenant_in_a_chain_too(world: World) -> None:
    world("laptop")
    reading = read("dev", KVSITE_TENANT_ID=FABRIKAM.id)
    assert reading.main_cause == "tenant_not_allowed"
    assert read("dev", KVSITE_TENANT_ID=FABRIKAM.id, KVSITE_ADDITIONALLY_ALLOWED_TENANTS="*").ok


def test_excluded_credential__is_not_tried(world: World) -> None:
    world("laptop")
    reading = read("default", KVSITE_EXCLUDE_CREDENTIALS="managed-identity, az")
    names = [credential for credential, _ in outcomes(reading)]
    assert "EnvironmentCredential" in names
    assert not {"ManagedIdentityCredential", "AzureCliCredential"} & set(names)
    assert reading.chosen_by == "KVSITE_EXCLUDE_CREDENTIALS excludes the managed identity and Azure CLI."


def test_all_credentials_excluded__has_one_message(world: World) -> None:
    world("laptop")
    everybody = ",".join(("environment", "workload-identity", "managed-identity"))
    reading = read("prod", KVSITE_EXCLUDE_CREDENTIALS=everybody)
    assert reading.failure
    assert "excludes every credential in the chain" in reading.failure.message


def test_tool_timeout__is_set_by_the_settings(world: World) -> None:
    world("laptop", az_latency_s=5)
    reading = read("az", KVSITE_PROCESS_TIMEOUT_S="1", KVSITE_DEADLINE_S="4")
    assert reading.main_cause == "az_timeout"
    assert "within 1 seconds" in (reading.attempts[0].message or "")


# -- AZURE_TOKEN_CREDENTIALS


@pytest.mark.parametrize(
    ("variable", "words", "sentence"),
    [
        ("prod", {}, "AZURE_TOKEN_CREDENTIALS=prod excludes developer tools"),
        ("DEV", {}, "AZURE_TOKEN_CREDENTIALS=DEV excludes the environment's service principal"),
        ("AzureCliCredential", {}, "AZURE_TOKEN_CREDENTIALS=AzureCliCredential excludes all other credentials."),
        ("prod", {"KVSITE_CREDENTIAL": "dev"}, "AZURE_TOKEN_CREDENTIALS=prod is ignored."),
        (
            "dev",
            {"KVSITE_CREDENTIAL": "az"},
            "KVSITE_CREDENTIAL=azure-cli: only Azure CLI is tried. AZURE_TOKEN_CREDENTIALS",
        ),
    ],
)
def test_azure_token_credentials__page_shows_its_effect(
    world: World, client: Client, settings: Any, variable: str, words: dict[str, str], sentence: str
) -> None:
    world("laptop")
    os.environ["AZURE_TOKEN_CREDENTIALS"] = variable
    settings.SECRETS_APP |= words
    assert sentence in client.get("/").content.decode().replace("&#x27;", "'")
    assert sentence in client.get("/api/reading").json()["chosen_by"]


@pytest.mark.parametrize(
    ("variable", "word", "names"),
    [
        ("prod", "default", {"EnvironmentCredential", "WorkloadIdentityCredential", "ManagedIdentityCredential"}),
        ("prod", "az", {"AzureCliCredential"}),
        ("azureclicredential", "default", {"AzureCliCredential"}),
        (
            "dev", "prod", {"EnvironmentCredential", "WorkloadIdentityCredential", "ManagedIdentityCredential"},
        ),
    ],
)  # fmt: skip
def test_credential_setting__overrides_azure_token_credentials(
    world: World, variable: str, word: str, names: set[str]
) -> None:
    world("laptop-no-az")
    os.environ["AZURE_TOKEN_CREDENTIALS"] = variable
    assert {credential for credential, _ in outcomes(read(word))} == names


def test_default_chain__shows_no_selection(world: World) -> None:
    world("laptop")
    assert read("default").chosen_by is None


def test_every_credential_value__has_a_factory() -> None:
    assert set(FACTORIES) == set(CredentialKind)


def test_interactive_credential__does_not_delay_process_exit(world: World) -> None:
    azure = world("laptop-no-az")
    azure.inject_fault("entra", FaultInjection(status=503))
    assert principal("--credential", "device-code")[0] == 1


# -- clouds


@pytest.mark.parametrize("host", ["https://login.chinacloudapi.cn/", "login.microsoftonline.us"])
def test_authority_of_another_cloud__is_the_first_hint(world: World, host: str) -> None:
    azure = world("service-principal-secret")
    os.environ["AZURE_AUTHORITY_HOST"] = host
    reading = get_reading(current())
    assert reading.main_cause == "authority_or_cloud_wrong"
    named = host.removeprefix("https://").rstrip("/")
    title = f"AZURE_AUTHORITY_HOST is set to {named}, but the vault is in the Azure public cloud."
    assert reading.hints[0].title == title
    assert "https://login.microsoftonline.com" in reading.hints[0].fix
    assert named in {request.host for request in azure.requests}


def test_managed_identity__ignores_the_authority_host(world: World) -> None:
    world("app-service")
    os.environ["AZURE_AUTHORITY_HOST"] = "https://login.chinacloudapi.cn"
    assert get_reading(current()).ok


def test_authority_outside_azure__gets_no_client_secret(world: World) -> None:
    azure = world("service-principal-secret")
    config = current({"KVSITE_AUTHORITY_HOST": "login.evil.example"})
    assert get_reading(config).main_cause == "authority_or_cloud_wrong"
    assert azure.requests == ()
