"""`manage.py principal` against a bare script that reads the same secret: whole processes, in alternating runs.

Both find compiled modules in a cache of their own, filled by runs that are not counted. CPU time is printed too: it
varies less than wall time on a busy machine.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from localazure import LocalAzure

RUNS = int(os.environ.get("RUNS", "15"))
SCENARIO = "app-service"
PROGRAMS = {
    "manage.py principal": [sys.executable, "manage.py", "principal"],
    "bare script": [sys.executable, "benchmarks/bare_script.py"],
}


class Times(NamedTuple):
    wall_s: float
    cpu_s: float


def main() -> None:
    with LocalAzure(SCENARIO) as azure, tempfile.TemporaryDirectory() as cache:
        compiled = {**azure.env, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": cache}
        runs = measure(compiled)
    command, bare = (Times(*map(statistics.median, zip(*runs[name], strict=True))) for name in PROGRAMS)
    print(f"{SCENARIO}; whole processes, medians of {RUNS} alternating runs; wall time (CPU time)")
    print(
        f"manage.py principal {command.wall_s:.2f} s ({command.cpu_s:.2f} s)   "
        f"bare script {bare.wall_s:.2f} s ({bare.cpu_s:.2f} s)   "
        f"command/bare {command.wall_s / bare.wall_s:.2f} ({command.cpu_s / bare.cpu_s:.2f})"
    )


def measure(env: Mapping[str, str]) -> dict[str, list[Times]]:
    """The times of every program, one run of each in turn. The first run of each fills the cache."""
    for command in PROGRAMS.values():
        run(command, env)
    runs: dict[str, list[Times]] = {name: [] for name in PROGRAMS}
    for _ in range(RUNS):
        for name, command in PROGRAMS.items():
            runs[name].append(run(command, env))
    return runs


def run(command: Sequence[str], env: Mapping[str, str]) -> Times:
    """Seconds from start to exit. Raises CalledProcessError if the secret is not read."""
    used, start = _cpu_of_children_s(), time.perf_counter()
    done = subprocess.run(command, env=dict(env), check=True, stdout=subprocess.PIPE, text=True)
    times = Times(time.perf_counter() - start, _cpu_of_children_s() - used)
    assert "was read." in done.stdout, done.stdout
    return times


def _cpu_of_children_s() -> float:
    used = os.times()
    return used.children_user + used.children_system


if __name__ == "__main__":
    main()
