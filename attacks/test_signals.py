"""Killed and stopped processes: only their own clients are affected, and no process is left behind."""

import os
import signal
import threading
from pathlib import Path

from attacks.conftest import Figure
from attacks.support.site import NO_ANSWER, Site, running_site, wait_for
from localazure import LocalAzure

READERS = 8


class Readers:
    """Clients that send one request after another, each on a new connection."""

    def __init__(self, site: Site) -> None:
        self._site, self._ended = site, threading.Event()
        self.statuses: list[list[int]] = [[] for _ in range(READERS)]
        self._threads = [threading.Thread(target=self._read, args=(mine,)) for mine in self.statuses]

    def _read(self, mine: list[int]) -> None:
        while not self._ended.is_set():
            mine.append(self._site.get("/api/reading").status)

    def __enter__(self) -> "Readers":
        for thread in self._threads:
            thread.start()
        assert self.all_read(5)
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def all_read(self, more: int) -> bool:
        before = [len(mine) for mine in self.statuses]
        return wait_for(
            lambda: all(len(a) >= b + more for a, b in zip(self.statuses, before, strict=True)), within_s=20
        )

    @property
    def lost(self) -> int:
        statuses = [status for mine in self.statuses for status in mine]
        assert set(statuses) <= {200, NO_ANSWER}
        return statuses.count(NO_ANSWER)


def is_running(process: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except OSError:
        return False


def test_kill_9_of_a_worker__loses_only_its_own_requests(azure: LocalAzure, figure: Figure) -> None:
    with running_site({**azure.env, "WEB_CONCURRENCY": "2"}) as site:
        assert wait_for(lambda: len(site.workers()) == 2)
        with Readers(site) as readers:
            for _ in range(3):
                victim = site.workers()[0]
                os.kill(victim, signal.SIGKILL)
                assert wait_for(lambda gone=victim: len(site.workers()) == 2 and gone not in site.workers())
                assert readers.all_read(10)
        # Each client has at most one request in progress when a worker ends.
        figure("requests lost with a killed worker / its clients", readers.lost / (3 * READERS), at_most=1.0)
        assert all(mine[-1] == 200 for mine in readers.statuses)


def test_kill_9_of_gunicorn__ends_its_worker(azure: LocalAzure) -> None:
    with running_site(azure.env) as site:
        workers = site.workers()
        site.process.kill()
        assert wait_for(lambda: not any(map(is_running, workers)), within_s=30)


def test_sighup__loses_no_request(azure: LocalAzure) -> None:
    with running_site({**azure.env, "WEB_CONCURRENCY": "2"}) as site:
        first = set(site.workers())
        with Readers(site) as readers:
            site.process.send_signal(signal.SIGHUP)
            assert wait_for(lambda: not first & set(site.workers()), within_s=20)
            assert readers.all_read(10)
        assert readers.lost == 0


def test_sigterm__finishes_requests_in_progress_despite_idle_connections() -> None:
    with LocalAzure("app-service", vault_latency_s=1.0) as slow, running_site(slow.env) as site:
        idle = [site.connect() for _ in range(50)]
        statuses: list[int] = []
        readers = [threading.Thread(target=lambda: statuses.append(site.get("/readyz").status)) for _ in range(20)]
        for reader in readers:
            reader.start()
        assert wait_for(lambda: bool(slow.tokens))
        site.process.send_signal(signal.SIGTERM)
        for reader in readers:
            reader.join(20)
        assert statuses == [200] * 20
        assert site.process.wait(10) == 0
        for connection in idle:
            connection.close()
