"""The wheel of Local Azure in a fresh virtual environment: `make test-wheels` builds it and runs these tests."""

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DIST = ROOT / "dist"
FRAMEWORKS = ("flask", "django", "fastapi", "httpx")
CLEAN = {"PATH": "/usr/bin:/bin"} | {
    name: value for name, value in os.environ.items() if name.startswith(("PIP_", "UV_", "SSL_"))
}
TEST_FILE = """
import os, subprocess
import pytest
from azure.core.exceptions import HttpResponseError
from azure.identity import DefaultAzureCredential
from azure.keyvault.secrets import SecretClient

def read(name):
    return SecretClient(os.environ["KEY_VAULT_URI"], DefaultAzureCredential()).get_secret(name).value

@pytest.mark.parametrize("n", range(3))
def test_read(local_azure, n):
    local_azure.vault("contoso")["db-password"] = "x"
    assert read("db-password") == "x"

@pytest.mark.local_azure("no-role")
def test_no_role(local_azure):
    with pytest.raises(HttpResponseError, match="ForbiddenByRbac"):
        read("demo")

def test_mypy(tmp_path):
    (tmp_path / "it.py").write_text("import localazure\\nreveal_type(localazure.LocalAzure().vault())\\n")
    done = subprocess.run(["mypy", "--strict", "it.py"], cwd=tmp_path, capture_output=True, text=True)
    assert 'Revealed type is "localazure.state.vault_secrets.VaultSecrets"' in done.stdout
"""


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with nothing but the wheel, pytest and what the test file imports."""
    folder = tmp_path_factory.mktemp("venv")
    (wheel,) = DIST.glob("localazure-*.whl")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    packages = ["pytest", "pytest-xdist", "mypy", "azure-identity", "azure-keyvault-secrets", *FRAMEWORKS]
    install = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*install, wheel, *packages], check=True, env=CLEAN)
    return folder


def run(environment: Path, *arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    env = {**CLEAN, "HOME": str(cwd), "PATH": f"{environment / 'bin'}:{CLEAN['PATH']}", "MYPY_CACHE_DIR": os.devnull}
    return subprocess.run(arguments, cwd=cwd, env=env, capture_output=True, text=True, timeout=100)


def test_archives__typed_and_licensed() -> None:
    (wheel,), (source,) = DIST.glob("localazure-*.whl"), DIST.glob("localazure-*.tar.gz")
    names = zipfile.ZipFile(wheel).namelist()
    assert "localazure/py.typed" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not [name for name in names if not name.startswith("localazure")]
    with tarfile.open(source) as archive:
        assert any(name.endswith("/localazure/py.typed") for name in archive.getnames())


def test_command(environment: Path, tmp_path: Path) -> None:
    listed = run(environment, "localazure", "--list", cwd=tmp_path)
    assert listed.stdout.startswith("app-service ")
    code = "import os; print(os.environ['KEY_VAULT_URI'])"
    done = run(environment, "localazure", "run", "--scenario", "vm", "--", "python", "-c", code, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "https://contoso.vault.azure.net\n")


@pytest.mark.parametrize("options", [(), ("-n", "2")])
def test_plugin(environment: Path, tmp_path: Path, options: tuple[str, ...]) -> None:
    (tmp_path / "test_it.py").write_text(TEST_FILE)
    done = run(environment, "pytest", "-q", "--strict-markers", "-p", "no:cacheprovider", *options, cwd=tmp_path)
    assert "5 passed" in done.stdout, done.stdout


@pytest.mark.parametrize("name", ["test_flask.py", "test_django.py", "test_fastapi.py"])
def test_documentation__examples(environment: Path, tmp_path: Path, name: str) -> None:
    text = (ROOT / "docs" / "local-azure-examples.md").read_text()
    example = text.partition(f"```python\n# {name}")[2].partition("\n```")[0]
    (tmp_path / name).write_text(f"# {example}\n")
    done = run(environment, "pytest", "-q", "-p", "no:cacheprovider", cwd=tmp_path)
    assert "1 passed" in done.stdout, done.stdout
