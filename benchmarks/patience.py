"""What 1,000 readings that Azure keeps waiting leave behind: threads, sockets and processes, before, during and after.

Run: python -m benchmarks.patience
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
AT_ONCE = 64
DEADLINE_S = 1.0
WAITS_FOR = {
    "a vault that drips": ("app-service", "keyvault", FaultInjection(fault=Fault.DRIP)),
    "a vault that is silent": ("app-service", "keyvault", FaultInjection(fault=Fault.SILENCE)),
    "a token service that drips": ("app-service", "app-service", FaultInjection(fault=Fault.DRIP)),
    "az that hangs behind a script": ("laptop", "arm", FaultInjection()),
}
HANGS = "#!/bin/sh\nsleep 600\n"
"""The shell waits for its child: ending the script alone would leave the sleep behind."""


def main() -> None:
    print(f"{READINGS} readings of each kind, {AT_ONCE} at once, deadline {DEADLINE_S:g} s; before / most / 1 s after")
    for name, (scenario, service, trouble) in WAITS_FOR.items():
        with LocalAzure(scenario, faults={service: trouble}) as azure, tempfile.TemporaryDirectory() as folder:
            env = dict(azure.env)
            if scenario == "laptop":
                (Path(folder) / "az").write_text(HANGS)
                (Path(folder) / "az").chmod(0o755)
                env["PATH"] = f"{folder}{os.pathsep}{env['PATH']}"
            command = [sys.executable, "-m", "benchmarks.patience", "measure"]
            done = subprocess.run(command, env=env, check=True, stdout=subprocess.PIPE, text=True)
        print(f"{name:<30} {done.stdout.strip()}")


def measure() -> str:
    """The figures of one kind, in a process of its own."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kvsite.settings")
    import django

    django.setup()
    import logging

    logging.disable(logging.CRITICAL)
    from secrets_app import conf, keyvault

    config = replace(conf.current(), deadline_s=DEADLINE_S, result_life_s=0)
    times: list[float] = []

    def read(number: int) -> None:
        start = time.perf_counter()
        reading = keyvault.read(replace(config, secret_name=f"demo-{number}"))
        times.append(time.perf_counter() - start)
        assert reading.failure, reading

    before, most, ended = _counts(), [0, 0, 0], threading.Event()
    watch = threading.Thread(target=_watch, args=(most, ended), daemon=True)
    watch.start()
    with ThreadPoolExecutor(AT_ONCE) as crowd:
        list(crowd.map(read, range(READINGS)))
    ended.set()
    watch.join()
    time.sleep(1)
    rows = zip(("threads", "sockets", "processes"), before, most, _counts(), strict=True)
    slowest = f"slowest answer {max(times):.2f} s"
    return "   ".join([*(f"{name} {was}/{top}/{now}" for name, was, top, now in rows), slowest])


def _watch(most: list[int], ended: threading.Event) -> None:
    while not ended.wait(0.05):
        most[:] = [max(old, new) for old, new in zip(most, _counts(), strict=True)]


def _counts() -> tuple[int, int, int]:
    """Threads and sockets of this process, and the processes of the session it runs in."""
    return threading.active_count(), _count(Path("/proc/self/fd"), _is_socket), _count(Path("/proc"), _is_ours)


def _count(folder: Path, counts: Callable[[Path], bool]) -> int:
    return sum(map(counts, folder.iterdir()))


def _is_socket(descriptor: Path) -> bool:
    try:
        return str(descriptor.readlink()).startswith("socket:")
    except OSError:
        return False


def _is_ours(process: Path) -> bool:
    """Whoever has the world's own home in its environment: what az started too, in whatever session."""
    try:
        return process.name.isdigit() and os.environ["HOME"].encode() in (process / "environ").read_bytes()
    except OSError:
        return False


if __name__ == "__main__":
    if sys.argv[1:] == ["measure"]:
        print(measure())
    else:
        main()
