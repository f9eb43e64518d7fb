"""Clients that exhaust the disk, threads, connections, CPU time or memory: others get their responses."""

import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from attacks.conftest import Figure
from attacks.support.site import NO_ANSWER, Answer, Site, running_site, wait_for
from localazure import Fault, FaultInjection, LocalAzure

PROBE_LIMIT_S = 1.0
MIB = 1024 * 1024
ASSET = b"GET /static/secrets_app/principal-used.css HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
PAGE = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


class Probe:
    """Requests /healthz again and again while an attack runs."""

    def __init__(self, site: Site) -> None:
        self._site, self._ended = site, threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.answers: list[Answer] = []

    def _run(self) -> None:
        while not self._ended.is_set():
            self.answers.append(self._site.get("/healthz", timeout_s=20))
            self._ended.wait(0.05)

    def __enter__(self) -> "Probe":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    @property
    def slowest_s(self) -> float:
        assert {answer.status for answer in self.answers} == {200}
        return max(answer.elapsed_s for answer in self.answers)


def multipart(size: int) -> tuple[bytes, dict[str, str]]:
    """A form with a file of this size and a matching CSRF cookie, which anyone can invent."""
    token = "a" * 32
    part = b'--X\r\nContent-Disposition: form-data; name="%b"%b\r\n\r\n%b\r\n'
    body = part % (b"csrfmiddlewaretoken", b"", token.encode()) + part % (b"f", b'; filename="f"', b"x" * size)
    headers = {"Cookie": f"csrftoken={token}", "Content-Type": "multipart/form-data; boundary=X"}
    return body + b"--X--\r\n", headers


def test_upload__never_reaches_the_disk(azure: LocalAzure) -> None:
    settings = {"KVSITE_ACCESS": "token", "KVSITE_PASSPHRASE": "p" * 20}
    with tempfile.TemporaryDirectory() as folder, running_site({**azure.env, "TMPDIR": folder, **settings}) as site:
        large, headers = multipart(20 * MIB)
        small, _ = multipart(100_000)
        sizes: list[int] = []
        with watching(lambda: sizes.append(_bytes_in(Path(folder), site))), ThreadPoolExecutor(4) as pool:
            for path in ("/sign-in/", "/explain/", "/value/", "/api/explain", "/"):
                answers = pool.map(lambda _, at=path: site.post(at, large, headers).status, range(4))
                assert set(answers) <= {413, 415, NO_ANSWER}, path  # without one if the client still sends
                assert site.post(path, small, headers).status == 415
        assert max(sizes) < MIB


def _bytes_in(folder: Path, site: Site) -> int:
    """Of all files in the folder, including deleted ones that a worker still has open."""
    named = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    unnamed = []
    for worker in site.workers():
        for descriptor in Path(f"/proc/{worker}/fd").iterdir():
            with suppress(OSError):
                if str(descriptor.readlink()).startswith(str(folder)):
                    unnamed.append(descriptor.stat().st_size)
    return sum(named) + sum(unnamed)


@contextmanager
def watching(look: Callable[[], None]) -> Iterator[None]:
    """Call `look` again and again during the block."""
    ended = threading.Event()

    def run() -> None:
        while not ended.wait(0.02):
            with suppress(OSError):
                look()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        look()


def hold(opened: ExitStack, site: Site, sent: bytes, count: int, *, receive_buffer: int | None = None) -> None:
    """Connections that send this, then neither send nor read anything."""
    for _ in range(count):
        connection = opened.enter_context(site.connect(receive_buffer=receive_buffer))
        connection.settimeout(0)
        with suppress(BlockingIOError, ConnectionError):
            connection.send(sent)


HELD: dict[str, tuple[bytes, int, int | None]] = {
    "1,000 idle connections": (b"", 1000, None),
    "300 incomplete heads": (b"GET / HTTP/1.1\r\nHost: a\r\n", 300, None),
    "140 incomplete heads of 60 KB": (b"GET / HTTP/1.1\r\n" + (b"X: " + b"y" * 6000 + b"\r\n") * 10, 140, None),
    "300 incomplete bodies": (
        b"POST /api/explain HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9000\r\n\r\nabc", 300, None
    ),
    "140 clients that do not read": (ASSET * 260, 140, 2048),
    "140 clients that read no home page": (PAGE * 260, 140, 2048),
}  # fmt: skip


@pytest.mark.parametrize("attack", HELD)
def test_connections_that_do_nothing__hold_nobody_up(attack: str, site: Site, figure: Figure) -> None:
    sent, count, receive_buffer = HELD[attack]
    with ExitStack() as opened, Probe(site) as probe:
        hold(opened, site, sent, count, receive_buffer=receive_buffer)
        time.sleep(2)
        slowest_s = 0.0
        for _ in range(3):
            page = site.get("/")
            assert page.status == 200
            slowest_s = max(slowest_s, page.elapsed_s)
    figure(f"/healthz during {attack}", probe.slowest_s, "s", at_most=PROBE_LIMIT_S)
    figure(f"home page during {attack}", slowest_s, "s", at_most=7.0)


def test_slow_requests__take_no_thread(site: Site, figure: Figure) -> None:
    """A byte every 0.2 s, from twice as many clients as there are threads."""
    head = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: " + b"y" * 100
    with ExitStack() as opened, Probe(site) as probe:
        clients = [opened.enter_context(site.connect()) for _ in range(256)]
        slowest_s = 0.0
        for position in range(25):
            for client in clients:
                with suppress(OSError):
                    client.send(head[position : position + 1])
            slowest_s = max(slowest_s, site.get("/").elapsed_s) if position % 8 == 0 else slowest_s
            time.sleep(0.2)
    figure("/healthz during 256 slow requests", probe.slowest_s, "s", at_most=PROBE_LIMIT_S)
    figure("home page during 256 slow requests", slowest_s, "s", at_most=2.0)


def test_idle_and_slow_connections__end(site: Site) -> None:
    with ExitStack() as opened:
        silent = opened.enter_context(site.connect())
        incomplete = opened.enter_context(site.connect())
        incomplete.sendall(b"GET / HTTP/1.1\r\n")
        start = time.monotonic()
        for connection in (silent, incomplete):
            with suppress(ConnectionResetError):
                assert connection.recv(1) == b""
        assert time.monotonic() - start < 20


def test_silent_vault_with_140_readers_100_pastes_and_1000_idle_connections(figure: Figure) -> None:
    """All three at once: the issue's figure for the probe."""
    faults = {"keyvault": FaultInjection(fault=Fault.SILENCE)}
    paste = ("DefaultAzureCredential failed to retrieve a token. EnvironmentCredential: x\n" * 3500)[: 256 * 1024 - 9]
    with (
        LocalAzure("app-service", faults=faults) as azure,
        running_site({**azure.env, "KVSITE_DEADLINE_S": "5", "KVSITE_RESULT_LIFE_S": "0"}) as site,
        ExitStack() as opened,
    ):
        site.get("/")
        hold(opened, site, b"", 1000)
        with Probe(site) as probe, ThreadPoolExecutor(240) as pool:
            readers = [pool.submit(site.get, "/") for _ in range(140)]
            time.sleep(0.5)
            text = {"Content-Type": "text/plain"}
            pastes = [pool.submit(site.post, "/api/explain", paste.encode(), text) for _ in range(100)]
            read = Counter(reader.result().status for reader in readers)
            explained = [future.result() for future in pastes]
        counts = Counter(answer.status for answer in explained)
        assert set(read) <= {200, 503}
        assert read[200] >= 100
        assert set(counts) <= {200, 503}
        assert counts[200] >= 1
        assert all(answer.headers["retry-after"] for answer in explained if answer.status == 503)
        figure("/healthz during 140 readers, 100 pastes, 1,000 idle", probe.slowest_s, "s", at_most=PROBE_LIMIT_S)
        figure("memory of a worker during these", site.memory_mib(peak=True), "MiB", at_most=150)
        assert len(site.workers()) == 1
        assert "Traceback" not in site.log()


def limited(name: str, limit: int) -> tuple[str, str]:
    """A command that runs another one with this limit. https://man7.org/linux/man-pages/man1/prlimit.1.html"""
    return "prlimit", f"--{name}={limit}:{limit}"


@pytest.mark.parametrize("open_files", [256, 512, 1024])
def test_few_open_files__neither_end_the_worker_nor_the_service(
    azure: LocalAzure, open_files: int, figure: Figure
) -> None:
    with running_site(azure.env, prefix=limited("nofile", open_files)) as site, ExitStack() as opened:
        workers = site.workers()
        for _ in range(3):
            hold(opened, site, b"", 400)
            assert site.get("/").status == 200
        figure("descriptors of a worker / ulimit -n", site.descriptors() / open_files, at_most=1.0)
        assert site.workers() == workers
        assert "Too many open files" not in site.log()


def test_too_few_open_files__one_clear_sentence(azure: LocalAzure) -> None:
    with running_site(azure.env, prefix=limited("nofile", 64), starts=False) as site:
        assert site.process.wait(20) == 1
        assert "The limit on open files (ulimit -n) is 64" in site.log()
        assert "Traceback" not in site.log()


def test_too_few_processes__one_clear_sentence(azure: LocalAzure) -> None:
    with running_site(azure.env, prefix=limited("nproc", 60), starts=False) as site:
        assert site.process.wait(30) == 1
        assert "The limit on processes (ulimit -u, or pids.max of the container) is 60" in site.log()
        assert "Traceback" not in site.log()


def test_few_processes__are_named_at_the_start(azure: LocalAzure) -> None:
    with running_site(azure.env, prefix=limited("nproc", 180)) as site:
        assert site.get("/").status == 200
        assert "at a time instead of 128 (KVSITE_THREADS) and runs 2 developer tools" in site.log()


def test_descriptors_and_threads__return_to_normal(site: Site) -> None:
    site.get("/")
    with ExitStack() as opened:
        hold(opened, site, ASSET * 260, 50, receive_buffer=2048)
        hold(opened, site, b"", 200)
        time.sleep(1)
    assert wait_for(lambda: site.descriptors() < 60, within_s=40)
    assert site.threads() < 128 + 40
