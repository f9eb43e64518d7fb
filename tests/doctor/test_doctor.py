"""The doctor in whole scenarios: all checks together, within the time limit, as a page and as a command, no secrets."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from localazure import LocalAzure
from localazure.scenarios import SCENARIOS
from secrets_app import conf
from secrets_app.core.reading import Reading
from secrets_app.diagnosis.catalog import CAUSES
from secrets_app.doctor import Check, Status, service
from secrets_app.doctor.checks import CHECKS, developer_tools, managed_identity
from secrets_app.doctor.service import headline, is_healthy, run_doctor
from tests.conftest import World
from tests.support.command_line import manage
from tests.support.doctor_factories import CLIENT, TENANT, by_key, fake_tool, first_on_path, silence
from tests.support.leak_checks import ends, is_running

ROOT = Path(__file__).resolve().parents[2]
SECRET, PASSWORD = "S3cr3t~not.to.be.seen", "pr0xy-passw0rd"
# Only the doctor's calls start a child: azure-identity kills the tool only, and the child would keep running.
HANGS = """case "$*" in
  *list* | *version*) echo $$ >> {pids}; sleep 60 & echo $! >> {pids}; wait ;;
  *) exec sleep 60 ;;
esac"""
WORLDS = [
    *("app-service", "app-service-off", "no-role", "kubernetes", "azure-ml", "vault-unknown"),
    *("laptop", "laptop-signed-out", "laptop-no-az", "laptop-mfa"),
    *("service-principal-secret", "service-principal-certificate"),
]


@pytest.fixture(autouse=True)
def _no_name_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Name resolution fails immediately, so that no test waits for the machine's DNS server."""
    resolve = socket.getaddrinfo

    def nowhere(host: Any, *rest: Any, **options: Any) -> Any:
        if ".vault." in str(host):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return resolve(host, *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", nowhere)


@pytest.fixture
def _unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Raise the time limits, so that a busy machine does not change a finding."""
    for checks in (developer_tools, managed_identity):
        monkeypatch.setattr(checks, "_WAIT_S", 20.0)


def examine() -> dict[str, Check]:
    return by_key(run_doctor(conf.current()))


WELL = [scenario.name for scenario in SCENARIOS.values() if scenario.cause is None]


@pytest.mark.parametrize("scenario", WELL)
@pytest.mark.usefixtures("_unhurried")
def test_healthy_scenario__has_no_problem(world: World, scenario: str) -> None:
    world(scenario)
    checks = examine()
    assert {check.key for check in checks.values() if check.verdict is Status.PROBLEM} == set()
    assert checks["vault_tenant"].finding == "The vault and the token belong to the same tenant."
    assert checks["client_address"].facts == (("IP address", "203.0.113.7"),)
    assert checks["clock"].verdict is Status.OK


@pytest.mark.usefixtures("_unhurried")
def test_laptop__az_shows_the_account(world: World) -> None:
    world("laptop")
    az = examine()["az"]
    assert az.finding == "Azure CLI is signed in as dana@contoso.onmicrosoft.com."
    assert ("Tenant", TENANT) in az.facts


@pytest.mark.usefixtures("_unhurried")
def test_virtual_machine__is_detected_by_its_token(world: World) -> None:
    world("vm")
    checks = examine()
    assert checks["platform"].finding.endswith("the Instance Metadata Service issued a token: an Azure VM.")
    assert checks["az"].finding == "Azure CLI was not found on PATH and is not required here."


@pytest.mark.parametrize(
    ("scenario", "key", "cause"),
    [
        ("app-service-off", "managed_identity", "mi_identity_not_assigned"),
        ("laptop-signed-out", "az", "az_not_logged_in"),
        ("no-role", "secret", "kv_rbac_denied"),
        ("secret-missing", "secret", "kv_secret_not_found"),
        ("secret-disabled", "secret", "kv_secret_disabled"),
        ("secret-deleted", "secret", "secret_deleted"),
        ("secret-expired", "secret", "secret_expired"),
        ("wrong-tenant", "vault_tenant", "tenant_mismatch_ahead"),
        ("clock-ahead", "clock", "clock_skew"),
        ("intercepted", "certificate", "tls_interception"),
        ("vault-down", "way_to_the_vault", "service_error"),
        ("vault-unknown", "vault_name", "dns_failure"),
    ],
)
@pytest.mark.usefixtures("_unhurried")
def test_scenario__problem_is_found_with_advice(world: World, scenario: str, key: str, cause: str) -> None:
    world(scenario)
    check = examine()[key]
    assert (check.verdict, check.cause) == (Status.PROBLEM, cause)
    assert check.advice


def test_no_vault__is_not_called_a_missing_response(world: World) -> None:
    world("app-service")
    checks = by_key(run_doctor(conf.current({"KEY_VAULT_URI": ""})))
    for key in ("vault_tenant", "client_address", "clock", "certificate", "vault_name", "cloud"):
        assert (checks[key].verdict, checks[key].finding) == (Status.UNKNOWN, "No valid vault is configured.")


def test_titles__fit_their_column_in_the_terminal(world: World) -> None:
    world("app-service")
    assert max(len(check.title) for check in examine().values()) <= 28


def test_problems__come_first_then_notices(world: World) -> None:
    world("laptop-signed-out")
    order = list(Status)
    ranks = [order.index(check.verdict) for check in run_doctor(conf.current())]
    assert ranks == sorted(ranks)
    assert ranks[0] == 0


def test_causes__are_in_the_catalog(world: World) -> None:
    world("app-service")
    os.environ.update({"KEY_VAULT_URI": "", "AZURE_CLIENT_SECRET": SECRET, "MSI_SECRET": SECRET})
    checks = run_doctor(conf.load({}))
    assert {check.cause for check in checks} - {None} <= set(CAUSES)
    assert len({question.key for question in CHECKS}) == len(CHECKS) == len(checks)
    assert all(check.title and check.finding for check in checks)
    assert (CHECKS[0].key, CHECKS[-1].key) == ("secret", "trusted_certificates")


def test_invalid_settings__are_a_problem_and_nothing_is_sent(world: World, settings: Any) -> None:
    azure = world("app-service")
    settings.SECRETS_APP = {"KEY_VAULT_URI": "https://vault.example.org", "SECRET_NAME": "demo"}
    checks = examine()
    assert checks["secret"].verdict is Status.PROBLEM
    assert "vault.example.org" in checks["secret"].finding
    assert checks["way_to_the_vault"].finding == "No valid vault is configured."
    assert not [request for request in azure.requests if "example.org" in request.host]


def test_unresponsive_scenario__ends_and_leaves_nothing(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    world("laptop")
    for tool in ("az", "pwsh", "azd"):
        fake_tool(tmp_path / "bin", tool, HANGS.format(pids=tmp_path / "pids"))
    name_server = threading.Event()
    resolve = socket.getaddrinfo

    def hang(host: Any, *rest: Any, **options: Any) -> Any:
        if "vault" in str(host):
            name_server.wait(60)
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return resolve(host, *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    settings.SECRETS_APP["KVSITE_DEADLINE_S"] = "4"
    with silence() as proxy:
        for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
            os.environ[name] = proxy
        os.environ["PATH"] = first_on_path(tmp_path / "bin")
        start = time.perf_counter()
        checks = examine()
        assert time.perf_counter() - start < 30  # the tools and the name server hang for 60 s
        threads = threading.active_count()
        examine()
        assert threading.active_count() <= threads  # a check that still hangs is waited for, not started again
    name_server.set()
    assert checks["vault_name"].finding == "Timed out after 2 seconds while waiting for the DNS server."
    assert checks["secret"].finding.startswith("Timed out after 2.4 seconds while waiting for the secret to be read.")
    assert checks["az"].cause == "az_timeout"
    for key in ("powershell", "azd"):
        assert checks[key].verdict is Status.NOTICE
        assert "did not respond in time" in checks[key].finding
    assert checks["way_to_the_vault"].verdict is Status.PROBLEM
    assert checks["platform"].verdict is Status.OK
    assert ends(lambda: not [t for t in threading.enumerate() if t.name.startswith("background: ")])
    assert ends(lambda: not any(is_running(int(pid)) for pid in (tmp_path / "pids").read_text().split()))


def test_failing_check__is_reported_and_the_others_continue(
    world: World, monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder
) -> None:
    world("app-service")
    exceptions: list[str] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: exceptions.append(args.exc_type.__name__))

    def broken(_request: Any) -> Reading:
        raise KeyError("a defect")

    monkeypatch.setattr(service, "get_reading", broken)
    checks = by_key(run_doctor(conf.current()))
    assert checks["secret"].finding.startswith("This check failed with an internal error.")
    assert checks["clock"].verdict is Status.OK
    assert "KeyError" in exceptions


def test_concurrent_callers__share_one_run(world: World, settings: Any) -> None:
    azure = world("app-service", vault_latency_s=0.5)
    results: list[tuple[Check, ...]] = []
    config = conf.current()
    threads = [threading.Thread(target=lambda: results.append(run_doctor(config))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 6
    assert all(checks is results[0] for checks in results)
    assert len([request for request in azure.requests if request.path.startswith("/secrets")]) <= 3


def test_headline__counts_problems_and_notices() -> None:
    def of(*verdicts: Status) -> str:
        return headline(tuple(Check(finding="", verdict=verdict) for verdict in verdicts))

    assert of() == "No errors found."
    assert of(Status.PROBLEM, Status.OK) == "1 error found."
    assert of(Status.NOTICE) == "No errors found, 1 warning."
    assert of(*[Status.PROBLEM] * 2, *[Status.NOTICE] * 3, Status.UNKNOWN) == ("2 errors found, 3 warnings, 1 unknown.")


def test_secret_timeout__is_the_headline_and_unhealthy(
    client: Client, world: World, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "CHECKS", [replace(question, timeout_s=0.2) for question in CHECKS])
    world("laptop-slow-az")
    settings.SECRETS_APP["KVSITE_DEADLINE_S"] = "5"
    expected = (
        "Unknown whether the secret can be read: no result within 0.2 s. Run `manage.py principal`, which waits up"
    )
    result = manage("doctor")
    assert (result.returncode, result.stdout.splitlines()[0]) == (1, f"{expected} to 5 s.")
    checks = examine()
    assert checks["token"].advice == checks["secret"].advice
    problem = Check(finding="", verdict=Status.PROBLEM)
    assert headline((problem, checks["secret"])) == "1 error found, 1 unknown."
    assert not is_healthy((checks["secret"],))


def test_page__shows_every_check_problems_first(client: Client, world: World) -> None:
    world("laptop-signed-out")
    page = client.get("/environment/")
    text = page.content.decode()
    assert page.status_code == 200
    assert "2 errors found, 1 warning, 1 unknown." in text
    assert text.index('id="checks-problem"') < text.index('id="checks-notice"') < text.index('id="checks-ok"')
    for question in CHECKS:
        assert f'id="{question.key}"' in text
    assert 'href="/causes/az_not_logged_in/"' in text
    assert "az login" in text


def test_page__needs_access(world: World) -> None:
    world("app-service")
    unauthenticated = Client(headers={"host": "127.0.0.1:8000", "x-forwarded-for": "203.0.113.9"})
    assert unauthenticated.get("/environment/").status_code == 403
    assert unauthenticated.post("/environment/").status_code == 403


def test_page__changes_nothing(client: Client, world: World) -> None:
    world("app-service")
    assert client.post("/environment/").status_code == 405


def test_home__links_to_it_beside_a_failure(client: Client, world: World) -> None:
    world("no-role")
    text = client.get("/").content.decode()
    assert '<a href="/environment/">Check this machine\'s configuration</a>' in text


@pytest.mark.parametrize("scenario", WORLDS)
def test_output__has_no_secret_token_or_proxy_password(
    client: Client, world: World, scenario: str, settings: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    azure = world(scenario)
    settings.SECRETS_APP["KVSITE_RESULT_LIFE_S"] = "60"  # the page shows the same run
    loggedin = azure.env["HTTPS_PROXY"].replace("http://", f"http://dana:{PASSWORD}@")
    os.environ.update(dict.fromkeys(("HTTPS_PROXY", "https_proxy"), loggedin))
    os.environ.setdefault("AZURE_CLIENT_SECRET", SECRET)
    os.environ.update({"AZURE_USERNAME": "dana@contoso.com", "AZURE_PASSWORD": SECRET})
    checks = run_doctor(conf.current())
    page = client.get("/environment/").content.decode()
    output = page + repr(checks) + json.dumps([check.as_json() for check in checks]) + "".join(capfd.readouterr())
    hidden = [SECRET, PASSWORD, azure.secret_value, *(token.text for token in azure.tokens)]
    hidden += [value for name, value in os.environ.items() if name.endswith(("_SECRET", "_HEADER", "_PASSWORD"))]
    for word in hidden:
        assert word not in output
    assert "set, 21 characters" in output  # the values were present where a secret would have been shown


def test_command__no_problem_is_exit_0(world: World) -> None:
    world("app-service")
    result = manage("doctor")
    assert result.returncode == 0
    assert result.stdout.startswith("No errors found")
    assert "OK       Tenants of vault and token   The vault and the token belong to the same tenant." in result.stdout
    assert result.stderr == ""


@pytest.mark.program
def test_command__a_problem_is_exit_1_and_comes_first() -> None:
    with LocalAzure("app-service") as azure:
        result = subprocess.run(
            [sys.executable, "manage.py", "doctor"],
            cwd=ROOT, env={**azure.env, "AZURE_CLIENT_SECRET": SECRET}, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert result.returncode == 1
    assert result.stdout.split("\n")[2].startswith("ERROR    Service principal variables  AZURE_CLIENT_SECRET is set")
    assert "az webapp config appsettings delete -g kvsite-rg -n kvsite-demo --setting-names" in result.stdout
    assert SECRET not in result.stdout
    assert result.stderr == ""


def test_command__explains_invalid_settings(world: World, settings: Any) -> None:
    world("app-service")
    os.environ["AZURE_TOKEN_CREDENTIALS"] = "cli"
    os.environ["KEY_VAULT_URI"] = settings.SECRETS_APP["KEY_VAULT_URI"] = "contoso"
    result = manage("doctor")
    assert result.returncode == 1
    assert "KEY_VAULT_URI" in result.stdout
    assert "Traceback" not in result.stdout + result.stderr


def test_command__json_is_one_document_with_the_same_text(world: World) -> None:
    world("no-role")
    os.environ["AZURE_CLIENT_ID"] = CLIENT
    result = manage("doctor", "--json")
    document = json.loads(result.stdout)
    assert result.returncode == 1
    assert document["ok"] is False
    checks = {check["key"]: check for check in document["checks"]}
    assert checks["token_credentials"]["facts"] == [{"name": "AZURE_TOKEN_CREDENTIALS", "value": "not set"}]
    parts = {"key", "title", "finding", "verdict", "advice", "cause", "commands", "facts", "gave_up_after_s"}
    assert set(checks["secret"]) == parts
    assert result.stderr == ""


def test_command__invalid_arguments_are_exit_2() -> None:
    result = manage("doctor", "--nonsense")
    assert result.returncode == 2
    assert "Traceback" not in result.stderr
