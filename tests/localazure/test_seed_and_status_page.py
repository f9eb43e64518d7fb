"""Seed files, the status page, JSON output and the fault option."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from azure.core.exceptions import HttpResponseError
from azure.identity import DefaultAzureCredential, ManagedIdentityCredential
from azure.keyvault.secrets import SecretClient

from localazure import SCENARIOS, LocalAzure, SeedError
from localazure.cli.commands import main
from localazure.scenarios import find_scenario
from localazure.scenarios.seed import apply_seed

pytest_plugins = ["scenario_fixtures"]

StartScenario = Callable[..., LocalAzure]
SEED = """
[[identity]]
name = "batch"
client-id = "11111111-1111-4111-8111-111111111111"

[[vault]]
name = "seeded"
access = "access-policies"
secrets.plain = "the value"
secrets.full = { value = "x", content-type = "text/plain", enabled = false, expires-in-s = -60 }

[[vault.grants]]
to = "kvsite-demo"
permissions = ["get", "list"]

[[vault.grants]]
to = "batch"
permissions = ["list"]
"""


@pytest.fixture
def write_seed(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        (tmp_path / "seed.toml").write_text(text)
        return tmp_path / "seed.toml"

    return write


def test_seed__adds_a_vault_with_secrets_and_grants(
    start_scenario: StartScenario, write_seed: Callable[[str], Path]
) -> None:
    azure = start_scenario(apply_seed(find_scenario("app-service"), write_seed(SEED)))
    site = SecretClient("https://seeded.vault.azure.net", DefaultAzureCredential())
    assert site.get_secret("plain").value == "the value"
    assert [known.name for known in site.list_properties_of_secrets()] == ["full", "plain"]
    batch = ManagedIdentityCredential(client_id="11111111-1111-4111-8111-111111111111")
    with pytest.raises(HttpResponseError, match="does not have secrets get permission on key vault 'seeded;"):
        SecretClient("https://seeded.vault.azure.net", batch).get_secret("plain")
    assert azure.env["KEY_VAULT_URI"] == "https://contoso.vault.azure.net"


def test_seed__replaces_the_scenarios_vault(start_scenario: StartScenario, write_seed: Callable[[str], Path]) -> None:
    grant = '{to = "kvsite-demo", role = "Key Vault Secrets User"}'
    text = f'[[vault]]\nname = "contoso"\nsecrets.demo = "mine"\ngrants = [{grant}]'
    azure = start_scenario(apply_seed(find_scenario("app-service"), write_seed(text)))
    client = SecretClient(azure.env["KEY_VAULT_URI"], DefaultAzureCredential())
    assert client.get_secret("demo").value == "mine"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x = ", "Invalid value"),
        ("[[volt]]", "the file: unknown key 'volt'; supported keys: vault, identity, application, grant"),
        ("[vault]", "the file: vault must be of type list"),
        ("vault = [1]", "vault 1: must be a table"),
        ("[[vault]]", "vault 1: name is missing"),
        ("[[vault]]\nname = 7", "vault 1: name must be of type str"),
        (
            '[[vault]]\nname = "a"\naccess = "magic"',
            "vault 'a', access: 'magic' does not exist; choose from roles, access-",
        ),
        (
            '[[vault]]\nname = "a"\nnetwork = "x"',
            "vault 'a', network: 'x' does not exist; choose from public, firewall, private",
        ),
        ('[[vault]]\nname = "a"\nsecrets.b = 7', "vault 'a', secret 'b': must be a table"),
        ('[[vault]]\nname = "a"\nsecrets.b.enabled = true', "vault 'a', secret 'b': value is missing"),
        (
            '[[vault]]\nname = "a"\ngrants = [{to = "x", role = "y"}]',
            "vault 'a', grant 1, to: 'x' does not exist; choose from ",
        ),
        (
            '[[vault]]\nname = "a"\ngrants = [{to = "kvsite-demo"}]',
            "vault 'a', grant 1: set either role or permiss",
        ),
        (
            '[[vault]]\nname = "a"\ngrants = [{to = "kvsite-demo", permissions = ["eat"]}]',
            "'eat' does not exist; choose from ",
        ),
        ("[[identity]]\nname = true", "identity 1: name must be of type str"),
    ],
)
def test_seed__invalid__error_names_the_position(write_seed: Callable[[str], Path], text: str, reason: str) -> None:
    path = write_seed(text)
    with pytest.raises(SeedError) as raised:
        apply_seed(find_scenario("app-service"), path)
    assert str(raised.value).startswith(f"{path}:")
    assert reason in str(raised.value)


def test_seed__missing_file__one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--seed", "/nowhere/seed.toml", "--", "true"]) == 2
    assert capsys.readouterr().err == "localazure: /nowhere/seed.toml: No such file or directory\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--fault", "volt=404"), "unknown service 'volt'. Choose from: keyvault, entra"),
        (("--fault", "imds=fire"), "Unknown fault 'fire'. Supported faults: silence, reset"),
        (("--trouble", "imds"), "Unknown fault ''"),
        (("--vault-latency", "soon"), "'soon' is not a number of seconds"),
        (("--clock-ahead", "x"), "'x' is not a whole number of seconds"),
    ],
)
def test_invalid_option__one_line(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], sentence: str
) -> None:
    with pytest.raises(SystemExit) as exited:
        main(["run", *arguments, "--", "true"])
    assert exited.value.code == 2
    assert sentence in capsys.readouterr().err


REQUEST_IMDS_TOKEN = """
import httpx
response = httpx.get("http://169.254.169.254/metadata/identity/oauth2/token", headers={"Metadata": "true"})
print(response.status_code)
"""


@pytest.mark.program
@pytest.mark.parametrize("option", ["--fault", "--trouble"])
def test_run__fault_option(option: str) -> None:
    program = [sys.executable, "-c", REQUEST_IMDS_TOKEN]
    command = [sys.executable, "-m", "localazure", "run", "--scenario", "vm", option, "imds=410", "--", *program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=50)
    assert (done.stdout, done.stderr) == ("410\n", "")


def test_list__as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [entry["name"] for entry in listed] == list(SCENARIOS)
    assert listed[0] == {
        "name": "app-service",
        "sentence": SCENARIOS["app-service"].sentence,
        "cause": None,
        "host": "App Service",
    }


@pytest.mark.program
def test_serve__as_json() -> None:
    command = [sys.executable, "-m", "localazure", "serve", "--json", "--scenario", "vm"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        served = json.loads(process.stdout.readline())
        page = httpx.get(served["status_url"], trust_env=False)
        process.terminate()
    assert served["set"]["KEY_VAULT_URI"] == "https://contoso.vault.azure.net"
    assert "<h1>Local Azure: vm</h1>" in page.text


def test_status_page__shows_requests_but_no_secret_or_token(start_scenario: StartScenario) -> None:
    azure = start_scenario("app-service", vault_latency_s=0.01)
    SecretClient(azure.env["KEY_VAULT_URI"], DefaultAzureCredential()).get_secret("demo")
    page = httpx.get(azure.status_url)
    status = httpx.get(azure.status_url + "status.json").json()
    output = page.text + json.dumps(status)
    assert ("keyvault", 200) in [(request["service"], request["status"]) for request in status["requests"]]
    assert status["troubles"] == {"keyvault": "0.01s"}
    assert "GET contoso.vault.azure.net/secrets/demo" in page.text
    assert azure.secret_value not in output
    assert not any(token.text in output for token in azure.tokens)
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_status_page__shows_query_and_identity(start_scenario: StartScenario) -> None:
    azure = start_scenario("app-service")
    client = SecretClient(azure.env["KEY_VAULT_URI"], DefaultAzureCredential())
    client.get_secret("demo")
    asked, read = azure.requests[-2:]
    assert (asked.service, asked.query) == ("app-service", "api-version=2019-08-01&resource=https://vault.azure.net")
    assert (read.query.partition("=")[0], read.identity, read.status) == ("api-version", "kvsite-demo", 200)
    page = httpx.get(azure.status_url, trust_env=False).text
    assert "<td>kvsite-demo</td>" in page
    httpx.get(azure.status_url, params={"code": "never shown"}, trust_env=False)
    assert azure.requests[-1].query == "code=***"


def test_status_page__is_read_only_and_rejects_other_host_names(start_scenario: StartScenario) -> None:
    azure = start_scenario("app-service")
    assert httpx.post(azure.status_url).status_code == 405
    port = urlsplit(azure.status_url).port
    rebound = httpx.get(azure.status_url, headers={"Host": f"rebound.example:{port}"})
    assert rebound.status_code == 403
