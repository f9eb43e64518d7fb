"""Threads, sockets and child processes that are left in this process."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

_OF_THE_RUN = ("playwright", "chrom", "localazure demo")
"""Children of this process that the whole run shares: the browser, and the demo it looks at."""


def leftovers() -> list[str]:
    """The reading threads that still run, and the processes they started."""
    threads = [thread.name for thread in threading.enumerate() if thread.name in {"reading", "principal", "renewal"}]
    return threads + [f"process {child}" for child in children() if not any(name in child for name in _OF_THE_RUN)]


def children() -> list[str]:
    """The command lines of this process's child processes."""
    return [_command(child) for task in Path("/proc/self/task").iterdir() for child in _of(task)]


def running(marker: str) -> list[str]:
    """The command lines of all processes on this machine that contain the marker."""
    lines = (_command(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit())
    return [line for line in lines if marker in line]


def is_running(process: int) -> bool:
    """Whether the process exists and is not a zombie."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except OSError:
        return False


def sockets() -> int:
    """How many sockets this process has open."""
    count = 0
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            count += str(descriptor.readlink()).startswith("socket:")
        except FileNotFoundError:  # the descriptor that lists this folder
            continue
    return count


def ends(state: Callable[[], bool], within_s: float = 20.0) -> bool:
    """Whether the condition becomes true within this time."""
    until = time.monotonic() + within_s
    while not state():
        if time.monotonic() > until:
            return False
        time.sleep(0.005)
    return True


def _of(task: Path) -> list[str]:
    try:
        return (task / "children").read_text().split()
    except OSError:  # the thread has ended in the meantime
        return []


def _command(process: str) -> str:
    try:
        return Path(f"/proc/{process}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""
