"""Runs a command-line tool: no shell, a safe folder, limits for time and output, no processes left behind."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from secrets_app.azure_client import supervisor
from secrets_app.azure_client.cancellation import current
from secrets_app.azure_client.supervisor import DID_NOT_START
from secrets_app.core.runtime import shared

MAX_TOOLS = 16
"""Tools that run at a time; others wait, within their time limit. An az takes about 60 MiB."""
PROCESSES_PER_TOOL = 8
"""The supervisor, a shell, and the tool with its threads, which the system counts as processes."""
TOOLS_VARIABLE = "PRINCIPAL_USED_TOOLS"
"""Set by the server at its start if the system's limits allow fewer than MAX_TOOLS."""
_MAX_OUTPUT_BYTES = 256 * 1024
_CHUNK_BYTES = 64 * 1024
_SUPERVISOR = supervisor.__file__
_CANCEL_CHECK_S = 0.1
_SUPERVISOR_S = 1.0
"""How long the supervisor may take to end a tool."""
_OWN_SETTINGS = frozenset({"AZURESERVICESAUTHCONNECTIONSTRING", "SYSTEM_ACCESSTOKEN"})
"""In upper case: settings without this site's prefix that may contain a secret."""
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
        self.running: set[_RunningTool] = set()
        self.places = threading.BoundedSemaphore(int(os.environ.get(TOOLS_VARIABLE) or MAX_TOOLS))

    def close(self) -> None:
        """End them at exit: Ctrl-C does not reach a tool that runs in its own session."""
        for tool in tuple(self.running):
            tool.kill()


class ToolError(Exception):
    """The tool did not start, or ended with an error. The message is a predicate: `did not start`."""


class ToolTimeoutError(ToolError):
    """The tool exceeded its time limit; it and all processes it started were ended."""


@dataclass(frozen=True, kw_only=True)
class CompletedTool:
    """The result of a tool; each output has at most 256 KiB. It may contain a token, so the repr omits it."""

    exit_code: int
    stdout: str
    stderr: str

    def __repr__(self) -> str:
        return f"CompletedTool(exit_code={self.exit_code})"


def process_environment(**overrides: str) -> dict[str, str]:
    """This process's environment variables for one tool, with `overrides` and without this site's own settings."""
    return {**without_own_settings(os.environ), **overrides}


def without_own_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that a tool may have: this site's settings contain passphrases, keys and client secrets."""
    return {
        name: value
        for name, value in environ.items()
        if not name.upper().startswith("KVSITE_") and name.upper() not in _OWN_SETTINGS
    }


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
    until = time.monotonic() + timeout_s
    with _place(until):
        try:
            process = _start(command, without_own_settings(environ))
        except (OSError, ValueError) as error:
            raise ToolError("did not start") from error
        return _wait(_RunningTool(process), until - time.monotonic())


@contextmanager
def _place(until: float) -> Iterator[None]:
    """A place for one tool, free again after the block. Raises ToolTimeoutError and Cancelled."""
    places = shared(_Processes).places
    current().check()
    while not places.acquire(timeout=_CANCEL_CHECK_S):
        current().check()
        if time.monotonic() > until:
            raise ToolTimeoutError("did not start in time, because too many tools are running")
    try:
        yield
    finally:
        places.release()


def _start(command: list[str], environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
    is_supervised = _is_supervised()
    return subprocess.Popen(
        [sys.executable, "-I", "-S", _SUPERVISOR, *command] if is_supervised else command,
        env=environ,
        cwd=environ.get("SystemRoot", "/") if os.name == "nt" else "/",
        # The supervisor ends the tool when this end of its standard input is closed, also by the end of this process.
        stdin=subprocess.PIPE if is_supervised else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=os.name != "nt",
    )


def _is_supervised() -> bool:
    """Whether this is a Python that can run the supervisor: not on Windows, in a zip file or embedded in a server."""
    is_python = Path(sys.executable or "").name.startswith(("python", "pypy"))
    return os.name != "nt" and is_python and Path(_SUPERVISOR).is_file()


class _Output:
    """The beginning of one output of a tool, read by a thread. More than the limit ends the tool."""

    def __init__(self, pipe: IO[bytes], too_long: Callable[[], None]) -> None:
        self._pipe = pipe
        self._too_long = too_long
        self._chunks: list[bytes] = []
        self.is_too_long = False
        self.thread = threading.Thread(target=self._read, name="tool output", daemon=True)
        self.thread.start()

    def _read(self) -> None:
        size = 0
        with suppress(OSError, ValueError):  # closed
            while chunk := os.read(self._pipe.fileno(), _CHUNK_BYTES):
                size += len(chunk)
                if size > _MAX_OUTPUT_BYTES:
                    self.is_too_long = True
                    self._too_long()
                    return
                self._chunks.append(chunk)

    @property
    def text(self) -> str:
        return b"".join(self._chunks).decode("utf-8", "replace")


class _RunningTool:
    """A tool in progress, whose output is kept in memory."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout  # noqa: S101 - a pipe
        assert process.stderr  # noqa: S101
        self._process = process
        self._lock = threading.Lock()
        self._stdout, self._stderr = _Output(process.stdout, self.kill), _Output(process.stderr, self.kill)

    def wait(self, timeout_s: float) -> CompletedTool:
        """Raises TimeoutExpired, or ToolError if the tool did not start or its output is too long."""
        until = time.monotonic() + max(0.0, timeout_s)
        for output in (self._stdout, self._stderr):
            output.thread.join(max(0.0, until - time.monotonic()))
        exit_code = self._process.wait(max(0.0, until - time.monotonic()))
        if self._stdout.is_too_long or self._stderr.is_too_long:
            raise ToolError(f"printed more than {_MAX_OUTPUT_BYTES // 1024} KiB")
        if exit_code == DID_NOT_START and self._process.stdin:
            raise ToolError("did not start")
        return CompletedTool(exit_code=exit_code, stdout=self._stdout.text, stderr=self._stderr.text)

    def kill(self) -> None:
        """End the tool and all processes it started."""
        with self._lock:
            if self._process.stdin and not self._process.stdin.closed:
                self._process.stdin.close()
                with suppress(subprocess.TimeoutExpired):
                    self._process.wait(_SUPERVISOR_S)
            _kill(self._process)

    def close(self) -> None:
        """End what is left of it, and close its pipes."""
        self.kill()
        for output in (self._stdout, self._stderr):
            output.thread.join(_SUPERVISOR_S)
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe:
                pipe.close()


def _wait(tool: _RunningTool, timeout_s: float) -> CompletedTool:
    running = shared(_Processes).running
    running.add(tool)
    try:
        with current().on_cancel(tool.kill):
            completed = tool.wait(timeout_s)
        current().check()
    except subprocess.TimeoutExpired as error:
        raise ToolTimeoutError("did not respond in time") from error
    else:
        return completed
    finally:
        tool.close()
        running.discard(tool)


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
