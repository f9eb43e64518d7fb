"""Threads, sockets and processes before, during and after 1,000 readings for which Azure does not respond in time.

Run: python -m benchmarks.deadlines
"""

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from localazure import Fault, FaultInjection, LocalAzure

READINGS = 1_000
CONCURRENCY = 64
DEADLINE_S = 1.0
FAULTS = {
    "vault responds byte by byte": ("app-service", "keyvault", FaultInjection(fault=Fault.DRIP)),
    "vault does not respond": ("app-service", "keyvault", FaultInjection(fault=Fault.SILENCE)),
    "token endpoint byte by byte": ("app-service", "app-service", FaultInjection(fault=Fault.DRIP)),
    "az script does not end": ("laptop", "arm", FaultInjection()),
}
HANGING_AZ = "#!/bin/sh\nsleep 600\n"
"""The shell waits for its child process: ending only the script would leave `sleep` running."""


def main() -> None:
    print(
        f"{READINGS} readings per fault, {CONCURRENCY} at a time, deadline {DEADLINE_S:g} s; before / peak / 1 s after"
    )
    for name, (scenario, service, fault) in FAULTS.items():
        with LocalAzure(scenario, faults={service: fault}) as azure, tempfile.TemporaryDirectory() as folder:
            env = dict(azure.env)
            if scenario == "laptop":
                (Path(folder) / "az").write_text(HANGING_AZ)
                (Path(folder) / "az").chmod(0o755)
                env["PATH"] = f"{folder}{os.pathsep}{env['PATH']}"
            command = [sys.executable, "-m", "benchmarks.deadlines", "measure"]
            completed = subprocess.run(command, env=env, check=True, stdout=subprocess.PIPE, text=True)
        print(f"{name:<30} {completed.stdout.strip()}")


def measure() -> str:
    """The figures for one fault, measured in a separate process."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kvsite.settings")
    import django

    django.setup()
    import logging

    logging.disable(logging.CRITICAL)
    from secrets_app import conf, keyvault
    from secrets_app.conf.request import secret_request

    config = replace(conf.current(), deadline_s=DEADLINE_S, result_life_s=0)
    times: list[float] = []

    def read(number: int) -> None:
        start = time.perf_counter()
        reading = keyvault.read(secret_request(replace(config, secret_name=f"demo-{number}")))
        times.append(time.perf_counter() - start)
        assert reading.failure, reading

    before, highest, ended = _counts(), [0, 0, 0], threading.Event()
    recorder = threading.Thread(target=_record_highest, args=(highest, ended), daemon=True)
    recorder.start()
    with ThreadPoolExecutor(CONCURRENCY) as pool:
        list(pool.map(read, range(READINGS)))
    ended.set()
    recorder.join()
    time.sleep(1)
    rows = zip(("threads", "sockets", "processes"), before, highest, _counts(), strict=True)
    slowest = f"slowest response {max(times):.2f} s"
    return "   ".join([*(f"{name} {first}/{peak}/{last}" for name, first, peak, last in rows), slowest])


def _record_highest(highest: list[int], ended: threading.Event) -> None:
    while not ended.wait(0.05):
        highest[:] = [max(old, new) for old, new in zip(highest, _counts(), strict=True)]


def _counts() -> tuple[int, int, int]:
    """Threads and sockets of this process, and the processes started in this scenario."""
    return threading.active_count(), _count(Path("/proc/self/fd"), _is_socket), _count(Path("/proc"), _is_in_scenario)


def _count(folder: Path, counts: Callable[[Path], bool]) -> int:
    return sum(map(counts, folder.iterdir()))


def _is_socket(descriptor: Path) -> bool:
    try:
        return str(descriptor.readlink()).startswith("socket:")
    except OSError:
        return False


def _is_in_scenario(process: Path) -> bool:
    """Whether the process inherited this scenario's HOME: also processes that az started, in any session."""
    try:
        return process.name.isdigit() and os.environ["HOME"].encode() in (process / "environ").read_bytes()
    except OSError:
        return False


if __name__ == "__main__":
    if sys.argv[1:] == ["measure"]:
        print(measure())
    else:
        main()
