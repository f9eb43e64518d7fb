"""Runs a command-line tool: no shell, a safe working directory, a time limit, no processes left behind."""

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from secrets_app.azure_client.cancellation import current
from secrets_app.core.runtime import shared

_MAX_OUTPUT_BYTES = 256 * 1024
# Checking a tool sends no telemetry and starts no background process.
_QUIET_ENVIRONMENT = {
    "AZURE_CORE_COLLECT_TELEMETRY": "0",
    "AZURE_CORE_NO_COLOR": "1",
    "AZURE_CORE_ONLY_SHOW_ERRORS": "1",
    "POWERSHELL_TELEMETRY_OPTOUT": "1",
    "POWERSHELL_UPDATECHECK": "Off",
    "AZURE_DEV_COLLECT_TELEMETRY": "no",
    "AZD_SKIP_UPDATE_CHECK": "true",
}


class _Processes:
    """The tools that are running."""

    def __init__(self) -> None:
        self.running: set[subprocess.Popen[bytes]] = set()

    def close(self) -> None:
        """End them at exit: Ctrl-C does not reach a tool that runs in its own session."""
        for process in tuple(self.running):
            _kill(process)


class ToolError(Exception):
    """The tool did not start, or ended with an error. The message is a predicate: `did not start`."""


class ToolTimeoutError(ToolError):
    """The tool exceeded its time limit; it and all processes it started were ended."""


@dataclass(frozen=True, kw_only=True)
class CompletedTool:
    """The result of a tool; each output is limited to 256 KiB. It may contain a token, so the repr omits it."""

    exit_code: int
    stdout: str
    stderr: str

    def __repr__(self) -> str:
        return f"CompletedTool(exit_code={self.exit_code})"


def process_environment(**overrides: str) -> dict[str, str]:
    """This process's environment variables, with `overrides` for one tool."""
    return {**os.environ, **overrides}


def find(environ: Mapping[str, str], *names: str) -> str | None:
    """The full path of the first of these tools on PATH; None if there is none."""
    paths = (shutil.which(name, path=environ.get("PATH", "")) for name in names)
    return next((path for path in paths if path and Path(path).is_absolute()), None)


def run_for_output(command: list[str], environ: Mapping[str, str], timeout_s: float) -> str:
    """The tool's standard output, without telemetry. Raises ToolError and ToolTimeoutError."""
    completed = run(command, {**environ, **_QUIET_ENVIRONMENT}, timeout_s)
    if completed.exit_code:
        raise ToolError(f"ended with exit code {completed.exit_code}")
    return completed.stdout


def run(command: list[str], environ: Mapping[str, str], timeout_s: float) -> CompletedTool:
    """Run the tool until it ends, or until its reading is cancelled.

    Raises ToolError if it does not start, ToolTimeoutError if it does not end in time, Cancelled if it is cancelled.
    """
    current().check()
    try:
        # Files, not pipes: a child process that inherits a pipe could keep it open and block this one.
        with TemporaryFile() as stdout, TemporaryFile() as stderr:
            exit_code = _wait(_start(command, environ, stdout, stderr), timeout_s)
            return CompletedTool(exit_code=exit_code, stdout=_text(stdout), stderr=_text(stderr))
    except (OSError, ValueError) as error:
        raise ToolError("did not start") from error


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read(_MAX_OUTPUT_BYTES).decode("utf-8", "replace")


def _start(
    command: list[str], environ: Mapping[str, str], stdout: IO[bytes], stderr: IO[bytes]
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        env=environ,
        cwd=environ.get("SystemRoot", "/") if os.name == "nt" else "/",
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        start_new_session=os.name != "nt",
    )


def _wait(process: subprocess.Popen[bytes], timeout_s: float) -> int:
    running = shared(_Processes).running
    running.add(process)
    try:
        with current().on_cancel(lambda: _kill(process)):
            exit_code = process.wait(max(0.0, timeout_s))
        current().check()
    except subprocess.TimeoutExpired as error:
        raise ToolTimeoutError("did not respond in time") from error
    else:
        return exit_code
    finally:
        _kill(process)
        running.discard(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the tool and all processes it started, even if it has ended: az is a script that starts Python."""
    if os.name == "nt" and process.poll() is None:
        subprocess.run(
            ["taskkill", "/T", "/F", "/PID", str(process.pid)],
            check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
    elif os.name != "nt":
        with suppress(ProcessLookupError, PermissionError):  # no process is left; macOS reports PermissionError
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
