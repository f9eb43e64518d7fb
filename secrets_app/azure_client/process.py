"""One run of a tool: no shell, a safe folder, a time limit, and nothing of it left behind."""

import atexit
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

_MAX_OUTPUT_BYTES = 256 * 1024
# A look at a tool sends nothing home and starts nothing that outlives it.
_QUIET_ENVIRONMENT = {
    "AZURE_CORE_COLLECT_TELEMETRY": "0",
    "AZURE_CORE_NO_COLOR": "1",
    "AZURE_CORE_ONLY_SHOW_ERRORS": "1",
    "POWERSHELL_TELEMETRY_OPTOUT": "1",
    "POWERSHELL_UPDATECHECK": "Off",
    "AZURE_DEV_COLLECT_TELEMETRY": "no",
    "AZD_SKIP_UPDATE_CHECK": "true",
}
_running: set[subprocess.Popen[bytes]] = set()


class ToolError(Exception):
    """The tool could not be started, or ended with an error; its text is a sentence's end: `did not start`."""


class ToolTimeoutError(ToolError):
    """The tool had not ended when its time was up; it and all it had started were ended."""


@dataclass(frozen=True, kw_only=True)
class CompletedTool:
    """How a tool ended; of each of its outputs 256 KiB at most. It may hold a token, so none of it is in a repr."""

    code: int
    output: str
    errors: str

    def __repr__(self) -> str:
        return f"Ended(code={self.code})"


def process_environment(**more: str) -> dict[str, str]:
    """This process's environment, with `more` for one tool alone."""
    return {**os.environ, **more}


def find(environ: Mapping[str, str], *names: str) -> str | None:
    """The full path of the first of these tools on PATH."""
    found = (shutil.which(name, path=environ.get("PATH", "")) for name in names)
    return next((path for path in found if path and Path(path).is_absolute()), None)


def run_for_output(command: list[str], environ: Mapping[str, str], limit_s: float) -> str:
    """What the tool prints on standard output, for a look at it. Raises ToolFailed and ToolTooSlow."""
    ended = run(command, {**environ, **_QUIET_ENVIRONMENT}, limit_s)
    if ended.code:
        raise ToolError(f"ended with exit code {ended.code}")
    return ended.output


def run(command: list[str], environ: Mapping[str, str], limit_s: float) -> CompletedTool:
    """Runs the tool to its end, or to that of the reading it runs for.

    Raises ToolFailed where it does not start, ToolTooSlow where it does not end, GivenUp where nobody waits for it.
    """
    current().check()
    try:
        # Files and not pipes: whoever inherits a pipe could hold it open, and us with it.
        with TemporaryFile() as output, TemporaryFile() as errors:
            code = _wait(_start(command, environ, output, errors), limit_s)
            return CompletedTool(code=code, output=_text(output), errors=_text(errors))
    except (OSError, ValueError) as error:
        raise ToolError("did not start") from error


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read(_MAX_OUTPUT_BYTES).decode("utf-8", "replace")


def _start(
    command: list[str], environ: Mapping[str, str], output: IO[bytes], errors: IO[bytes]
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        env=environ,
        cwd=environ.get("SystemRoot", "/") if os.name == "nt" else "/",
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=errors,
        start_new_session=os.name != "nt",
    )


def _wait(process: subprocess.Popen[bytes], limit_s: float) -> int:
    _running.add(process)
    try:
        with current().on_cancel(lambda: _kill(process)):
            code = process.wait(max(0.0, limit_s))
        current().check()
    except subprocess.TimeoutExpired as error:
        raise ToolTimeoutError("did not answer in time") from error
    else:
        return code
    finally:
        _kill(process)
        _running.discard(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Ends the tool with all it started: az is a script that starts Python. It may have ended, and they go on."""
    if os.name == "nt" and process.poll() is None:
        subprocess.run(
            ["taskkill", "/T", "/F", "/PID", str(process.pid)],
            check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
    elif os.name != "nt":
        with suppress(ProcessLookupError, PermissionError):  # nothing of it is left; macOS says it so
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@atexit.register
def _kill_all() -> None:
    """Ctrl-C ends us in the middle, and a tool in a session of its own does not hear it."""
    for process in tuple(_running):
        _kill(process)
