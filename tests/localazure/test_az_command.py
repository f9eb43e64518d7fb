"""The az command of a scenario: prints what the real Azure CLI prints."""

import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import httpx
import pytest
from azure.identity import DefaultAzureCredential
from azure.keyvault.secrets import SecretClient

from localazure import LocalAzure
from localazure.scenarios.directory import CONTOSO, PRODUCTION, SITE_APPLICATION, SITE_IDENTITY

pytest_plugins = ["scenario_fixtures"]


def az(azure: LocalAzure, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["az", *arguments], env=azure.env, capture_output=True, text=True, timeout=20)


def test_get_access_token__prints_the_fields_of_the_real_az() -> None:
    with LocalAzure("laptop") as azure:
        done = az(azure, "account", "get-access-token", "--output", "json", "--resource", "https://vault.azure.net")
        token = json.loads(done.stdout)
        assert list(token) == ["accessToken", "expiresOn", "expires_on", "subscription", "tenant", "tokenType"]
        assert done.stdout == json.dumps(token, indent=2) + "\n"
        local = datetime.strptime(token["expiresOn"], "%Y-%m-%d %H:%M:%S.%f")  # noqa: DTZ007 - az prints local time
        assert local.timestamp() == token["expires_on"]
        assert token["accessToken"] == azure.tokens[0].text
        assert (done.returncode, done.stderr) == (0, "")


def test_get_access_token__with_tenant__omits_the_subscription() -> None:
    with LocalAzure("laptop") as azure:
        token = json.loads(az(azure, "account", "get-access-token", "--tenant", CONTOSO.id).stdout)
        assert token["tenant"] == CONTOSO.id
        assert "subscription" not in token


def test_account_show_and_list__print_user_and_subscription() -> None:
    with LocalAzure("laptop") as azure:
        account = json.loads(az(azure, "account", "show").stdout)
        assert account["user"] == {"name": "dana@contoso.onmicrosoft.com", "type": "user"}
        assert account["id"] == PRODUCTION.id
        (listed,) = json.loads(az(azure, "account", "list").stdout)
        assert listed.pop("cloudName") == account.pop("environmentName") == "AzureCloud"
        assert listed == account


SIGN_IN = "ERROR: Please run 'az login' to setup account.\n"


@pytest.mark.parametrize(
    ("scenario", "arguments", "code", "stderr"),
    [
        ("laptop-signed-out", "account get-access-token", 1, SIGN_IN),
        ("laptop-signed-out", "account show", 1, SIGN_IN),
        ("laptop-signed-out", "account list", 0, 'WARNING: Please run "az login" to access your accounts.\n'),
        (
            "laptop",
            "account get-access-token -t x -s y",
            1,
            "ERROR: Please specify only one of subscription and tenant",
        ),
        ("laptop", "account show -s nothing", 1, "ERROR: Subscription 'nothing' not found. Check the spelling and"),
        ("laptop", "account get-access-token --resource https://x.example", 1, "ERROR: AADSTS500011: The resource"),
        ("laptop", "account get-access-token -t 1", 1, "ERROR: AADSTS90002: Tenant '1' not found. Check to make sure"),
        ("laptop", "account get-access-token -t fabrikam.onmicrosoft.com", 1, "ERROR: AADSTS50020: User account "),
        (
            "laptop-service-principal",
            "account get-access-token -t fabrikam.onmicrosoft.com",
            1,
            "ERROR: AADSTS700016: Application with identifier",
        ),
        ("laptop", "account show --colour", 2, "ERROR: unrecognized arguments: --colour"),
        ("laptop", "keyvolt secret list", 2, "ERROR: 'keyvolt' is misspelled or not recognized by the system."),
        ("laptop", "keyvault sekret list", 2, "ERROR: 'sekret' is misspelled or not recognized by the system."),
        ("laptop", "keyvault secret list", 2, "ERROR: the following arguments are required: --vault-name"),
        ("laptop", "account show --query [", 2, "ERROR: argument --query: invalid jmespath_type value: '['"),
        ("laptop-signed-out", "logout", 1, "ERROR: There are no active accounts."),
        ("laptop", "", 2, "ERROR: "),
    ],
)
def test_errors__have_the_text_and_exit_code_of_the_real_az(
    scenario: str, arguments: str, code: int, stderr: str
) -> None:
    with LocalAzure(scenario) as azure:
        done = az(azure, *arguments.split())
        assert done.returncode == code
        assert done.stderr.startswith(stderr)
        assert azure.tokens == ()


def test_version__is_that_of_the_real_az() -> None:
    with LocalAzure("laptop") as azure:
        assert json.loads(az(azure, "version").stdout)["azure-cli"] == "2.91.0"
        assert az(azure, "--version").stdout.startswith("azure-cli")


def test_az_latency_s__delays_the_command() -> None:
    with LocalAzure("laptop", az_latency_s=0.3) as azure:
        start = time.perf_counter()
        az(azure, "account", "show")
        assert time.perf_counter() - start >= 0.3


def test_az_endpoint__without_key__is_not_found() -> None:
    with LocalAzure("laptop") as azure:
        address = azure.env["HTTPS_PROXY"] + "/.localazure/az"
        assert httpx.post(address, json=["account", "get-access-token"], trust_env=False).status_code == 404
        assert azure.tokens == ()


@pytest.mark.program
def test_az__after_the_scenario_has_ended__fails(tmp_path: Path) -> None:
    with LocalAzure("laptop") as azure:
        script = shutil.copy(Path(azure.env["SSL_CERT_FILE"]).parent / "az.py", tmp_path)
    done = subprocess.run([sys.executable, script, "version"], capture_output=True, text=True, timeout=20)
    assert done.returncode == 1
    assert "no longer running" in done.stderr


def test_sign_in_state__is_kept_between_commands() -> None:
    with LocalAzure("laptop-signed-out") as azure:
        (account,) = json.loads(az(azure, "login").stdout)
        assert account["user"]["name"] == "dana@contoso.onmicrosoft.com"
        assert az(azure, "account", "set", "--subscription", PRODUCTION.id).returncode == 0
        assert az(azure, "account", "show", "--query", "name", "-o", "tsv").stdout == "Contoso Production\n"
        assert az(azure, "logout").returncode == 0
        assert az(azure, "account", "show").stderr == SIGN_IN
        az(azure, "login", "--tenant", CONTOSO.id)
        assert az(azure, "account", "clear").returncode == 0
        assert json.loads(az(azure, "account", "list").stdout) == []


def test_login__completes_multifactor_authentication() -> None:
    with LocalAzure("laptop-mfa") as azure:
        token = ("account", "get-access-token", "--resource", "https://vault.azure.net")
        assert "AADSTS50076" in az(azure, *token).stderr
        az(azure, "logout")
        az(azure, "login", "--tenant", CONTOSO.id, "--scope", "https://vault.azure.net/.default")
        assert az(azure, *token).returncode == 0


def test_login__service_principal_and_managed_identity() -> None:
    with LocalAzure("azure-pipelines") as azure:
        login = ("login", "--service-principal", "-u", SITE_APPLICATION.client_id, "--tenant", CONTOSO.id, "-p")
        assert "AADSTS7000215" in az(azure, *login, "wrong").stderr
        assert "Failed to connect to MSI" in az(azure, "login", "--identity").stderr
        with pytest.raises(ValueError, match="not an az command"):
            azure.run_az("touch x")


FIXES = {
    "no-role": f"role assignment create --role 'Key Vault Secrets User' --assignee-object-id {SITE_IDENTITY.object_id}"
    ' --assignee-principal-type ServicePrincipal --scope "$(az keyvault show --name contoso --query id --output tsv)"',
    "no-policy": f"keyvault set-policy --name contoso --object-id {SITE_IDENTITY.object_id} --secret-permissions get",
    "firewall": "keyvault network-rule add --name contoso --ip-address 203.0.113.7",
    "private": "keyvault update --name contoso --public-network-access Enabled --default-action Allow",
    "secret-disabled": "keyvault secret set-attributes --vault-name contoso --name demo --enabled true",
    "secret-deleted": "keyvault secret recover --vault-name contoso --name demo",
    "secret-missing": "keyvault secret set --vault-name contoso --name demo --value x",
}


@pytest.mark.parametrize("scenario", FIXES)
def test_command__fixes_the_scenario(scenario: str, start_scenario: Callable[..., LocalAzure]) -> None:
    azure = start_scenario(scenario)
    done = azure.run_az(f"az {FIXES[scenario]}")
    assert (done.exit_code, done.stderr) == (0, "")
    client = SecretClient(azure.env["KEY_VAULT_URI"], DefaultAzureCredential(), retry_total=0)
    assert client.get_secret("demo").value in (azure.secret_value, "x")


@pytest.mark.parametrize(
    ("scenario", "command", "answer"),
    [
        ("app-service-off", "webapp identity assign -g kvsite-rg -n kvsite-demo --query type -o tsv", "SystemAssigned"),
        ("vm-no-identity", "vm identity assign -g kvsite-rg -n kvsite-vm --query userAssignedIdentities", "{}"),
        ("kubernetes", "aks show -g kvsite-rg -n kvsite-aks --query oidcIssuerProfile.issuerUrl -o tsv", "https://"),
        ("kubernetes", "identity list --query [2].name -o tsv", "kvsite-pod"),
        ("kubernetes", f"identity list --subscription {PRODUCTION.id} --query [2].name -o tsv", "kvsite-pod"),
        ("kubernetes", "identity list --subscription x", "ERROR: Subscription 'x' not found."),
        ("kubernetes", "ad signed-in-user show --query displayName -o tsv", "Dana Doe"),
        ("no-role", "keyvault show -n nothing", "ERROR: The Vault 'nothing' not found within subscription."),
        ("no-role", "keyvault secret show --vault-name contoso -n demo", "ERROR: (Forbidden) Caller is not authorized"),
        ("laptop-no-az", "account show", "az: command not found"),
    ],
)
def test_command__prints_the_answer_or_azures_error(scenario: str, command: str, answer: str) -> None:
    with LocalAzure(scenario) as azure:
        done = azure.run_az(f"az {command}")
    assert (done.stdout or done.stderr).startswith(answer)


def test_reset_credential__replaces_an_expired_secret() -> None:
    with LocalAzure("service-principal-expired-secret") as azure:
        reset = f"az ad app credential reset --id {SITE_APPLICATION.client_id} --append --query password --output tsv"
        secret = azure.run_az(reset).stdout.strip()
    assert re.fullmatch(r"[\w~-]{40,}", secret)
