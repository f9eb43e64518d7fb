"""Runs a command as a child process and forwards signals to it."""

import ctypes
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from types import FrameType

PR_SET_PDEATHSIG = 1
SIGNAL_EXIT_BASE = 128
"""Shells report a command that was terminated by signal n as 128 + n."""


def run_child(command: Sequence[str], env: Mapping[str, str]) -> int:
    """Run `command` and return its exit code. Raises OSError when it cannot be started."""
    process = subprocess.Popen(command, env=env, preexec_fn=_end_with_parent)
    try:
        _forward_signals(process)
        code = process.wait()
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
    return code if code >= 0 else SIGNAL_EXIT_BASE - code


def _prctl() -> Callable[..., int] | None:
    try:
        return ctypes.CDLL(None).prctl
    except (OSError, AttributeError, TypeError):  # not Linux
        return None


_PRCTL = _prctl()


def _end_with_parent() -> None:
    """On Linux, the command gets SIGTERM also when this process is killed and cannot forward a signal."""
    if _PRCTL is not None:
        _PRCTL(PR_SET_PDEATHSIG, signal.SIGTERM)


def _forward_signals(process: subprocess.Popen[bytes]) -> None:
    def forward(number: int, _frame: FrameType | None) -> None:
        # In a terminal, Ctrl-C is sent to the whole process group, so the command has already received it.
        if number != signal.SIGINT or not sys.stdin.isatty():
            process.send_signal(number)

    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), forward)
