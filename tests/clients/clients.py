"""The Azure SDKs for other languages in scenarios: `make test-clients` installs them and runs these tests.

A language without its toolchain on this machine is reported as skipped.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from localazure import LocalAzure

FOLDER = Path(__file__).parent
READ = '"length":32'
EXPECTED = {
    "app-service": [READ],
    "app-service-user-assigned": [READ],
    "vm": [READ],
    "kubernetes": [READ],
    "laptop": [READ],
    "laptop-service-principal": [READ],
    "service-principal-secret": [READ],
    "service-principal-certificate": [READ],
    "secret-expired": [READ],
    "no-role": ["403", "Caller is not authorized to perform action on resource"],
    "no-policy": ["403", "does not have secrets get permission"],
    "firewall": ["403", "Client address is not authorized"],
    "private": ["403", "Connection is not an approved private link"],
    "secret-missing": ["404", "SecretNotFound"],
    "secret-disabled": ["403", "Operation get is not allowed on a disabled secret"],
    "secret-deleted": ["404", "SecretNotFound"],
    "throttled": ["429", "Throttled"],
    "wrong-tenant": ["401", "AKV10032"],
    "service-principal-wrong-secret": ["AADSTS7000215"],
    "service-principal-expired-secret": ["AADSTS7000222"],
    "kubernetes-wrong-subject": ["AADSTS700213"],
    "vm-no-identity": ["Identity not found"],
    "laptop-signed-out": ["az login"],
    "intercepted": ["certificate"],
}
"""Scenario -> what the output of the program must contain."""
OTHER_WORDS = {
    ("java", "vm-no-identity"): ["Managed Identity authentication is not available"],
    ("java", "kubernetes-wrong-subject"): ["Managed Identity authentication is not available"],
    ("java", "intercepted"): ["unable to find valid certification path"],
}
"""Where an SDK hides the message of the service or has its own words."""


EXAMPLES = (FOLDER.parents[1] / "docs" / "local-azure-examples.md").read_text()
Build = Callable[[Path], list[str]]
"""Builds the project in a folder and returns the command that runs its program."""


def _build_javascript(project: Path) -> list[str]:
    subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=project, check=True)
    return ["node", str(project / "read.mjs")]


def _build_go(project: Path) -> list[str]:
    tool = shutil.which("go", path=GO_PATH) or "go"
    subprocess.run([tool, "build", "-o", "read", "."], cwd=project, check=True)
    return [str(project / "read")]


def _build_java(project: Path) -> list[str]:
    goals = ["compile", "dependency:copy-dependencies"]
    subprocess.run(["mvn", "--quiet", "--batch-mode", *goals], cwd=project, check=True)
    return ["java", "-cp", f"{project}/target/classes{os.pathsep}{project}/target/dependency/*", "Read"]


GO_PATH = os.pathsep.join((os.environ["PATH"], "/usr/local/go/bin"))
LANGUAGES: dict[str, tuple[tuple[str, ...], str, Build]] = {
    "javascript": (("npm", "node"), "read.mjs", _build_javascript),
    "go": (("go",), "main.go", _build_go),
    "java": (("mvn", "java"), "src/main/java/Read.java", _build_java),
}
"""Language -> its tools, the file of the program, and how it is built."""


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], list[str]]:
    """Return a function from a language to the command of its program, which is built on first use."""

    @cache
    def program(language: str) -> list[str]:
        return _built(language, tmp_path_factory.mktemp(language) / "project")

    return program


def _built(language: str, project: Path, source: str = "") -> list[str]:
    """Build the program of this folder, or `source` in its place, in a new folder and return its command."""
    tools, file, build = LANGUAGES[language]
    missing = [tool for tool in tools if not shutil.which(tool, path=GO_PATH)]
    if missing:
        pytest.skip(f"{language} is not tested: {' and '.join(missing)} not installed")
    shutil.copytree(FOLDER / language, project)
    if source:
        (project / file).write_text(source)
    return build(project)


@pytest.mark.parametrize("language", LANGUAGES)
def test_documentation__example(language: str, tmp_path: Path) -> None:
    name = Path(LANGUAGES[language][1]).name
    example = EXAMPLES.partition(f"\n// {name}:")[2].partition("\n```")[0]
    command = _built(language, tmp_path / "project", f"//{example}\n")
    with LocalAzure() as azure:
        done = subprocess.run(command, env=azure.env, stdout=subprocess.PIPE, text=True, timeout=100)
    assert done.stdout == "32 characters\n"


@pytest.mark.parametrize("scenario", EXPECTED)
@pytest.mark.parametrize("language", LANGUAGES)
def test_scenario(language: str, scenario: str, programs: Callable[[str], list[str]]) -> None:
    command = programs(language)
    with LocalAzure(scenario) as azure:
        done = subprocess.run(command, env=azure.env, capture_output=True, text=True, timeout=100)
        assert azure.secret_value not in done.stdout + done.stderr
        assert not [token for token in azure.tokens if token.text in done.stdout + done.stderr]
    output = json.dumps(json.loads(done.stdout), separators=(",", ":"))
    assert [text for text in OTHER_WORDS.get((language, scenario), EXPECTED[scenario]) if text not in output] == [], (
        output
    )
