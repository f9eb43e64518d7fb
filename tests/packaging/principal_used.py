"""The package `principal-used` in fresh virtual environments: `make test-wheels` builds it and runs these tests."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from localazure import LocalAzure
from tests.support.django_project import try_in_project
from tests.support.leak_checks import ends
from tests.support.serving import free_port, status

ROOT = Path(__file__).parents[2]
DIST = ROOT / "dist"
FOR_PIP = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "UV_", "SSL_"))}
CLEAN = {"PATH": "/usr/bin:/bin"} | FOR_PIP
DEVELOPMENT_ONLY = {"kvsite/management/commands/documents.py"}


def newer_python() -> str | None:
    """An interpreter for Django 6, which needs Python 3.12 or newer: DJANGO6_PYTHON, or one on PATH that starts."""
    for name in (os.environ.get("DJANGO6_PYTHON"), "python3.14", "python3.13", "python3.12"):
        path = shutil.which(name) if name else None
        if path and subprocess.run([path, "--version"], capture_output=True, check=False).returncode == 0:
            return path
    return None


def wheel() -> Path:
    (path,) = DIST.glob("principal_used-*.whl")
    return path


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with nothing but the wheel and its dependencies."""
    return install(sys.executable, tmp_path_factory.mktemp("venv"), str(wheel()))


def install(python: str, folder: Path, *packages: str) -> Path:
    subprocess.run([python, "-m", "venv", folder], check=True, env=CLEAN)
    command = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*command, *packages], check=True, env=CLEAN, cwd=folder)
    return folder


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The variables of a program in Local Azure, with a home of its own."""
    with LocalAzure("no-role") as world:
        yield {**world.env, "HOME": str(tmp_path / "home"), "PYTHONPATH": ""}


def run(*command: str | Path, cwd: Path, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    home = {"HOME": str(cwd / "home")}
    return subprocess.run(
        command, cwd=cwd, env={**CLEAN, **home, **(env or {})}, capture_output=True, text=True, timeout=100, check=False
    )


def test_archives__have_every_file() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "secrets_app", "kvsite", "fleet"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert [name for name in tracked if name.endswith(".html")]
    wanted = {*tracked, "kvsite/gunicorn.conf.py", "secrets_app/py.typed"} - DEVELOPMENT_ONLY
    assert wanted - set(zipfile.ZipFile(wheel()).namelist()) == set()
    (source,) = DIST.glob("principal_used-*.tar.gz")
    with tarfile.open(source) as archive:
        assert wanted - {name.partition("/")[2] for name in archive.getnames()} == set()
    assert {name.split("/")[0].split("-")[0] for name in zipfile.ZipFile(wheel()).namelist()} == {
        "secrets_app", "kvsite", "fleet", "principal_used",
    }  # fmt: skip


def test_metadata__is_complete(environment: Path, tmp_path: Path) -> None:
    code = """
import json, secrets_app
from importlib.metadata import metadata
found = metadata("principal-used")
print(json.dumps([found.json, found["Version"] == secrets_app.__version__]))
"""
    found, is_same_version = json.loads(run(environment / "bin" / "python", "-c", code, cwd=tmp_path).stdout)
    assert is_same_version
    assert (found["license_expression"], found["requires_python"]) == ("MIT", ">=3.11")
    assert "Key Vault" in found["summary"]
    assert {"completion", "health", "metrics", "otel"} <= set(found["provides_extra"])
    assert found["description"].startswith("# Principal Used")


def test_command__works_in_any_folder(environment: Path, azure: dict[str, str], tmp_path: Path) -> None:
    command = environment / "bin" / "principal-used"
    overview = run(command, cwd=tmp_path)
    assert overview.returncode == 0
    assert {"principal", "doctor", "explain", "compare", "serve"} <= {
        line.split()[0] for line in overview.stdout.splitlines() if line.startswith("  ")
    }
    assert run(command, "--version", cwd=tmp_path).stdout.startswith("Principal Used 0.")
    read = run(command, "principal", "--vault", "contoso", "--secret", "demo", cwd=tmp_path, env=azure)
    assert read.returncode == 1
    assert "ForbiddenByRbac" in read.stdout
    assert run(command, "doctor", cwd=tmp_path, env=azure).returncode in {0, 1}
    (tmp_path / "error.txt").write_text("AADSTS7000222: The provided client secret keys are expired.")
    explained = run(command, "explain", "error.txt", "--json", cwd=tmp_path)
    assert json.loads(explained.stdout)["causes"][0] == "client_secret_expired"
    assert not list((environment / "lib").rglob(".local"))


@pytest.mark.parametrize("arguments", [("serve", "--bind"), ("principal", "--vault", ""), ("nonsense",)])
def test_wrong_arguments__are_exit_code_2(environment: Path, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = run(environment / "bin" / "principal-used", *arguments, cwd=tmp_path)
    assert done.returncode == (1 if arguments == ("nonsense",) else 2)  # 1: Django's for an unknown command
    assert "Traceback" not in done.stdout + done.stderr


@pytest.fixture(params=["wheel", "pyz"])
def program(request: pytest.FixtureRequest) -> list[str | Path]:
    if request.param == "pyz":
        return [sys.executable, DIST / "principal-used.pyz"]
    return [request.getfixturevalue("environment") / "bin" / "principal-used"]


def test_serve__starts_the_site_with_its_style(
    program: list[str | Path], azure: dict[str, str], tmp_path: Path
) -> None:
    port = free_port()
    command = [*program, "serve", "--bind", f"127.0.0.1:{port}"]
    with subprocess.Popen(command, cwd=tmp_path, env={**CLEAN, **azure}, stderr=subprocess.DEVNULL) as process:
        try:
            assert ends(lambda: status("127.0.0.1", port, "/healthz") == 200, within_s=60)
            assert status("127.0.0.1", port, "/") == 200
            assert status("127.0.0.1", port, "/static/secrets_app/principal-used.css") == 200
        finally:
            process.terminate()


def test_zipapp__reads_the_secret(azure: dict[str, str], tmp_path: Path) -> None:
    done = run(sys.executable, DIST / "principal-used.pyz", "principal", "--json", cwd=tmp_path, env=azure)
    assert done.returncode == 1, done.stderr
    assert json.loads(done.stdout)["hints"][0]["cause"] == "kv_rbac_denied"


@pytest.mark.parametrize(("root", "reason"), [("/proc/none", "No such file"), ("/dev/full/x", "Not a directory")])
def test_zipapp__without_a_writable_folder_is_one_sentence(tmp_path: Path, root: str, reason: str) -> None:
    done = run(sys.executable, DIST / "principal-used.pyz", "--version", cwd=tmp_path, env={"SHIV_ROOT": root})
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("principal-used.pyz cannot run here: /")
    assert reason in done.stderr
    assert done.stderr.endswith("Set SHIV_ROOT to a folder that is writable, with 80 MB of space.\n")


def test_zipapp__of_another_python_is_one_sentence(tmp_path: Path) -> None:
    python = newer_python()
    if python is None:
        pytest.skip("NOT TESTED: only one version of Python was found")
    done = run(python, DIST / "principal-used.pyz", "--version", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"Python {sys.version_info[0]}.{sys.version_info[1]}, and this is " in done.stderr


def test_full_disk__is_one_sentence(environment: Path, tmp_path: Path) -> None:
    """Neither the key nor the output can be stored."""
    command = f"{environment}/bin/principal-used doctor --json > /dev/full"
    done = run("/bin/sh", "-c", command, cwd=tmp_path, env={"XDG_STATE_HOME": "/proc/none"})
    assert (done.returncode, done.stderr) == (2, "The output could not be written: No space left on device.\n")


@pytest.mark.parametrize("django", ["5.2", "6"])
def test_project__on_each_version_of_django(
    django: str, azure: dict[str, str], tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    python = sys.executable if django == "5.2" else newer_python()
    if python is None:
        pytest.skip("Django 6 NOT TESTED: it needs Python 3.12 or newer, and only older ones were found")
    folder = install(python, tmp_path_factory.mktemp("venv"), str(wheel()), f"Django=={django}.*", "httpx")
    try_in_project(folder / "bin" / "python", tmp_path, azure)


def test_extra_fleet__records_a_history_and_watches(
    azure: dict[str, str], tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = install(sys.executable, tmp_path_factory.mktemp("venv"), f"{wheel()}[fleet]")
    command, env = folder / "bin" / "principal-used", {**azure, "KVSITE_HISTORY": "on", "KVSITE_WATCH_INTERVAL_S": "10"}
    assert run(command, "migrate", "--verbosity", "0", cwd=tmp_path, env=env).returncode == 0
    added = run(command, "fleet", "add", "vault=contoso", "secret=demo", "name=payroll", cwd=tmp_path, env=env)
    assert (added.returncode, added.stdout) == (0, "1 target added, 0 replaced.\n")
    output = tmp_path / "watch.txt"
    with (
        output.open("w") as file,
        subprocess.Popen([command, "watch"], cwd=tmp_path, env={**CLEAN, **env}, stdout=file, stderr=file) as watch,
    ):
        try:
            assert ends(lambda: output.read_text().count("First reading") == 2, within_s=60), output.read_text()
        finally:
            watch.terminate()
    history = run(command, "history", "--json", cwd=tmp_path, env=env)
    assert json.loads(history.stdout)["observations"][0]["cause"] == "kv_rbac_denied", history.stderr
    listed = run(command, "fleet", "list", "--state", "failing", cwd=tmp_path, env=env)
    assert "payroll: Refused for " in listed.stdout
    assert not list((folder / "lib").rglob(".local"))


def test_without_the_extra__the_commands_name_it(environment: Path, azure: dict[str, str], tmp_path: Path) -> None:
    env = {**azure, "KVSITE_HISTORY": "on"}
    for arguments in (("watch",), ("fleet", "run"), ("fleet", "discover")):
        done = run(environment / "bin" / "principal-used", *arguments, cwd=tmp_path, env=env)
        assert done.returncode == 2
        assert done.stderr.startswith("Error: ")
        assert 'Run: python -m pip install "principal-used[fleet]"' in done.stderr
    database = {**env, "KVSITE_DATABASE_URL": "postgresql://kvsite:x@127.0.0.1/kvsite"}
    checked = run(environment / "bin" / "principal-used", "check", cwd=tmp_path, env=database)
    assert 'python -m pip install "principal-used[fleet]"' in checked.stdout + checked.stderr
