"""gunicorn with the site's configuration: a stop waits for readings, and a killed worker affects no other request."""

import os
import runpy
import signal
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from localazure import LocalAzure
from tests.support.leak_checks import ends
from tests.support.serving import Site, gunicorn

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.program
def test_sigterm__lets_a_reading_in_progress_finish() -> None:
    statuses: list[int] = []
    with (
        LocalAzure("app-service", vault_latency_s=0.4) as azure,
        gunicorn({**azure.env, "KVSITE_THREADS": "4"}) as site,
    ):
        reader = threading.Thread(target=lambda: statuses.append(site.status("/readyz")))
        reader.start()
        assert ends(lambda: bool(azure.tokens))  # the vault has not responded yet
        site.process.send_signal(signal.SIGTERM)
        reader.join(30)
        assert statuses == [200]
        assert site.process.wait(30) == 0
        assert site.status("/healthz") == 0


@pytest.mark.program
def test_waiting_requests__leave_a_thread_for_the_probe() -> None:
    """If the probe gets no response, the platform restarts the site and every request in progress is lost."""
    statuses: list[int] = []
    with LocalAzure("vault-silent") as azure, gunicorn({**azure.env, "KVSITE_DEADLINE_S": "2"}) as site:
        crowd = [threading.Thread(target=lambda: statuses.append(site.status("/"))) for _ in range(100)]
        for reader in crowd:
            reader.start()
        assert ends(lambda: bool(azure.requests))
        assert site.status("/healthz") == 200
        assert statuses == []  # the probe was sent last and answered first
        for reader in crowd:
            reader.join(30)
    assert statuses == [200] * 100


def half_open(site: Site, sent: bytes, count: int) -> list[socket.socket]:
    """Connections that send this, then send nothing more and stay open."""
    opened = [socket.create_connection(("127.0.0.1", site.port)) for _ in range(count)]
    for connection in opened:
        connection.sendall(sent)
    return opened


def _seconds(action: Callable[[], object]) -> float:
    start = time.monotonic()
    action()
    return time.monotonic() - start


@pytest.mark.program
def test_open_connections__delay_no_other_request() -> None:
    with LocalAzure("app-service") as azure, gunicorn(azure.env) as site:
        whole = b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        held = half_open(site, whole, 5)
        for connection in held:
            assert connection.recv(12) == b"HTTP/1.1 200"
        # gunicorn by itself waits 2 s for each connection; the shortest of three: the machine may be busy
        assert min(_seconds(lambda: site.status("/healthz")) for _ in range(3)) < 1.5
        for connection in held:
            connection.close()


@pytest.mark.program
def test_incomplete_requests__take_no_thread() -> None:
    """As many stalled connections as threads once blocked every page and the probe."""
    with LocalAzure("app-service") as azure, gunicorn({**azure.env, "KVSITE_THREADS": "2"}) as site:
        held = half_open(site, b"GET /healthz HTTP/1.1\r\nHost: a\r\n", 4)
        assert site.status("/") == 200
        for connection in held:
            connection.sendall(b"\r\n")
            assert connection.recv(12) == b"HTTP/1.1 200"
            connection.close()


@pytest.mark.program
def test_killed_worker__fails_no_other_request() -> None:
    """Each reader may lose only the request that the killed worker was handling."""
    ended = threading.Event()
    statuses: list[list[int]] = [[] for _ in range(8)]
    with LocalAzure("app-service") as azure, gunicorn({**azure.env, "WEB_CONCURRENCY": "2"}) as site:
        assert ends(lambda: len(site.workers()) == 2)

        def read(mine: list[int]) -> None:
            while not ended.is_set():
                mine.append(site.status("/api/reading"))

        readers = [threading.Thread(target=read, args=(mine,)) for mine in statuses]
        for reader in readers:
            reader.start()
        assert ends(lambda: min(map(len, statuses)) >= 5, within_s=30)
        victim = site.workers()[0]
        os.kill(victim, signal.SIGKILL)
        counts = [len(mine) for mine in statuses]
        assert ends(lambda: all(len(mine) > before + 10 for mine, before in zip(statuses, counts, strict=True)), 30)
        assert ends(lambda: len(site.workers()) == 2 and victim not in site.workers(), within_s=30)
        ended.set()
        for reader in readers:
            reader.join(30)
    assert all(mine.count(0) <= 1 for mine in statuses)
    assert {status for mine in statuses for status in mine} <= {200, 0}
    assert all(mine[-1] == 200 for mine in statuses)


@pytest.mark.parametrize(("words", "graceful_s", "threads"), [({}, 15, 128), ({"KVSITE_DEADLINE_S": "60"}, 65, 128)])
def test_graceful_timeout__exceeds_the_deadline(words: dict[str, str], graceful_s: int, threads: int) -> None:
    os.environ.update(words)
    told = runpy.run_path(str(ROOT / "gunicorn.conf.py"))
    assert (told["graceful_timeout"], told["threads"]) == (graceful_s, threads)
    assert told["timeout"] > told["graceful_timeout"]
