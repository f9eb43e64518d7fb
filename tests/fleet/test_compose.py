"""The compose file of the fleet: its settings exist and are valid, and it uses what the image has."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from secrets_app.conf import load
from secrets_app.conf.schema import SETTINGS

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "infra" / "compose-fleet.yaml"
VARIABLES = {"DATABASE_PASSWORD": "database0123", "SITE_KEY": "k3y-" * 15, "PASSPHRASE": "passphrase-0123"}


def services() -> dict[str, Any]:
    text = re.sub(r"\$\{(\w+):\?\}", lambda found: VARIABLES[found[1]], FILE.read_text())
    found: dict[str, Any] = yaml.safe_load(text)["services"]
    return found


def test_settings__exist_and_are_valid() -> None:
    found = services()
    environments = [found[name]["environment"] for name in ("site", "worker", "migrate")]
    assert environments == [environments[0]] * 3
    assert environments[0].keys() <= SETTINGS.keys()
    assert load(environments[0]).problems == ()


def test_commands__are_those_of_the_image() -> None:
    found = services()
    assert (found["migrate"]["command"], found["worker"]["command"][0]) == (["migrate"], "watch")
    argument = re.search(r"--build-arg REQUIREMENTS=(\S+)", FILE.read_text())
    assert argument
    assert (ROOT / argument[1]).exists()
    assert f"!{argument[1]}" in (ROOT / ".dockerignore").read_text().splitlines()
    assert "ARG REQUIREMENTS=requirements.txt\nCOPY ${REQUIREMENTS} ./" in (ROOT / "Dockerfile").read_text()


@pytest.mark.program
@pytest.mark.skipif(shutil.which("docker-compose") is None, reason="docker-compose is NOT installed")
def test_docker_compose__accepts_the_file() -> None:
    command = ("docker-compose", "--file", str(FILE), "config", "--quiet")
    environ = {"PATH": os.environ["PATH"]}
    done = subprocess.run(command, env={**environ, **VARIABLES}, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    done = subprocess.run(command, env=environ, check=False, capture_output=True, text=True)
    assert done.returncode != 0
    assert "DATABASE_PASSWORD" in done.stderr + done.stdout
