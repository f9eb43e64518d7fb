"""Runs one tool and ends it, with every process it started, when the site's process ends or closes the pipe.

A separate program: `process.py` starts it as `python -I -S supervisor.py COMMAND ...`. Its standard input is a pipe
whose other end only the site holds, so that even a SIGKILL of the site closes it. PR_SET_PDEATHSIG would follow the
site's thread instead of its process, and not reach the processes that a shell script such as az starts. On Linux it is
a subreaper:
https://man7.org/linux/man-pages/man2/PR_SET_CHILD_SUBREAPER.2const.html
"""

import contextlib
import os
import select
import signal
import sys

DID_NOT_START = 251
KILLED = 137
_PR_SET_CHILD_SUBREAPER = 36
_MAX_ROUNDS = 1000


def main(command: list[str]) -> int:
    """Run the command; returns its exit code."""
    wakeup, wakeup_writer = os.pipe()
    os.set_blocking(wakeup_writer, False)
    signal.set_wakeup_fd(wakeup_writer)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    _adopt_orphans()
    null = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)]
    defaults = [signal.SIGPIPE, signal.SIGXFSZ]  # Python ignores them
    try:
        tool = os.posix_spawn(command[0], command, os.environ, file_actions=null, setsid=True, setsigdef=defaults)
    except OSError:
        return DID_NOT_START
    # A pipe that the tool keeps open must not look open to the site after the tool has ended.
    status = _wait(tool, wakeup)
    _end_all(tool)
    return KILLED if status is None else os.waitstatus_to_exitcode(status) % 256


def _adopt_orphans() -> None:
    """Processes whose parent ended become children of this one, also those with a session of their own."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _wait(tool: int, wakeup: int) -> int | None:
    """The tool's status; None if the site ended or closed the pipe first."""
    while True:
        ready, _, _ = select.select([0, wakeup], [], [])
        if wakeup in ready:
            os.read(wakeup, 512)
            for pid, status in _reaped():
                if pid == tool:
                    return status
        if 0 in ready:
            return None


def _reaped() -> list[tuple[int, int]]:
    found = []
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            found.append(ended)
    return found


def _end_all(tool: int) -> None:
    """End the tool and its descendants: killing a process makes its children those of this one."""
    for _ in range(_MAX_ROUNDS):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(tool, signal.SIGKILL)
        children = _children()
        for child in children:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(child, signal.SIGKILL)
        try:
            os.waitpid(-1, 0 if children else os.WNOHANG)
        except ChildProcessError:
            return


def _children() -> list[int]:
    try:
        with open(f"/proc/self/task/{os.getpid()}/children") as file:  # noqa: PTH123 - pathlib takes 5 ms to import
            return [int(pid) for pid in file.read().split()]
    except OSError:
        return []


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
