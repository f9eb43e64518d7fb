"""The real Azure CLI in Local Azure. Runs only with `make test-az`, which installs it."""

import json
import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from localazure import LocalAzure
from localazure.scenarios.directory import CONTOSO, DEVELOPER, PRODUCTION, SHARED_IDENTITY, SITE_APPLICATION
from tests.deployment.az_commands import commands_of_the_files
from tests.support.catalog_commands import all_commands

AZ = os.environ["KVSITE_REAL_AZ"]
QUIET = {"AZURE_CORE_LOGIN_EXPERIENCE_V2": "0"}
VAULT = "https://vault.azure.net"
APP = SITE_APPLICATION.client_id

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "infra/azuredeploy.json"
PARAMETERS = (
    "webSiteName=kvsite-demo keyVaultName=kv-from-template keyVaultSecret=value passphrase=twelve-characters siteKey="
    + "k" * 60
)

pytestmark = pytest.mark.timeout(120)


def az(azure: LocalAzure, arguments: str) -> subprocess.CompletedProcess[str]:
    env = azure.env | QUIET
    return subprocess.run([AZ, *arguments.split()], env=env, capture_output=True, text=True, timeout=60)


def az_json(azure: LocalAzure, arguments: str) -> object:
    done = az(azure, f"{arguments} --output json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def token_of(azure: LocalAzure) -> dict[str, object]:
    token = az_json(azure, f"account get-access-token --resource {VAULT}")
    assert token["accessToken"] in [issued.text for issued in azure.tokens]
    return token


def test_login__system_assigned_identity_on_app_service() -> None:
    with LocalAzure("app-service") as azure:
        (account,) = az_json(azure, "login --identity")
        assert account["id"] == PRODUCTION.id
        assert account["user"] == {
            "assignedIdentityInfo": "MSI",
            "name": "systemAssignedIdentity",
            "type": "servicePrincipal",
        }
        assert token_of(azure)["tenant"] == CONTOSO.id


def test_login__user_assigned_identity_on_a_virtual_machine() -> None:
    with LocalAzure("vm-two-identities") as azure:
        failed = az(azure, "login --identity")
        assert failed.returncode == 1
        assert "Multiple user assigned identities exist" in failed.stderr
        az_json(azure, f"login --identity --client-id {SHARED_IDENTITY.client_id}")
        token_of(azure)


def test_login__service_principal_with_a_secret() -> None:
    with LocalAzure("service-principal-secret") as azure:
        secret = azure.env["AZURE_CLIENT_SECRET"]
        login = f"login --service-principal --username {APP} --tenant {CONTOSO.id}"
        failed = az(azure, f"{login} --password wrong")
        assert failed.returncode == 1
        assert "AADSTS7000215: Invalid client secret provided." in failed.stderr
        az_json(azure, f"{login} --password {secret}")
        assert az_json(azure, "account show")["user"] == {"name": APP, "type": "servicePrincipal"}
        token_of(azure)


def test_login__service_principal_with_a_certificate() -> None:
    with LocalAzure("service-principal-certificate") as azure:
        certificate = azure.env["AZURE_CLIENT_CERTIFICATE_PATH"]
        az_json(azure, f"login --service-principal --username {APP} --tenant {CONTOSO.id} --certificate {certificate}")
        token_of(azure)


def test_login__user_with_device_code() -> None:
    with LocalAzure("laptop") as azure:
        done = az(azure, "login --use-device-code --output json")
        assert done.returncode == 0, done.stderr
        assert "To sign in, use a web browser to open the page" in done.stderr
        (account,) = az_json(azure, "account list")
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
def test_emulated_az__signed_out__prints_the_same_output(scenario: str, arguments: str) -> None:
    with LocalAzure(scenario) as azure:
        real = az(azure, arguments)
        emulated = subprocess.run(["az", *arguments.split()], env=azure.env, capture_output=True, text=True, timeout=20)
        assert (emulated.returncode, emulated.stdout, emulated.stderr) == (real.returncode, real.stdout, real.stderr)


@pytest.mark.parametrize(
    "arguments",
    [
        "account show",
        "account list",
        "account show -s nothing",
        "account get-access-token -t x -s y",
        "account get-access-token --resource https://x.example",
        "account list --output table",
        "account show --output tsv",
        "account show --query {a:name,b:user} --output json",
        "account list --query [].name --output tsv",
        "account list --query [].{Name:name,Id:id} --output table",
        "account show --output none",
        "keyvault show --name contoso --query properties.vaultUri --output tsv",
        "keyvault show --name contoso --query properties.accessPolicies",
        "keyvault list --output table",
        "keyvault show --name nothing",
        "keyvault secret list --vault-name contoso",
        "keyvault secret list --vault-name contoso --output table",
        "keyvault secret show --vault-name contoso --name demo",
        "keyvault secret show --vault-name contoso --name nothing",
        "account show --query {b:name,a:id} --output tsv",
        "account show --query [name,id] --output table",
        "identity list",
        "identity list --output table",
        "ad signed-in-user show",
        "account show --query [",
    ],
)
def test_emulated_az__signed_in__prints_the_same_output(signed_in: LocalAzure, arguments: str) -> None:
    real, env = az(signed_in, arguments), signed_in.env
    emulated = subprocess.run(["az", *arguments.split()], env=env, capture_output=True, text=True, timeout=20)
    assert (emulated.returncode, emulated.stdout) == (real.returncode, real.stdout)
    assert without_ids(emulated.stderr) == without_ids(real.stderr)


def test_emulated_az__token_has_the_same_fields(signed_in: LocalAzure) -> None:
    real, env = az(signed_in, f"account get-access-token --resource {VAULT}"), signed_in.env
    command = ["az", "account", "get-access-token", "--resource", VAULT]
    emulated = subprocess.run(command, env=env, capture_output=True, text=True, timeout=20)
    assert list(json.loads(emulated.stdout)) == list(json.loads(real.stdout))
    assert len(emulated.stdout.splitlines()) == len(real.stdout.splitlines())


@pytest.mark.parametrize(
    "arguments",
    [
        "account show",
        "account list",
        "account get-access-token --resource https://x.example",
        "version",
    ],
)
def test_emulated_az__service_principal__prints_the_same_output(signed_in_app: LocalAzure, arguments: str) -> None:
    real = az(signed_in_app, arguments)
    with LocalAzure("laptop-service-principal") as azure:
        emulated = subprocess.run(["az", *arguments.split()], env=azure.env, capture_output=True, text=True, timeout=20)
    assert (emulated.returncode, emulated.stdout) == (real.returncode, real.stdout)
    assert without_ids(emulated.stderr) == without_ids(real.stderr)


def without_ids(text: str) -> str:
    """Remove the IDs and the time of Entra's errors."""
    return re.sub(r"ID: [0-9a-f-]{36}|Timestamp: \S+ \S+Z", "ID", text)


@pytest.fixture(scope="module")
def signed_in_app() -> Iterator[LocalAzure]:
    with LocalAzure("service-principal-secret") as azure:
        secret = azure.env["AZURE_CLIENT_SECRET"]
        az_json(azure, f"login --service-principal --username {APP} --tenant {CONTOSO.id} --password {secret}")
        yield azure


@pytest.fixture(scope="module")
def signed_in() -> Iterator[LocalAzure]:
    with LocalAzure("laptop") as azure:
        az_json(azure, "login --use-device-code")
        assert Path(azure.env["AZURE_CONFIG_DIR"]).is_dir()
        yield azure


def test_command_of_a_cause__parses_in_azure_cli() -> None:
    """Every az command, in every variant, has a command and the arguments that Azure CLI knows and requires."""
    commands = _az_commands()
    assert len(commands) > 100
    python = Path(AZ).parent / "python"
    parsed = subprocess.run(
        [python, Path(__file__).parent / "parse_az_commands.py"],
        input=json.dumps(commands),
        env=os.environ | QUIET,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert parsed.returncode == 0, parsed.stderr
    errors = dict(zip(map(" ".join, commands), json.loads(parsed.stdout), strict=True))
    assert {command: error for command, error in errors.items() if error} == {}


_NESTED = re.compile(r"\$\((az [^)]*)\)")
_EXTENSIONS = ("az devops ",)
"""Commands of extensions, which are not installed here."""


def _az_commands() -> list[list[str]]:
    """The words after `az` of each command, and of each command inside another one."""
    texts = {command for command in all_commands() if command.startswith("az ")}
    nested = {inner for command in texts for inner in _NESTED.findall(command)}
    plain = {_NESTED.sub("value", command) for command in texts}
    existing = {command.replace("<file.pfx>", shlex.quote(__file__)) for command in plain | nested}
    return [shlex.split(command)[1:] for command in sorted(existing) if not command.startswith(_EXTENSIONS)]


def test_command_of_the_deployment_files__parses_in_azure_cli() -> None:
    commands = commands_of_the_files()
    assert len(commands) > 20
    python = Path(AZ).parent / "python"
    parsed = subprocess.run(
        [python, Path(__file__).parent / "parse_az_commands.py"],
        input=json.dumps(commands),
        env=os.environ | QUIET,
        stdout=subprocess.PIPE,
        text=True,
        timeout=100,
        check=True,
    )
    errors = dict(zip(map(" ".join, commands), json.loads(parsed.stdout), strict=True))
    assert {command: error for command, error in errors.items() if error} == {}


def pipeline_scripts(what: str) -> list[str]:
    """The scripts of both pipeline files that contain this text."""
    (job,) = yaml.safe_load((ROOT / ".github/workflows/deploy.yml").read_text())["jobs"].values()
    steps = yaml.safe_load((ROOT / "infra/azure-pipelines.yml").read_text())["steps"]
    scripts = [step.get("run", "") for step in job["steps"]] + [step["inputs"]["inlineScript"] for step in steps]
    return [script for script in scripts if what in script]


def test_deployment__by_the_scripts_of_the_pipelines() -> None:
    """With the variables of the first run, then again without a value for the secret."""
    values = {"GROUP": "kvsite-rg", "SITE": "kvsite-demo", "VAULT": "kv-from-pipeline", "SITE_KEY": "k" * 60}
    scripts = pipeline_scripts("deployment group create")
    assert len(scripts) == 2
    with LocalAzure("app-service-off") as azure:
        az_json(azure, "login --use-device-code")
        path = f"{Path(AZ).parent}:{os.environ['PATH']}"
        # Azure Pipelines leaves the name of a variable that does not exist.
        for script, secret in ((scripts[0], "the value"), (scripts[0], ""), (scripts[1], "$(keyVaultSecret)")):
            env = {**azure.env, **QUIET, **values, "PATH": path, "SECRET": secret, "PASSPHRASE": "twelve-characters"}
            done = subprocess.run(
                ["bash", "-e", "-c", script], env=env, cwd=ROOT, capture_output=True, text=True, timeout=100
            )
            assert done.returncode == 0, done.stderr
        assert dict(azure.vault("kv-from-pipeline")) == {"demo": "the value"}


def test_deployment__of_the_projects_template() -> None:
    with LocalAzure("app-service-off") as azure:
        az_json(azure, "login --use-device-code")
        template = f"--resource-group kvsite-rg --template-file {TEMPLATE} --parameters {PARAMETERS}"
        what_if = az(azure, f"deployment group what-if {template} --no-pretty-print")
        changes = json.loads(what_if.stdout)["changes"]
        assert "Create" in {change["changeType"] for change in changes}
        assert az_json(azure, f"deployment group validate {template}")["properties"]["provisioningState"] == "Succeeded"
        assert az_json(azure, f"deployment group create {template}")["properties"]["provisioningState"] == "Succeeded"
        assert azure.env["KEY_VAULT_URI"] == "https://kv-from-template.vault.azure.net/"
        again = az(azure, f"deployment group what-if {template} --parameters keyVaultSecret= --no-pretty-print")
        kinds = [change["changeType"] for change in json.loads(again.stdout)["changes"]]
        assert set(kinds) == {"NoChange", "Unsupported"}
        assert kinds.count("Unsupported") == 1  # the app settings: Resource Manager cannot read them with GET
        for wrong, reason in (
            ("skuName=X9", "is not part of the allowed value(s)"),
            ("keyVaultName=ab", "Length of the value should be greater than or equal to '3'"),
            ("siteKey=short", "Length of the value should be greater than or equal to '50'"),
            ("colour=red", "unrecognized template parameter 'colour'"),  # refused by az itself
        ):
            refused = az(azure, f"deployment group create {template} --parameters {wrong}")
            assert refused.returncode == 1
            assert reason in refused.stderr
