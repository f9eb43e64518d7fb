"""Run a command on a real pseudo terminal: as a program, or in this process where no program is needed."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.command_line import exit_code

ROOT = Path(__file__).resolve().parents[2]
_ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


@dataclass
class Terminal:
    """A pseudo terminal of this width with a command on it, as its standard input, output and error."""

    command: Sequence[str]
    env: Mapping[str, str]
    width: int = 80
    shown: str = ""
    """Everything shown so far."""
    _fd: int = field(default=-1, init=False)

    def __enter__(self) -> "Terminal":
        self._fd, child = pty.openpty()
        fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 24, self.width, 0, 0))
        self.process = subprocess.Popen(
            list(self.command), cwd=ROOT, env=self._environment(), stdin=child, stdout=child, stderr=child,
            start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )  # fmt: skip
        os.close(child)
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        return self

    def _environment(self) -> dict[str, str]:
        """Without COLUMNS, which a shell does not export: it takes precedence over the terminal's size."""
        return {name: value for name, value in self.env.items() if name not in {"COLUMNS", "LINES"}}

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join(10)
        os.close(self._fd)

    def type(self, text: str) -> None:
        """Type this text; `\\x04` is Ctrl-D and `\\x03` Ctrl-C."""
        os.write(self._fd, text.encode())

    def wait_for(self, expected: str | Callable[[str], bool], within_s: float = 30.0) -> str:
        """What is shown once this text is, or this condition is true of it. Raises AssertionError if it never is."""
        found = expected if callable(expected) else lambda shown: expected in shown
        with self._changed:
            assert self._changed.wait_for(lambda: found(self.shown), within_s), self.shown
            return self.shown

    def end(self, within_s: float = 30.0) -> int:
        """The exit code, once the command has ended and all of its output is in `shown`."""
        code = self.process.wait(within_s)
        self._reader.join(within_s)
        return code

    def _read(self) -> None:
        with suppress(OSError):  # EIO: the command has ended
            while chunk := os.read(self._fd, 65536):
                with self._changed:
                    self.shown += chunk.decode(errors="replace").replace("\r\n", "\n")
                    self._changed.notify_all()


def shown_in_this_process(*arguments: str, width: int = 80) -> tuple[int, str]:
    """Exit code and output of a `manage.py` command whose standard output and error are a pseudo terminal."""
    shown, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    received: list[bytes] = []
    reader = threading.Thread(target=_receive, args=(shown, received))
    reader.start()
    with os.fdopen(child, "w", encoding="utf-8") as stream, pytest.MonkeyPatch.context() as patch:
        for name in ("stdout", "stderr", "__stdout__"):  # Python asks the last one for the width
            patch.setattr(sys, name, stream)
        code = exit_code(*arguments)
    reader.join()
    os.close(shown)
    return code, b"".join(received).decode().replace("\r\n", "\n")


def _receive(fd: int, received: list[bytes]) -> None:
    with suppress(OSError):  # EIO: the other side is closed
        while chunk := os.read(fd, 65536):
            received.append(chunk)


def without_colours(text: str) -> str:
    return _ESCAPE.sub("", text)
