"""The pytest plugin, in pytest runs of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.program

TESTS = """
import os, pathlib, pytest
from azure.core.exceptions import HttpResponseError
from azure.identity import DefaultAzureCredential
from azure.keyvault.secrets import SecretClient

BEFORE = dict(os.environ)

def read(name="demo"):
    return SecretClient(os.environ["KEY_VAULT_URI"], DefaultAzureCredential()).get_secret(name).value

@pytest.fixture(autouse=True)
def restored(request):
    yield
    changed = {name for name in BEFORE.keys() | os.environ.keys() if BEFORE.get(name) != os.environ.get(name)}
    assert changed <= {"PYTEST_CURRENT_TEST"}

@pytest.mark.parametrize("n", range(4))
def test_default(local_azure, n):
    assert local_azure.scenario.name == "SCENARIO"
    local_azure.vault("contoso")["db-password"] = "x"
    assert read("db-password") == "x"

@pytest.mark.local_azure("no-role")
def test_marker(local_azure, monkeypatch):
    monkeypatch.setenv("SECRET_NAME", "other")
    with pytest.raises(HttpResponseError, match="ForbiddenByRbac"):
        read()

@pytest.mark.local_azure(vault_latency_s=0.01, seed={"vault": [{"name": "more"}]})
def test_options(local_azure):
    assert list(local_azure.vault("more")) == []

def test_world(local_azure_world):
    with local_azure_world("kubernetes").active():
        assert read()
    assert local_azure_world().env["HTTPS_PROXY"] != local_azure_world().env["HTTPS_PROXY"]
"""


def run_pytest(folder: Path, tests: str, *options: str, ini: str = "") -> subprocess.CompletedProcess[str]:
    (folder / "test_it.py").write_text(tests)
    (folder / "pytest.ini").write_text(f"[pytest]\naddopts = --strict-markers\n{ini}\n")
    plugins = ("-p", "localazure.pytest_plugin", "-p", "no:django", "-p", "no:cacheprovider")
    command = [sys.executable, "-m", "pytest", "-q", *plugins, *options]
    env = {"PYTHONPATH": str(Path(__file__).parents[2]), "PATH": "/usr/bin:/bin"}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=50)


def test_plugin__fixture_marker_and_factory_in_parallel_processes(tmp_path: Path) -> None:
    tests = TESTS.replace("SCENARIO", "vm")
    done = run_pytest(tmp_path, tests, "-n", "2", ini="local_azure_scenario = vm")
    assert "7 passed" in done.stdout, done.stdout


def test_plugin__unknown_scenario__says_which_exist(tmp_path: Path) -> None:
    test = 'import pytest\n@pytest.mark.local_azure("no-rule")\ndef test_it(local_azure): pass\n'
    done = run_pytest(tmp_path, test, "-p", "no:xdist")
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert "local_azure: " in done.stdout
    assert "no-rule" in done.stdout
    assert "no-role" in done.stdout


def test_documentation__django_example(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "docs" / "local-azure.md").read_text()
    example = text.partition("```python\n# test_django.py\n")[2].partition("```")[0]
    settings = "from django.conf import settings\nsettings.configure(ALLOWED_HOSTS=['*'])\n"
    (tmp_path / "conftest.py").write_text(settings)
    done = run_pytest(tmp_path, example, "-p", "no:xdist")
    assert "2 passed" in done.stdout, done.stdout
