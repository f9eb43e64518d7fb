"""Duration of the doctor: on a responsive machine, and with tools and a vault that do not respond."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from localazure import LocalAzure

RUNS = 20


def main() -> None:
    for scenario in ("app-service", "laptop"):
        with LocalAzure(scenario) as azure:
            first, *others = _measure(azure.env, RUNS)
        typical = statistics.median(others)
        print(f"{scenario:<12} responsive: first {first:.0f} ms, then {typical:.0f} ms (median of {len(others)})")
    with LocalAzure("vault-silent") as azure, tempfile.TemporaryDirectory() as folder:
        for name in ("az", "pwsh", "azd"):
            tool = Path(folder) / name
            tool.write_text("#!/bin/sh\nexec sleep 60\n")
            tool.chmod(0o700)
        path = os.pathsep.join([folder, "/usr/bin", "/bin"])
        (unresponsive,) = _measure({**azure.env, "PATH": path}, 1)
    print(f"{'vault-silent':<12} the vault, az, pwsh and azd do not respond: {unresponsive:.0f} ms")


def _measure(env: dict[str, str], runs: int) -> list[float]:
    """Milliseconds of each run; all runs share one separate process."""
    command = [sys.executable, "-m", "benchmarks.doctor", "measure", str(runs)]
    # A result life of 0: no run uses the result of an earlier one.
    completed = subprocess.run(
        command, env={**env, "KVSITE_RESULT_LIFE_S": "0"}, check=True, stdout=subprocess.PIPE, text=True
    )
    times: list[float] = json.loads(completed.stdout)
    return times


def measure(runs: int) -> list[float]:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kvsite.settings")
    import django

    django.setup()
    from secrets_app import conf
    from secrets_app.doctor.service import run_doctor

    times = []
    for _ in range(runs):
        start = time.perf_counter()
        run_doctor(conf.current())
        times.append((time.perf_counter() - start) * 1000)
    return times


if __name__ == "__main__":
    if sys.argv[1:2] == ["measure"]:
        print(json.dumps(measure(int(sys.argv[2]))))
    else:
        main()
