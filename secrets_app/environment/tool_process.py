"""One run of a tool: no shell, a safe folder, a time limit, and nothing of it left behind."""

import atexit
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

_LONGEST_OUTPUT = 256 * 1024
# A look at a tool sends nothing home and starts nothing that outlives it.
_QUIET = {
    "AZURE_CORE_COLLECT_TELEMETRY": "0",
    "AZURE_CORE_NO_COLOR": "1",
    "AZURE_CORE_ONLY_SHOW_ERRORS": "1",
    "POWERSHELL_TELEMETRY_OPTOUT": "1",
    "POWERSHELL_UPDATECHECK": "Off",
    "AZURE_DEV_COLLECT_TELEMETRY": "no",
    "AZD_SKIP_UPDATE_CHECK": "true",
}
_running: set[subprocess.Popen[bytes]] = set()


class ToolFailed(Exception):  # noqa: N818 - the tool's failure, told as a finding
    """The tool could not be started, or ended with an error; its text is a sentence's end: `did not start`."""


class ToolTooSlow(ToolFailed):
    """The tool had not ended when its time was up; it and all it had started were ended."""


def find(environ: Mapping[str, str], *names: str) -> str | None:
    """The full path of the first of these tools on PATH."""
    found = (shutil.which(name, path=environ.get("PATH", "")) for name in names)
    return next((path for path in found if path and Path(path).is_absolute()), None)


def output_of(command: list[str], environ: Mapping[str, str], limit_s: float) -> str:
    """What the tool prints on standard output, 256 KiB at most. Raises ToolFailed and ToolTooSlow."""
    try:
        # A file and not a pipe: whoever inherits a pipe could hold it open, and us with it.
        with TemporaryFile() as output:
            _wait(_started(command, environ, output), limit_s)
            output.seek(0)
            return output.read(_LONGEST_OUTPUT).decode("utf-8", "replace")
    except (OSError, ValueError) as error:
        raise ToolFailed("did not start") from error


def _started(command: list[str], environ: Mapping[str, str], output: IO[bytes]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        env={**environ, **_QUIET},
        cwd=environ.get("SystemRoot", "/") if os.name == "nt" else "/",
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.DEVNULL,
        start_new_session=os.name != "nt",
    )


def _wait(process: subprocess.Popen[bytes], limit_s: float) -> None:
    _running.add(process)
    try:
        code = process.wait(max(0.0, limit_s))
    except subprocess.TimeoutExpired as error:
        _end(process)
        raise ToolTooSlow("did not answer in time") from error
    finally:
        _running.discard(process)
    if code:
        raise ToolFailed(f"ended with exit code {code}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends the tool with all it started: az is a script that starts Python."""
    if os.name == "nt":
        subprocess.run(
            ["taskkill", "/T", "/F", "/PID", str(process.pid)],
            check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
    else:
        with suppress(ProcessLookupError):  # it ended in this very moment
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@atexit.register
def _end_all() -> None:
    """Ctrl-C ends us in the middle, and a tool in a session of its own does not hear it."""
    for process in tuple(_running):
        _end(process)
