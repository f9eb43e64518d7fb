"""The budget of a worker: threads and connections within the limits on open files and processes."""

import math

import pytest

from kvsite.process_limits import MAX_CONNECTIONS, MIN_TOOLS, TooSmallError, worker_budget
from secrets_app.azure_client.process import MAX_TOOLS, PROCESSES_PER_TOOL

FILES_PER_READING = 2


@pytest.mark.parametrize("threads", [2, 8, 128, 512])
def test_no_limits__leave_the_settings_as_they_are(threads: int) -> None:
    assert worker_budget(threads, open_files=math.inf, processes=math.inf) == (
        *(threads, MAX_CONNECTIONS, "", MAX_TOOLS),
    )


@pytest.mark.parametrize("open_files", [112, 256, 512, 1024, 4096])
@pytest.mark.parametrize("threads", [2, 128, 512])
def test_budget__fits_into_the_open_files(open_files: int, threads: int) -> None:
    budget = worker_budget(threads, open_files=open_files, processes=math.inf)
    assert 2 <= budget.threads <= threads
    assert budget.connections > budget.threads
    assert budget.connections + FILES_PER_READING * budget.threads < open_files
    assert bool(budget.warning) == (budget.threads < threads)


def test_reduced_threads__are_explained() -> None:
    files = worker_budget(128, open_files=256, processes=math.inf)
    assert "open files (ulimit -n) is 256 for each worker" in files.warning
    assert f"handles {files.threads} requests at a time instead of 128 (KVSITE_THREADS)" in files.warning
    assert "Raise the limit to 472 or more." in files.warning
    assert worker_budget(128, open_files=472, processes=math.inf).warning == ""
    processes = worker_budget(128, open_files=math.inf, processes=200)
    assert "processes (ulimit -u, or pids.max of the container) is 200" in processes.warning
    assert processes.threads == 84
    assert processes.tools == MIN_TOOLS


def test_reduced_children__are_explained() -> None:
    budget = worker_budget(128, open_files=math.inf, processes=300)
    assert (budget.threads, budget.tools) == (128, 9)
    assert "is 300 for each worker, so each worker runs 9 developer tools (az, PowerShell, azd)" in budget.warning
    assert "Raise the limit to 356 or more." in budget.warning
    assert worker_budget(128, open_files=math.inf, processes=356).warning == ""


@pytest.mark.parametrize("processes", [124, 200, 300, 512, 4096])
@pytest.mark.parametrize("threads", [8, 128, 512])
def test_budget__fits_into_the_processes(processes: int, threads: int) -> None:
    budget = worker_budget(threads, open_files=math.inf, processes=processes)
    assert MIN_TOOLS <= budget.tools <= MAX_TOOLS
    assert budget.threads + budget.tools * PROCESSES_PER_TOOL < processes
    assert bool(budget.warning) == (budget.threads < threads or budget.tools < MAX_TOOLS)


@pytest.mark.parametrize(("limits", "name"), [((64, math.inf), "ulimit -n"), ((math.inf, 100), "pids.max")])
def test_too_small_limit__is_one_sentence(limits: tuple[float, float], name: str) -> None:
    with pytest.raises(TooSmallError, match=name):
        worker_budget(128, open_files=limits[0], processes=limits[1])
