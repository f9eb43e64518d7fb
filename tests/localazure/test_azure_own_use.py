"""Local Azure used alone: a seed file, the status page, JSON for programs, and trouble by option."""

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

from localazure import SCENARIOS, LocalAzure
from localazure.commands import main
from localazure.scenarios import find_scenario
from localazure.seed import SeedError, planted

pytest_plugins = ["local_worlds"]

Enter = Callable[..., LocalAzure]
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
def plant(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        (tmp_path / "seed.toml").write_text(text)
        return tmp_path / "seed.toml"

    return write


def test_a_seed_file_adds_a_vault_with_secrets_and_grants(enter: Enter, plant: Callable[[str], Path]) -> None:
    azure = enter(planted(find_scenario("app-service"), plant(SEED)))
    site = SecretClient("https://seeded.vault.azure.net", DefaultAzureCredential())
    assert site.get_secret("plain").value == "the value"
    assert [known.name for known in site.list_properties_of_secrets()] == ["full", "plain"]
    batch = ManagedIdentityCredential(client_id="11111111-1111-4111-8111-111111111111")
    with pytest.raises(HttpResponseError, match="does not have secrets get permission on key vault 'seeded;"):
        SecretClient("https://seeded.vault.azure.net", batch).get_secret("plain")
    assert azure.env["KEY_VAULT_URI"] == "https://contoso.vault.azure.net"


def test_a_seed_file_may_replace_the_scenarios_own_vault(enter: Enter, plant: Callable[[str], Path]) -> None:
    grant = '{to = "kvsite-demo", role = "Key Vault Secrets User"}'
    text = f'[[vault]]\nname = "contoso"\nsecrets.demo = "mine"\ngrants = [{grant}]'
    azure = enter(planted(find_scenario("app-service"), plant(text)))
    client = SecretClient(azure.env["KEY_VAULT_URI"], DefaultAzureCredential())
    assert client.get_secret("demo").value == "mine"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x = ", "Invalid value"),
        ("[[volt]]", "the file: unknown key 'volt'; known are vault, identity"),
        ("[vault]", "the file: vault must be of the kind list"),
        ("vault = [1]", "vault 1: it must be a table"),
        ("[[vault]]", "vault 1: name is missing"),
        ("[[vault]]\nname = 7", "vault 1: name must be of the kind str"),
        ('[[vault]]\nname = "a"\naccess = "magic"', "vault 'a', access: there is no 'magic'; there are roles, access-"),
        ('[[vault]]\nname = "a"\nnetwork = "x"', "vault 'a': there is no 'x'; there are public, firewall, private"),
        ('[[vault]]\nname = "a"\nsecrets.b = 7', "vault 'a', secret 'b': it must be a table"),
        ('[[vault]]\nname = "a"\nsecrets.b.enabled = true', "vault 'a', secret 'b': value is missing"),
        (
            '[[vault]]\nname = "a"\ngrants = [{to = "x", role = "y"}]',
            "vault 'a', grant 1, to: there is no 'x'; there are ",
        ),
        (
            '[[vault]]\nname = "a"\ngrants = [{to = "kvsite-demo"}]',
            "vault 'a', grant 1: it needs either role or permiss",
        ),
        (
            '[[vault]]\nname = "a"\ngrants = [{to = "kvsite-demo", permissions = ["eat"]}]',
            "there is no 'eat'; there are ",
        ),
        ("[[identity]]\nname = true", "identity 1: name must be of the kind str"),
    ],
)
def test_a_seed_file_that_is_wrong_is_refused_with_the_place(
    plant: Callable[[str], Path], text: str, reason: str
) -> None:
    path = plant(text)
    with pytest.raises(SeedError) as refused:
        planted(find_scenario("app-service"), path)
    assert str(refused.value).startswith(f"{path}: ")
    assert reason in str(refused.value)


def test_a_wrong_seed_file_is_one_sentence_at_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--seed", "/nowhere/seed.toml", "--", "true"]) == 2
    assert capsys.readouterr().err == "localazure: /nowhere/seed.toml: No such file or directory\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--trouble", "volt=404"), "there is no service 'volt'. There are: keyvault, entra"),
        (("--trouble", "imds=fire"), "There is no trouble 'fire'. There are: silence, reset"),
        (("--trouble", "imds"), "There is no trouble ''"),
        (("--vault-latency", "soon"), "'soon' is no number of seconds"),
        (("--clock-ahead", "x"), "'x' is no whole number of seconds"),
    ],
)
def test_a_wrong_option_is_one_sentence(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], sentence: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["run", *arguments, "--", "true"])
    assert ended.value.code == 2
    assert sentence in capsys.readouterr().err


def localazure(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "localazure", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=30)


ASK_IMDS = """
import httpx
answer = httpx.get("http://169.254.169.254/metadata/identity/oauth2/token", headers={"Metadata": "true"})
print(answer.status_code)
"""


def test_trouble_is_an_option_of_run() -> None:
    done = localazure("run", "--scenario", "vm", "--trouble", "imds=410", "--", sys.executable, "-c", ASK_IMDS)
    assert (done.stdout, done.stderr) == ("410\n", "")


def test_the_list_is_json_for_programs() -> None:
    listed = json.loads(localazure("--list", "--json").stdout)
    assert [entry["name"] for entry in listed] == list(SCENARIOS)
    assert listed[0] == {
        "name": "app-service",
        "sentence": SCENARIOS["app-service"].sentence,
        "cause": None,
        "host": "App Service",
    }


def test_serve_says_it_in_json_for_programs() -> None:
    command = [sys.executable, "-m", "localazure", "serve", "--json", "--scenario", "vm"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        served = json.loads(process.stdout.readline())
        page = httpx.get(served["status_url"], trust_env=False)
        process.terminate()
    assert served["set"]["KEY_VAULT_URI"] == "https://contoso.vault.azure.net"
    assert "<h1>Local Azure: vm</h1>" in page.text


def test_the_status_shows_requests_and_neither_secret_nor_token(enter: Enter) -> None:
    azure = enter("app-service", vault_latency_s=0.01)
    SecretClient(azure.env["KEY_VAULT_URI"], DefaultAzureCredential()).get_secret("demo")
    page = httpx.get(azure.status_url)
    status = httpx.get(azure.status_url + "status.json").json()
    seen = page.text + json.dumps(status)
    assert ("keyvault", 200) in [(request["service"], request["status"]) for request in status["requests"]]
    assert status["troubles"] == {"keyvault": "0.01s"}
    assert "GET contoso.vault.azure.net/secrets/demo" in page.text
    assert azure.secret_value not in seen
    assert not any(token.text in seen for token in azure.tokens)
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_the_status_changes_nothing_and_answers_no_other_name(enter: Enter) -> None:
    azure = enter("app-service")
    assert httpx.post(azure.status_url).status_code == 405
    port = urlsplit(azure.status_url).port
    foreign = httpx.get(azure.status_url, headers={"Host": f"rebound.example:{port}"})
    assert foreign.status_code == 403
