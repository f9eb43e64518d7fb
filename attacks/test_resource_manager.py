"""Answers of a hostile Azure Resource Manager to `fleet discover`: bounded, and one sentence without a token."""

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from attacks.conftest import Figure
from attacks.support.bodies import BODIES
from attacks.support.hostile_azure import HostileAzure
from attacks.support.site import ROOT
from localazure import LocalAzure

DEADLINE_S = 3.0
"""Instead of 30 s."""
# Its own peak: the operating system's account of a child begins with the memory of the process that started it.
PROGRAM = f"""
import atexit, os, pathlib, re, sys
status = pathlib.Path("/proc/self/status")
atexit.register(lambda: print("VmHWM", re.search(r"VmHWM:\\s+(\\d+) kB", status.read_text())[1]))
sys.argv = ["manage.py", "fleet", "discover", "--dry-run"]
import django
django.setup()
from django.core.management import execute_from_command_line
from fleet import discovery
discovery._DEADLINE_S = {DEADLINE_S:g}
execute_from_command_line(sys.argv)
"""

ANSWERS = (
    *("gzip of gzip, 1 GiB", "chunked without an end", "a length of 8 EiB"),
    *("headers without an end", "JSON, 100,000 levels", "the request in every field", "a redirect to another host"),
    *("null", "lists for strings", "half a character"),
)


@pytest.fixture(scope="module")
def hostile() -> Iterator[tuple[LocalAzure, HostileAzure]]:
    with LocalAzure("app-service") as azure, HostileAzure(azure, "management.azure.com", None) as hostile:
        yield azure, hostile


@pytest.mark.parametrize("body", ANSWERS)
def test_answer_to_discovery__is_bounded_and_one_sentence(
    hostile: tuple[LocalAzure, HostileAzure], body: str, figure: Figure
) -> None:
    azure, proxy = hostile
    proxy.answer = BODIES[body]()
    before, start = len(proxy.requests), time.monotonic()
    with tempfile.NamedTemporaryFile(prefix="attacks-") as file:
        variables = {**proxy.env, "DJANGO_SETTINGS_MODULE": "tests.settings"}
        pid = os.posix_spawn(
            sys.executable, [sys.executable, "-c", PROGRAM], {**variables, "PYTHONPATH": str(ROOT)},
            file_actions=[(os.POSIX_SPAWN_DUP2, file.fileno(), 1), (os.POSIX_SPAWN_DUP2, file.fileno(), 2)],
        )  # fmt: skip
        _, status = os.waitpid(pid, 0)
        output = Path(file.name).read_text(errors="replace")
    assert os.waitstatus_to_exitcode(status) in {0, 1, 2}, output
    assert len(proxy.requests) > before, output
    assert "Traceback" not in output
    assert not [token for token in azure.tokens if token.text in output]
    assert not any("evil.example" in request for request in proxy.requests)
    peak = int(output.rpartition("VmHWM ")[2]) / 1024
    figure("memory of `fleet discover`, any answer", peak, "MiB", at_most=150)
    figure(
        "`fleet discover` after its deadline, with its start", time.monotonic() - start - DEADLINE_S, "s", at_most=6.0
    )
