"""The site under gunicorn in processes of its own, and requests to it, well-formed or not."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[2]
HOST = "127.0.0.1"
START_S = 30.0


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A response; `status` is 0 if the connection ended without one."""

    status: int
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes
    elapsed_s: float


NO_ANSWER = 0


class Site:
    """A running site."""

    def __init__(self, port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self.port, self.process, self._log = port, process, log

    def get(self, path: str, headers: Mapping[str, str] | None = None, *, timeout_s: float = 30.0) -> Answer:
        return self.request("GET", path, b"", headers, timeout_s=timeout_s)

    def post(
        self, path: str, body: bytes, headers: Mapping[str, str] | None = None, *, timeout_s: float = 30.0
    ) -> Answer:
        return self.request("POST", path, body, headers, timeout_s=timeout_s)

    def request(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str] | None = None, *, timeout_s: float = 30.0
    ) -> Answer:
        """The response to one request on a new connection."""
        start, connection = time.monotonic(), HTTPConnection(HOST, self.port, timeout=timeout_s)
        try:
            connection.connect()
            with suppress(ConnectionError):  # the site may answer and close before it has received the body
                connection.request(method, path, body or None, dict(headers or {}))
            response = connection.getresponse()
            names = {name.lower(): value for name, value in response.getheaders()}
            status, content = response.status, response.read()
        except (OSError, HTTPException):
            status, names, content = NO_ANSWER, {}, b""
        finally:
            connection.close()
        return Answer(status=status, headers=names, body=content, elapsed_s=time.monotonic() - start)

    def raw(self, sent: bytes, *, timeout_s: float = 10.0) -> bytes:
        """Everything that the site returns to these bytes until it closes the connection or the time is over."""
        received, until = b"", time.monotonic() + timeout_s
        with self.connect() as connection, suppress(OSError):
            connection.settimeout(timeout_s)
            connection.sendall(sent)
            while (remaining_s := until - time.monotonic()) > 0:
                connection.settimeout(remaining_s)
                chunk = connection.recv(65536)
                if not chunk:
                    break
                received += chunk
        return received

    def connect(self, *, receive_buffer: int | None = None) -> socket.socket:
        """A new connection; a small `receive_buffer` (bytes) is that of a client that does not read."""
        connection = socket.socket()
        if receive_buffer:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        connection.settimeout(30)
        connection.connect((HOST, self.port))
        return connection

    def workers(self) -> list[int]:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(child) for child in children.read_text().split()]

    def memory_mib(self, *, peak: bool = False) -> float:
        """Resident memory of the largest worker, now or at its peak since `reset_peak`."""
        name = "VmHWM" if peak else "VmRSS"
        return max(self._status(worker, name) for worker in self.workers()) / 1024

    def reset_peak(self) -> None:
        """Start a new measurement of the peak. https://man7.org/linux/man-pages/man5/proc_pid_clear_refs.5.html"""
        for worker in self.workers():
            Path(f"/proc/{worker}/clear_refs").write_text("5")

    def threads(self) -> int:
        return sum(self._status(worker, "Threads") for worker in self.workers())

    def descriptors(self) -> int:
        return sum(len(os.listdir(f"/proc/{worker}/fd")) for worker in self.workers())  # noqa: PTH208 - names only

    def log(self) -> str:
        """What gunicorn and the site have logged."""
        return self._log.read_text(errors="replace")

    @staticmethod
    def _status(process: int, name: str) -> int:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


@contextmanager
def running_site(
    env: Mapping[str, str],
    *arguments: str,
    prefix: Sequence[str] = (),
    folder: Path = ROOT,
    log: IO[str] | None = None,
    starts: bool = True,
) -> Iterator[Site]:
    """gunicorn with the site's gunicorn.conf.py. `prefix`: a command that runs it, such as `prlimit --nofile=64`.

    `folder`: another copy of the project. `log`: another file for the log. With `starts=False` the block gets the site
    without waiting until it responds.
    """
    port = free_port()
    settings = {**env, "DJANGO_SETTINGS_MODULE": "kvsite.settings"}  # pytest's are for tests without a server
    command = [*prefix, sys.executable, "-m", "gunicorn", "kvsite.wsgi", "--bind", f"{HOST}:{port}", *arguments]
    with (
        tempfile.NamedTemporaryFile(prefix="attacks-", suffix=".log") as file,
        subprocess.Popen(command, env=settings, cwd=folder, stdout=log or file, stderr=log or file) as process,
    ):
        site = Site(port, process, Path(file.name))
        try:
            if starts and not wait_for(lambda: site.get("/healthz").status == 200, within_s=START_S):
                raise AssertionError(f"The site did not start:\n{site.log()}")
            yield site
        finally:
            _stop(site)


def _stop(site: Site) -> None:
    """End gunicorn without waiting for requests in progress: their clients are attackers."""
    with suppress(OSError):
        workers = site.workers()
        site.process.kill()
        for worker in workers:
            os.kill(worker, signal.SIGKILL)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        port: int = listener.getsockname()[1]
        return port


def wait_for(state: Callable[[], bool], *, within_s: float = 20.0) -> bool:
    """Whether the condition, a function without arguments, becomes true within this time."""
    until = time.monotonic() + within_s
    while not state():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True
