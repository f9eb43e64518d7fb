"""The site under gunicorn, and ports and requests for a server under test."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    """A port that no process listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def status(host: str, port: int, path: str) -> int:
    """The status of a GET request on a new connection; 0 if the connection was closed without a response."""
    with closing(HTTPConnection(host, port, timeout=20)) as connection:
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
        except (OSError, HTTPException):
            return 0
        return answer.status


class Site:
    """The site under gunicorn, in separate processes."""

    def __init__(self, port: int, process: subprocess.Popen[bytes]) -> None:
        self.port, self.process = port, process

    def status(self, path: str) -> int:
        """The status of a request on a new connection; 0 if the connection was closed without a response."""
        return status("127.0.0.1", self.port, path)

    def workers(self) -> list[int]:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(child) for child in children.read_text().split()]


@contextmanager
def gunicorn(env: Mapping[str, str], *arguments: str, stderr: Any = None) -> Iterator[Site]:
    """The site with its own configuration, on a listener of this process that gunicorn inherits.

    No other process can take the port, and a connection waits until gunicorn accepts it.
    """
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listener:
        bind = f"fd://{listener.fileno()}"
        command = [sys.executable, "-m", "gunicorn", "kvsite.wsgi", "--bind", bind, "--log-level", "error", *arguments]
        process = subprocess.Popen(
            command, env={**os.environ, **env}, cwd=ROOT, pass_fds=[listener.fileno()], stdout=stderr, stderr=stderr
        )
        port = listener.getsockname()[1]
    with process:
        try:
            yield Site(port, process)
        finally:
            process.terminate()
