"""The Azure SDKs for other languages in scenarios: `make test-clients` installs them and runs these tests.

A language without its toolchain on this machine is reported as skipped.
"""

import json
import os
import shutil
import subprocess
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


@pytest.fixture(scope="session")
def javascript() -> list[str]:
    if not shutil.which("npm") or not shutil.which("node"):
        pytest.skip("JavaScript is not tested: node and npm are not installed")
    subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=FOLDER / "javascript", check=True)
    return ["node", str(FOLDER / "javascript" / "read.mjs")]


@pytest.fixture(scope="session")
def go(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    tool = shutil.which("go", path=os.pathsep.join((os.environ["PATH"], "/usr/local/go/bin")))
    if not tool:
        pytest.skip("Go is not tested: go is not installed")
    program = tmp_path_factory.mktemp("go") / "read"
    subprocess.run([tool, "build", "-o", program, "."], cwd=FOLDER / "go", check=True)
    return [str(program)]


@pytest.fixture(scope="session")
def java(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    if not shutil.which("mvn") or not shutil.which("java"):
        pytest.skip("Java is not tested: mvn and java are not installed")
    project = tmp_path_factory.mktemp("java") / "project"
    shutil.copytree(FOLDER / "java", project)
    goals = ["compile", "dependency:copy-dependencies", "-DoutputDirectory=target/lib"]
    subprocess.run(["mvn", "--quiet", "--batch-mode", *goals], cwd=project, check=True)
    return ["java", "-cp", f"{project}/target/classes{os.pathsep}{project}/target/lib/*", "Read"]


@pytest.mark.parametrize("scenario", EXPECTED)
@pytest.mark.parametrize("language", ["javascript", "go", "java"])
def test_scenario(language: str, scenario: str, request: pytest.FixtureRequest) -> None:
    command = request.getfixturevalue(language)
    with LocalAzure(scenario) as azure:
        done = subprocess.run(command, env=azure.env, capture_output=True, text=True, timeout=100)
        assert azure.secret_value not in done.stdout + done.stderr
        assert not [token for token in azure.tokens if token.text in done.stdout + done.stderr]
    output = json.dumps(json.loads(done.stdout), separators=(",", ":"))
    assert [text for text in OTHER_WORDS.get((language, scenario), EXPECTED[scenario]) if text not in output] == [], (
        output
    )
