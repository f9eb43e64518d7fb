"""The live tests and samples of azure-keyvault-secrets and azure-identity, unmodified, against Local Azure.

`make test-sdk` downloads the source archives from PyPI and runs this file. Microsoft's test helper, devtools_testutils,
is not published; the folder of that name replaces it. Every test that is left out is printed with the reason.
"""

import os
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

import pytest

from localazure import LocalAzure
from localazure.scenarios.directory import CONTOSO, SHARED_IDENTITY

HERE = Path(__file__).parent
ENVIRONMENT = Path(os.environ.get("KVSITE_SDK_ENVIRONMENT", HERE.parents[1] / ".venv-sdk"))
PYTHON = ENVIRONMENT / "bin" / "python"
SAMPLES = (
    *("backup_restore_operations", "backup_restore_operations_async", "hello_world", "hello_world_async"),
    *("list_operations", "list_operations_async", "recover_purge_operations", "recover_purge_operations_async"),
)
OFFICER = {"to": "kvsite-demo", "role": "Key Vault Secrets Officer"}
READER = {
    "name": "reader",
    "client-id": "33333333-3333-4333-8333-333333333333",
    "secret": "not a real one",
    "graph-permissions": ["Application.Read.All"],
}
SEED = {
    "application": [READER],
    "vault": [{"name": name.replace("_", "-"), "grants": [OFFICER]} for name in ("vaultname", *SAMPLES)],
}
"""The vault of the tests, and one of each sample: they use the same names of secrets at the same time."""
Variables = Callable[[LocalAzure], dict[str, str]]


@dataclass(frozen=True, kw_only=True)
class Run:
    """A part of a package's tests in one scenario."""

    package: str = "azure_identity"
    scenario: str
    files: tuple[str, ...]
    arguments: tuple[str, ...] = ()
    variables: Variables = field(default=lambda _azure: {})
    passed: int
    """How many tests pass."""
    left_out: int = 0
    """How many do not apply; they are skipped by Microsoft's conditions, or fail for a reason in NOT_APPLICABLE."""


def _pipeline(azure: LocalAzure) -> dict[str, str]:
    names = ("SERVICE_CONNECTION_ID", "CLIENT_ID", "TENANT_ID")
    values = {name: azure.env[f"AZURESUBSCRIPTION_{name}"] for name in names}
    return {f"AZURE_SERVICE_CONNECTION_{name.removeprefix('SERVICE_CONNECTION_')}": values[name] for name in names}


def _graph(_azure: LocalAzure) -> dict[str, str]:
    values = {"TENANT_ID": CONTOSO.id, "CLIENT_ID": READER["client-id"], "CLIENT_SECRET": READER["secret"]}
    return {f"AZURE_IDENTITY_MULTI_TENANT_{name}": str(value) for name, value in values.items()}


def _user_assigned(_azure: LocalAzure) -> dict[str, str]:
    return {"USER_ASSIGNED_IDENTITY_CLIENT_ID": SHARED_IDENTITY.client_id}


def _both(*names: str) -> tuple[str, ...]:
    """The files with synchronous and asynchronous tests."""
    return tuple(f"{name}{suffix}.py" for name in names for suffix in ("", "_async"))


RUNS = {
    "secrets": Run(
        package="azure_keyvault_secrets",
        scenario="app-service",
        files=(".",),
        arguments=("--ignore=perfstress_tests",),
        variables=lambda _azure: {"AZURE_KEYVAULT_URL": "https://vaultname.vault.azure.net"},
        passed=1289,
        left_out=2,
    ),
    "service principal": Run(
        scenario="service-principal-secret",
        files=_both("test_live"),
        arguments=("-k", "certificate or secret or default or username"),
        passed=8,
        left_out=10,
    ),
    "service principal, tenant": Run(
        scenario="service-principal-secret",
        files=_both("test_client_secret_credential"),
        arguments=("-k", "live"),
        passed=4,
    ),
    "application with access to Graph": Run(
        scenario="service-principal-secret", files=_both("test_multi_tenant_auth"), variables=_graph, passed=4
    ),
    "virtual machine": Run(
        scenario="vm",
        files=_both("test_imds_credential"),
        arguments=("--record-imds", "-k", "not user_assigned"),
        passed=52,
    ),
    "virtual machine, user-assigned": Run(
        scenario="vm-two-identities",
        files=_both("test_imds_credential"),
        arguments=("--record-imds", "-k", "user_assigned"),
        variables=_user_assigned,
        passed=8,
    ),
    "App Service": Run(
        scenario="app-service",
        files=_both("test_app_service"),
        arguments=(
            "-k",
            "system",
        ),
        passed=2,
        left_out=2,
    ),
    "App Service, user-assigned": Run(
        scenario="app-service-user-assigned",
        files=_both("test_app_service"),
        arguments=(
            "-k",
            "user",
        ),
        variables=_user_assigned,
        passed=2,
        left_out=2,
    ),
    "Azure Pipelines": Run(
        scenario="azure-pipelines", files=_both("test_azure_pipelines_credential"), variables=_pipeline, passed=23
    ),
    "developer": Run(
        scenario="laptop",
        files=_both("test_live"),
        arguments=("-k", "cli or device or powershell"),
        passed=6,
        left_out=12,
    ),
    "browser": Run(
        scenario="laptop",
        files=("test_browser_credential.py",),
        variables=lambda _azure: {"BROWSER": f"{PYTHON} {HERE / 'browser.py'} %s &"},
        passed=26,
    ),
    "on behalf of": Run(scenario="laptop", files=_both("test_obo"), arguments=("-k", "TestObo"), passed=0, left_out=4),
}
NOT_APPLICABLE = {
    "object has no attribute 'patch'": "the test itself is incomplete: it does not call load_settings()",
    "Azure Developer CLI could not be found": "azd is not part of Local Azure",
    "PowerShell is not installed": "PowerShell is not part of Local Azure",
}
"""Part of the failure -> why the test does not apply."""
SAMPLES_LEFT_OUT = {
    "control_interactive_prompts, user_authentication": "sign in with a browser: see the run 'browser'",
    "key_vault_cert": "creates a certificate, which Local Azure does not",
    "on_behalf_of_client_assertion": "has placeholders to fill in; Local Azure has no on-behalf-of flow",
    "credential_creation_code_snippets, custom_credentials": "define functions and classes, and run nothing",
}


@pytest.fixture(scope="session")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sources")
    for archive in (ENVIRONMENT / "sources").glob("*.tar.gz"):
        with tarfile.open(archive) as opened:
            opened.extractall(folder, filter="data")
    return folder


@pytest.fixture
def report(capsys: pytest.CaptureFixture[str]) -> Callable[[Iterable[str]], None]:
    def write(lines: Iterable[str]) -> None:
        with capsys.disabled():
            print("", *lines, sep="\n")  # noqa: T201

    return write


@pytest.mark.parametrize("name", RUNS)
def test_package(name: str, sources: Path, tmp_path: Path, report: Callable[[Iterable[str]], None]) -> None:
    run = RUNS[name]
    passed, left_out, failed = _results(run, _package(sources, run.package) / "tests", tmp_path / "results.xml")
    report(
        [
            f"{name} ({run.package}, scenario {run.scenario}): {passed} passed, {sum(left_out.values())} left out",
            *(f"  {count} left out: {reason}" for reason, count in left_out.items()),
        ]
    )
    assert failed == []
    assert (passed, sum(left_out.values())) == (run.passed, run.left_out)


def test_samples(sources: Path, report: Callable[[Iterable[str]], None]) -> None:
    folder = _package(sources, "azure_keyvault_secrets") / "samples"
    with LocalAzure("app-service", seed=SEED) as azure:
        running = {
            name: subprocess.Popen(
                [PYTHON, f"{name}.py"],
                cwd=folder,
                env={**azure.env, "VAULT_URL": f"https://{name.replace('_', '-')}.vault.azure.net"},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            for name in SAMPLES
        }
        output = {name: process.communicate(timeout=280)[0] for name, process in running.items()}
    assert {name: output[name] for name, process in running.items() if process.returncode} == {}
    report([f"samples: {len(SAMPLES)} ran", *(f"  left out: {name}: {why}" for name, why in SAMPLES_LEFT_OUT.items())])


def _package(sources: Path, name: str) -> Path:
    return next(sources.glob(f"{name}-*"))


def _results(run: Run, folder: Path, file: Path) -> tuple[int, dict[str, int], list[str]]:
    """Return how many tests passed, how many were left out for each reason, and the failures."""
    with LocalAzure(run.scenario, seed=SEED) as azure:
        env = {**azure.env, **run.variables(azure), "PYTHONPATH": str(HERE), "PYTHONDONTWRITEBYTECODE": "1"}
        manual = ("--manual", "--capture=no") if run.package == "azure_identity" else ()
        options = ("-p", "devtools_testutils.plugin", "-p", "no:cacheprovider", "-W", "ignore", f"--junitxml={file}")
        command = [PYTHON, "-m", "pytest", *options, *manual, *run.arguments, *run.files]
        done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)
    assert done.returncode in (0, 1), done.stdout[-3000:] + done.stderr[-3000:]
    passed, left_out, failed = 0, dict[str, int](), list[str]()
    for case in ElementTree.parse(file).iter("testcase"):  # noqa: S314 - written by pytest
        problem = next((part for part in case if part.tag in ("failure", "error", "skipped")), None)
        if problem is None:
            passed += 1
            continue
        text = f"{problem.get('message')} {problem.text}"
        reasons = [reason for sign, reason in NOT_APPLICABLE.items() if sign in text]
        if problem.tag == "skipped":
            reasons = [str(problem.get("message"))]
        if reasons:
            left_out[reasons[0]] = left_out.get(reasons[0], 0) + 1
        else:
            failed.append(f"{case.get('classname')}.{case.get('name')}: {text[-1500:]}")
    return passed, left_out, failed


def test_the_environment_has_both_source_archives() -> None:
    assert shutil.which(PYTHON), f"{PYTHON} does not exist: run make test-sdk"
    assert len(list((ENVIRONMENT / "sources").glob("azure_*.tar.gz"))) == 2
