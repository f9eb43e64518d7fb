"""Runs the site in gunicorn for a benchmark."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def running_site(env: Mapping[str, str], application: str = "kvsite.wsgi") -> Iterator["Site"]:
    """gunicorn with the site's gunicorn.conf.py: ready to respond within the block, terminated after it."""
    port = _free_port()
    command = [sys.executable, "-m", "gunicorn", application, "--bind", f"127.0.0.1:{port}", "--log-level", "error"]
    with subprocess.Popen(command, env=dict(env)) as process:
        try:
            _wait_for(port, process)
            yield Site(port, process.pid)
        finally:
            process.terminate()


class Site:
    """The port, the memory and the CPU time of a running gunicorn."""

    def __init__(self, port: int, pid: int) -> None:
        self.port = port
        self._pid = pid

    @property
    def worker_rss_mib(self) -> float:
        """Resident memory of its only worker, in MiB."""
        lines = (self._worker / "status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024

    @property
    def worker_cpu_s(self) -> float:
        """CPU time of its only worker since its start, in seconds, in user and kernel mode."""
        fields = (self._worker / "stat").read_text().rpartition(")")[2].split()  # from the third on
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def _worker(self) -> Path:
        (worker,) = Path(f"/proc/{self._pid}/task/{self._pid}/children").read_text().split()
        return Path(f"/proc/{worker}")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(400):
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
                connection.sendall(b"GET /healthz HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
                if connection.recv(1):
                    return
        except OSError:
            if process.poll() is not None:
                break
        time.sleep(0.05)
    raise SystemExit("The site did not start.")
