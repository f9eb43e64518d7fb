"""The az command of a scenario: prints what the real Azure CLI prints."""

import json
import shutil
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import httpx
import pytest

from localazure import LocalAzure
from localazure.scenarios.directory import CONTOSO, PRODUCTION


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
        ("laptop", "login", 1, "ERROR: Local Azure's az command does not support signing in."),
        ("laptop", "account show --colour", 2, "ERROR: unrecognized arguments: --colour"),
        ("laptop", "keyvault secret list", 2, "ERROR: 'keyvault' is misspelled or not recognized by the system."),
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


def test_az__after_the_scenario_has_ended__fails(tmp_path: Path) -> None:
    with LocalAzure("laptop") as azure:
        script = shutil.copy(Path(azure.env["SSL_CERT_FILE"]).parent / "az.py", tmp_path)
    done = subprocess.run([sys.executable, script, "version"], capture_output=True, text=True, timeout=20)
    assert done.returncode == 1
    assert "no longer running" in done.stderr
