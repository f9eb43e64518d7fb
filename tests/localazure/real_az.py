"""The real Azure CLI inside Local Azure. `make test-az` installs it and runs this; the other tests leave it out."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from localazure import LocalAzure
from localazure.directory import CONTOSO, DEVELOPER, PRODUCTION, SHARED_IDENTITY, SITE_APPLICATION

AZ = os.environ["KVSITE_REAL_AZ"]
QUIET = {"AZURE_CORE_COLLECT_TELEMETRY": "0", "AZURE_CORE_LOGIN_EXPERIENCE_V2": "0"}
VAULT = "https://vault.azure.net"
APP = SITE_APPLICATION.client_id
NOBODY = "Please run 'az login' to setup account."

pytestmark = pytest.mark.timeout(120)


def az(azure: LocalAzure, arguments: str) -> subprocess.CompletedProcess[str]:
    env = azure.env | QUIET
    return subprocess.run([AZ, *arguments.split()], env=env, capture_output=True, text=True, timeout=60)


def said(azure: LocalAzure, arguments: str) -> object:
    done = az(azure, f"{arguments} --output json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def token_of(azure: LocalAzure) -> dict[str, object]:
    token = said(azure, f"account get-access-token --resource {VAULT}")
    assert token["accessToken"] in [issued.text for issued in azure.tokens]
    return token


def test_login_with_the_identity_of_a_site() -> None:
    with LocalAzure("app-service") as azure:
        (account,) = said(azure, "login --identity")
        assert account["id"] == PRODUCTION.id
        assert account["user"] == {
            "assignedIdentityInfo": "MSI",
            "name": "systemAssignedIdentity",
            "type": "servicePrincipal",
        }
        assert token_of(azure)["tenant"] == CONTOSO.id


def test_login_with_a_user_assigned_identity_of_a_virtual_machine() -> None:
    with LocalAzure("vm-two-identities") as azure:
        refused = az(azure, "login --identity")
        assert refused.returncode == 1
        assert "Multiple user assigned identities exist" in refused.stderr
        said(azure, f"login --identity --client-id {SHARED_IDENTITY.client_id}")
        token_of(azure)


def test_login_as_a_service_principal_with_a_secret() -> None:
    with LocalAzure("service-principal-secret") as azure:
        secret = azure.env["AZURE_CLIENT_SECRET"]
        login = f"login --service-principal --username {APP} --tenant {CONTOSO.id}"
        refused = az(azure, f"{login} --password wrong")
        assert refused.returncode == 1
        assert "AADSTS7000215: Invalid client secret provided." in refused.stderr
        said(azure, f"{login} --password {secret}")
        assert said(azure, "account show")["user"] == {"name": APP, "type": "servicePrincipal"}
        token_of(azure)


def test_login_as_a_service_principal_with_a_certificate() -> None:
    with LocalAzure("service-principal-certificate") as azure:
        certificate = azure.env["AZURE_CLIENT_CERTIFICATE_PATH"]
        said(azure, f"login --service-principal --username {APP} --tenant {CONTOSO.id} --certificate {certificate}")
        token_of(azure)


def test_login_of_a_developer_by_device_code() -> None:
    with LocalAzure("laptop") as azure:
        done = az(azure, "login --use-device-code --output json")
        assert done.returncode == 0, done.stderr
        assert "To sign in, use a web browser to open the page" in done.stderr
        (account,) = said(azure, "account list")
        assert account["user"] == {"name": DEVELOPER.principal_name, "type": "user"}
        assert token_of(azure)["subscription"] == PRODUCTION.id


@pytest.mark.parametrize(
    ("scenario", "arguments"),
    [
        ("laptop-signed-out", "account get-access-token"),
        ("laptop-signed-out", "account show"),
        ("laptop-signed-out", "account list"),
        ("laptop-signed-out", "account get-access-token -t x -s y"),
        ("laptop-signed-out", "account show --colour"),
        ("laptop-signed-out", "keyvolt secret list"),
    ],
)
def test_our_own_az_says_it_byte_for_byte(scenario: str, arguments: str) -> None:
    with LocalAzure(scenario) as azure:
        real = az(azure, arguments)
        ours = subprocess.run(["az", *arguments.split()], env=azure.env, capture_output=True, text=True, timeout=20)
        assert (ours.returncode, ours.stdout, ours.stderr) == (real.returncode, real.stdout, real.stderr)


@pytest.mark.parametrize(
    "arguments",
    [
        "account show",
        "account list",
        "account show -s nothing",
        "account get-access-token -t x -s y",
        "account get-access-token --resource https://x.example",
    ],
)
def test_our_own_az_says_it_byte_for_byte_when_signed_in(signed_in: LocalAzure, arguments: str) -> None:
    real, env = az(signed_in, arguments), signed_in.env
    ours = subprocess.run(["az", *arguments.split()], env=env, capture_output=True, text=True, timeout=20)
    assert (ours.returncode, ours.stdout) == (real.returncode, real.stdout)
    assert without_ids(ours.stderr) == without_ids(real.stderr)


def test_the_shape_of_a_token_is_the_same(signed_in: LocalAzure) -> None:
    real, env = az(signed_in, f"account get-access-token --resource {VAULT}"), signed_in.env
    command = ["az", "account", "get-access-token", "--resource", VAULT]
    ours = subprocess.run(command, env=env, capture_output=True, text=True, timeout=20)
    assert list(json.loads(ours.stdout)) == list(json.loads(real.stdout))
    assert len(ours.stdout.splitlines()) == len(real.stdout.splitlines())


@pytest.mark.parametrize(
    "arguments",
    [
        "account show",
        "account list",
        "account get-access-token --resource https://x.example",
        "version",
    ],
)
def test_our_own_az_speaks_for_a_service_principal_as_the_real_one(signed_in_app: LocalAzure, arguments: str) -> None:
    real = az(signed_in_app, arguments)
    with LocalAzure("laptop-service-principal") as azure:
        ours = subprocess.run(["az", *arguments.split()], env=azure.env, capture_output=True, text=True, timeout=20)
    assert (ours.returncode, ours.stdout) == (real.returncode, real.stdout)
    assert without_ids(ours.stderr) == without_ids(real.stderr)


def without_ids(text: str) -> str:
    """A refusal by Entra has other ids and another time each time."""
    return re.sub(r"ID: [0-9a-f-]{36}|Timestamp: \S+ \S+Z", "ID", text)


@pytest.fixture(scope="module")
def signed_in_app() -> Iterator[LocalAzure]:
    with LocalAzure("service-principal-secret") as azure:
        secret = azure.env["AZURE_CLIENT_SECRET"]
        said(azure, f"login --service-principal --username {APP} --tenant {CONTOSO.id} --password {secret}")
        yield azure


@pytest.fixture(scope="module")
def signed_in() -> Iterator[LocalAzure]:
    with LocalAzure("laptop") as azure:
        said(azure, "login --use-device-code")
        assert Path(azure.env["AZURE_CONFIG_DIR"]).is_dir()
        yield azure
