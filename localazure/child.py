"""One command run to its end, with the signals of this process passed on to it."""

import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from types import FrameType

SIGNAL_EXIT = 128
"""A shell reports a command ended by signal n as 128 + n."""


def run_to_end(command: Sequence[str], env: Mapping[str, str]) -> int:
    """The exit code of `command`. Raises OSError when it cannot be started."""
    process = subprocess.Popen(command, env=env)
    try:
        _pass_signals_to(process)
        code = process.wait()
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
    return code if code >= 0 else SIGNAL_EXIT - code


def _pass_signals_to(process: subprocess.Popen[bytes]) -> None:
    def pass_on(number: int, _frame: FrameType | None) -> None:
        # A terminal sends Ctrl-C to the whole group: the command has it already.
        if number != signal.SIGINT or not sys.stdin.isatty():
            process.send_signal(number)

    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), pass_on)
