"""A hostile az: floods, hangs, detaches, prints what it got. Memory, processes and response times stay bounded."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path

import pytest

from attacks.conftest import Figure
from attacks.support.site import Site, running_site, wait_for
from localazure import LocalAzure
from secrets_app.azure_client.process import MAX_TOOLS
from tests.support.leak_checks import running

DEADLINE_S = 1.0
TOOLS = {
    "floods both outputs": "yes {0} & yes {0} >&2",
    "hangs": "exec sleep 60",
    "ignores SIGTERM": "trap '' TERM HUP INT; while :; do sleep 1; done",
    "detaches and hangs": "setsid sh -c 'setsid sh -c \"sleep 60; : {0}\" & sleep 60; : {0}' & sleep 60",
    "forks without an end": "i=0; while [ $i -lt 200 ]; do (sleep 60; : {0}) & i=$((i + 1)); done; sleep 60",
    "prints its environment": "env; env >&2; exit 1",
    "prints a deep document": "head -c 200000 /dev/zero | tr '\\\\0' '['",
    "prints no text": "head -c 200000 /dev/urandom",
}


class HostileAz:
    """A site, and the az that it runs."""

    def __init__(self, site: Site, path: Path) -> None:
        self.site, self.path = site, path
        self.marker = f"attack-{path.parent.name}-{os.getpid()}"
        """In the command line of the processes that az starts."""

    def write(self, script: str) -> None:
        """Replace az."""
        self.path.write_text(f"#!/bin/sh\n{script.format(self.marker)}\n")
        self.path.chmod(0o755)

    def processes(self) -> list[str]:
        return running(self.marker) + running(str(self.path))


@contextmanager
def running_site_with_az(folder: Path) -> Iterator[HostileAz]:
    settings = {"KVSITE_CREDENTIAL": "AzureCliCredential", "KVSITE_DEADLINE_S": f"{DEADLINE_S:g}"}
    with LocalAzure("laptop") as azure:
        variables = {**azure.env, "PATH": f"{folder}:/usr/bin:/bin", "KVSITE_RESULT_LIFE_S": "0", **settings}
        with running_site({**variables, "KVSITE_PASSPHRASE": "never-to-be-seen-0123456789"}) as site:
            yield HostileAz(site, folder / "az")


@pytest.fixture(scope="module")
def az(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostileAz]:
    with running_site_with_az(tmp_path_factory.mktemp("az")) as az:
        yield az


@pytest.mark.parametrize("tool", TOOLS)
def test_hostile_az__is_ended_with_everything_it_started(az: HostileAz, tool: str, figure: Figure) -> None:
    az.write(TOOLS[tool])
    az.site.reset_peak()
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: az.site.get("/api/reading"), range(20)))
    assert {answer.status for answer in answers} == {200}
    assert not any(b"never-to-be-seen" in answer.body for answer in answers)
    figure("response after the deadline, any az", max(a.elapsed_s for a in answers) - DEADLINE_S, "s", at_most=0.6)
    figure("memory of a worker, any az", az.site.memory_mib(peak=True), "MiB", at_most=150)
    assert wait_for(lambda: not az.processes())
    assert "never-to-be-seen" not in az.site.log()
    assert "Traceback" not in az.site.log()


def test_many_visitors__start_a_bounded_number_of_tools(az: HostileAz, figure: Figure) -> None:
    """Each identity that a visitor names is a credential of its own."""
    az.write(TOOLS["hangs"])
    with ThreadPoolExecutor(60) as pool:
        paths = ["", "identities/", "environment/", *(f"secret/?name=x{number}" for number in range(12))] * 4
        pages = [pool.submit(az.site.get, f"/{path}") for path in paths]
        most = 0
        while wait(pages, timeout=0.05).not_done:
            most = max(most, sum("supervisor.py" in line for line in running(str(az.path))))
        assert {page.result().status for page in pages} <= {200, 429, 503}
    figure("tools at a time, and those that start or end", most, at_most=MAX_TOOLS + 4)
    assert wait_for(lambda: not az.processes())


def test_kill_9_of_gunicorn_and_its_worker__ends_the_tool(tmp_path: Path) -> None:
    with running_site_with_az(tmp_path) as az, ThreadPoolExecutor(1) as pool:
        az.write(TOOLS["detaches and hangs"])
        pool.submit(az.site.get, "/api/reading")
        assert wait_for(lambda: bool(running(az.marker)))
        for process in (az.site.process.pid, *az.site.workers()):
            os.kill(process, signal.SIGKILL)
        assert wait_for(lambda: not running(az.marker))
