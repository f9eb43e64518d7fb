"""Threads, connections and children of a worker, within the limits of the system on open files and processes."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from secrets_app.azure_client.process import MAX_TOOLS, PROCESSES_PER_TOOL

try:
    import resource
except ImportError:  # Windows: gunicorn does not run there either
    resource = None  # type: ignore[assignment]

MAX_CONNECTIONS = 1000
MIN_THREADS = 8
_FILES = 80
"""Open files of a worker without requests: libraries, sockets, log, tools and the doctor's checks."""
_FILES_PER_THREAD = 3
"""A thread's connection, and those of its reading to the token endpoint and the vault."""
_OTHER_THREADS = 100
"""Readings past their deadline, the doctor's checks, probes, and two threads for each tool's output."""
MIN_TOOLS = 2
"""Developer tools (az, PowerShell, azd) that run at a time: one for the site's own reading."""
_MAX_OPEN_FILES = 4096
"""The soft limit is not raised further: some programs that az starts close every possible descriptor."""
_CGROUPS = (Path("/sys/fs/cgroup"), Path("/sys/fs/cgroup/pids"))
"""Version 2 and version 1."""


class Budget(NamedTuple):
    """What one worker may use."""

    threads: int
    connections: int
    warning: str = ""
    """Why there are fewer threads than the settings say, or fewer tools; empty if there are not."""
    tools: int = MAX_TOOLS
    """Children: developer tools at a time, each with the processes and threads that it starts."""


class TooSmallError(ValueError):
    """A limit does not allow the site to run; the message says how to raise it."""


def worker_budget(threads: int, *, open_files: float, processes: float) -> Budget:
    """The budget for `threads` of the settings, with limits of one worker. Raises TooSmallError.

    `open_files` and `processes` (which the system counts with threads) may be infinite.
    """
    by_limit = {
        _FILES_LIMIT: ((open_files - _FILES - MIN_THREADS) / _FILES_PER_THREAD, open_files),
        _PROCESSES_LIMIT: (processes - _OTHER_THREADS - MIN_TOOLS * PROCESSES_PER_TOOL, processes),
    }
    name, (allowed, limit) = min(by_limit.items(), key=lambda entry: entry[1][0])
    if allowed < MIN_THREADS:
        raise TooSmallError(
            f"The limit on {name} is {limit:g} for each worker. That is too small for this site: raise it to "
            f"{_needed(name, threads)} or more."
        )
    chosen = threads if allowed >= threads else math.floor(allowed)
    connections = min(MAX_CONNECTIONS, open_files - _FILES - 2 * chosen)
    tools = math.floor(min(MAX_TOOLS, (processes - _OTHER_THREADS - chosen) / PROCESSES_PER_TOOL))
    fewer = []
    if chosen < threads:
        fewer.append(f"handles {chosen} requests at a time instead of {threads} (KVSITE_THREADS)")
    if tools < MAX_TOOLS:
        fewer.append(f"runs {tools} developer tools (az, PowerShell, azd) at a time instead of {MAX_TOOLS}")
        name, limit = (name, limit) if chosen < threads else (_PROCESSES_LIMIT, processes)
    warning = ""
    if fewer:
        warning = (
            f"The limit on {name} is {limit:g} for each worker, so each worker {' and '.join(fewer)}. "
            f"Raise the limit to {_needed(name, threads)} or more."
        )
    return Budget(chosen, math.floor(connections), warning, tools)


_FILES_LIMIT = "open files (ulimit -n)"
_PROCESSES_LIMIT = "processes (ulimit -u, or pids.max of the container)"


def _needed(name: str, threads: int) -> int:
    if name == _FILES_LIMIT:
        return _FILES + MIN_THREADS + _FILES_PER_THREAD * max(threads, MIN_THREADS)
    return _OTHER_THREADS + max(threads, MIN_THREADS) + MAX_TOOLS * PROCESSES_PER_TOOL


def system_budget(threads: int, workers: int, warn: Callable[[str], None]) -> Budget:
    """The budget on this machine, after raising the soft limit on open files if that is allowed. Raises TooSmallError.

    `warn` gets a sentence if a limit reduces the number of threads or tools.
    """
    if resource is None:
        return Budget(threads, MAX_CONNECTIONS)
    open_files = _raise_open_files(_FILES + 2 * threads + MAX_CONNECTIONS)
    budget = worker_budget(threads, open_files=open_files, processes=_process_limit() / workers)
    if budget.warning:
        warn(budget.warning)
    return budget


def _raise_open_files(wanted: int) -> float:
    soft, hard = (math.inf if limit == resource.RLIM_INFINITY else limit for limit in _open_files())
    if soft < wanted and soft < hard:
        raised = min(max(wanted, _MAX_OPEN_FILES), hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (int(raised), _open_files()[1]))
        return raised
    return soft


def _open_files() -> tuple[int, int]:
    return resource.getrlimit(resource.RLIMIT_NOFILE)


def _process_limit() -> float:
    """The smaller of the user's limit and what is left of the container's.

    https://docs.kernel.org/admin-guide/cgroup-v2.html#pid
    """
    soft = resource.getrlimit(resource.RLIMIT_NPROC)[0]
    return min(math.inf if soft == resource.RLIM_INFINITY else soft, *map(_left_in, _CGROUPS))


def _left_in(cgroup: Path) -> float:
    """The processes that may still start in this control group; infinite without a limit."""
    try:
        limit, used = ((cgroup / name).read_text().strip() for name in ("pids.max", "pids.current"))
    except OSError:
        return math.inf
    return float(limit) - float(used) if limit.isdigit() else math.inf
