"""Every reading ends by its deadline, reports what it was waiting for, and leaves nothing running."""

import gc
import os
import socket
import socketserver
import struct
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from localazure import Fault, FaultInjection
from secrets_app import conf, keyvault
from secrets_app.conf.request import secret_request, token_request
from secrets_app.core import runtime
from secrets_app.core.caching import run_in_background
from secrets_app.core.reading import Reading, Stage
from secrets_app.core.runtime import shared
from secrets_app.doctor.connection import untrusted_issuer
from secrets_app.doctor.vault_probe import probe_vault
from secrets_app.keyvault import operation
from secrets_app.keyvault.operation import ReadSlots
from secrets_app.keyvault.pool import pool_for
from secrets_app.service import progress
from tests.conftest import World
from tests.support.deadlines import read_as
from tests.support.leak_checks import ends, leftovers, running, sockets
from tests.support.readings import get_reading

DEADLINE_S = 0.8
"""Less than the setting takes: these tests wait for it."""
FAR_S = 30.0
"""A deadline that no reading here reaches, on a busy machine either: one that waits for it fails with another cause."""


def read(deadline_s: float = DEADLINE_S) -> Reading:
    return get_reading(replace(conf.current(), deadline_s=deadline_s))


def assert_deadline_names(waiting_for: str) -> None:
    """A reading ends by its deadline and names what it was waiting for."""
    reading = read_as(lambda found: found.failure is not None and found.failure.waiting_for == waiting_for, DEADLINE_S)
    assert reading.failure
    assert reading.failure.stage is Stage.DEADLINE
    assert reading.failure.waiting_for == waiting_for
    assert reading.main_cause == "deadline_exceeded"


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    yield
    assert ends(lambda: not leftovers())


@pytest.mark.parametrize("fault", [Fault.SILENCE, Fault.DRIP])
def test_unresponsive_vault__is_named_and_released(world: World, fault: Fault) -> None:
    world("app-service", faults={"keyvault": FaultInjection(fault=fault)})
    assert_deadline_names("https://contoso.vault.azure.net to respond")


def test_reading_in_progress__shows_what_it_waits_for(world: World) -> None:
    world("app-service", faults={"keyvault": FaultInjection(fault=Fault.SILENCE)})
    request = secret_request(replace(conf.current(), deadline_s=DEADLINE_S))
    assert progress(request) is None
    future = run_in_background("test", "progress", partial(keyvault.read, request))
    assert ends(lambda: (shown := progress(request)) is not None and shown.waiting_for.startswith("https://contoso."))
    shown = progress(request)
    assert shown is not None
    assert 0 <= shown.left_s < DEADLINE_S
    future.result(FAR_S)
    assert progress(request) is None


@pytest.mark.parametrize(
    ("scenario", "service"), [("app-service", "app-service"), ("vm", "imds"), ("service-principal-secret", "entra")]
)
def test_slow_token_service__is_named_and_released(world: World, scenario: str, service: str) -> None:
    world(scenario, faults={service: FaultInjection(fault=Fault.DRIP)})
    member = "EnvironmentCredential" if service == "entra" else "ManagedIdentityCredential"
    assert_deadline_names(f"{member} to return a token")


@contextmanager
def slow_server(*, before: bytes = b"", drop: bytes) -> Iterator[str]:
    """The URL of a server that responds to any request with `before`, then sends `drop` repeatedly."""

    class Drips(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                self.request.recv(4096)
                self.request.sendall(before)
                while True:
                    self.request.sendall(drop)
                    time.sleep(0.02)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Drips) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.mark.parametrize(
    ("before", "drop"),
    [
        pytest.param(b"", b"H", id="the proxy's status line"),
        pytest.param(b"HTTP/1.1 200 OK\r\n", b"a: b\r\n", id="the proxy's head"),
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\n", b"\x16\x03\x03\x40\x00", id="the TLS handshake"),
    ],
)
def test_slow_proxy__is_released(world: World, before: bytes, drop: bytes) -> None:
    world("app-service")
    with slow_server(before=before, drop=drop) as proxy:
        os.environ["HTTPS_PROXY"] = os.environ["https_proxy"] = proxy
        reading = read()
        assert reading.failure
        assert reading.failure.stage in {Stage.DEADLINE, Stage.NETWORK}  # the handshake has its own timeout
        assert ends(lambda: not leftovers())


def test_slow_response_headers__are_released(world: World) -> None:
    world("app-service")
    with slow_server(before=b"HTTP/1.1 200 OK\r\n", drop=b"a: b\r\n") as service:
        os.environ["IDENTITY_ENDPOINT"] = f"{service}/msi/token"
        assert_deadline_names("ManagedIdentityCredential to return a token")


def test_cancelled_reading__tries_no_further_credential(world: World, tmp_path: Path) -> None:
    azure = world("laptop", faults={"imds": FaultInjection(latency_s=0.5)})
    marker = az(tmp_path, HANGS)
    read(0.3)
    assert ends(lambda: not leftovers())
    assert not running(marker)
    assert not azure.tokens


def test_all_read_slots_in_use__next_reading_reports_it_at_its_deadline(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world("app-service")
    room = threading.BoundedSemaphore(1)
    shared(ReadSlots).site = room
    room.acquire()
    assert_deadline_names("one of 64 earlier readings to end")
    room.release()
    assert read().ok


def test_visitor_slots_in_use__site_reading_still_runs(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    azure = world("app-service")
    shared(ReadSlots).visitors = threading.BoundedSemaphore(1)
    monkeypatch.setattr(operation, "VISITOR_WAIT_S", 0.1)
    shared(ReadSlots).visitors.acquire()
    theirs = get_reading(token_request(conf.current(), "https://graph.microsoft.com"))
    assert theirs.failure
    assert theirs.failure.message == "Timed out after 0.1 seconds, waiting for one of 16 earlier readings to end."
    assert azure.requests == ()
    assert read().ok
    shared(ReadSlots).visitors.release()
    assert get_reading(token_request(conf.current(), "https://graph.microsoft.com")).ok


def test_many_cancelled_readings__leave_no_thread_and_no_socket(world: World) -> None:
    world("app-service", faults={"keyvault": FaultInjection(fault=Fault.DRIP)})
    config, before = replace(conf.current(), deadline_s=0.25), sockets()
    with ThreadPoolExecutor(30) as executor:
        names = [replace(config, secret_name=f"demo-{number}") for number in range(60)]
        readings = list(executor.map(get_reading, names))
    assert not any(reading.ok for reading in readings)
    runtime.reset()  # connections cached for the next reading
    assert ends(lambda: not leftovers() and sockets() <= before), (leftovers(), before, sockets())


def test_closing__leaves_no_socket(world: World) -> None:
    world("app-service")
    before = sockets()
    assert read(FAR_S).ok
    assert sockets() > before
    runtime.reset()
    assert ends(lambda: sockets() <= before)


class _ResetsBeforeTls(socketserver.BaseRequestHandler):
    """A proxy that accepts CONNECT and then resets the connection before the TLS handshake."""

    def handle(self) -> None:
        self.request.recv(4096)
        self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.request.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        self.request.close()


def test_connection_reset_before_tls__leaves_no_socket(world: World) -> None:
    world("laptop")
    assert read().ok  # the token is cached, so that only the vault is called below
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _ResetsBeforeTls) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        os.environ["HTTPS_PROXY"] = os.environ["https_proxy"] = f"http://127.0.0.1:{server.server_address[1]}"
        for _ in range(10):  # the reset has to arrive between two calls of the client
            assert not read().ok
            assert probe_vault("https://contoso.vault.azure.net").problem
            assert untrusted_issuer("https://contoso.vault.azure.net") is None
        gc.collect()  # an unclosed socket makes this test fail here
        server.shutdown()


def test_forgotten_connection__is_closed_at_once(world: World) -> None:
    world("app-service")
    before = sockets()
    config = conf.current()
    for number in range(5):
        assert get_reading(replace(config, secret_name="demo", deadline_s=FAR_S + number)).ok
    for number in range(5):
        request = secret_request(replace(config, secret_name="demo", deadline_s=FAR_S + number))
        pool_for(request).discard(request)
    assert ends(lambda: sockets() <= before)


HANGS = """#!/bin/sh
sleep 600.{marker} &
echo '{{"accessToken": "eyJ-never-shown'
wait
"""
ENDS = """#!/bin/sh
sleep 600.{marker} &
echo 'Please run az login' >&2
exit 1
"""


def az(tmp_path: Path, script: str) -> str:
    """Install this script as az; returns the marker by which its child processes are identified."""
    marker = str(time.monotonic_ns())
    (tmp_path / "az").write_text(script.format(marker=marker))
    (tmp_path / "az").chmod(0o755)
    os.environ["PATH"] = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    return marker


def test_hanging_az_behind_a_script__ends_with_its_child_processes(world: World, tmp_path: Path) -> None:
    world("laptop")
    marker = az(tmp_path, HANGS)
    reading = read()
    # On a busy machine, the credentials after az use up the remaining time.
    assert reading.main_cause in {"az_timeout", "deadline_exceeded"}
    assert "eyJ-never" not in repr(reading)
    assert ends(lambda: not running(marker))


def test_open_pipe_of_a_child__delays_no_reading(world: World, tmp_path: Path) -> None:
    world("laptop")
    marker = az(tmp_path, ENDS)
    assert read(FAR_S).main_cause == "az_not_logged_in"
    assert ends(lambda: not running(marker))


def test_hanging_azd__is_named(world: World, tmp_path: Path) -> None:
    world("laptop-no-az")
    (tmp_path / "azd").write_text("#!/bin/sh\nexec sleep 60\n")
    (tmp_path / "azd").chmod(0o755)
    os.environ["PATH"] = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    assert_deadline_names("AzureDeveloperCliCredential to return a token")


@pytest.mark.parametrize(
    ("scenario", "service"), [("app-service", "app-service"), ("service-principal-secret", "entra")]
)
def test_retry_after_of_an_hour__is_not_slept(world: World, scenario: str, service: str) -> None:
    world(scenario, faults={service: FaultInjection(status=503, retry_after_s=3600)})
    reading = read(FAR_S)
    assert reading.failure
    assert reading.failure.stage is Stage.TOKEN


def test_metadata_service_410__ends_in_time(world: World) -> None:
    world("vm", faults={"imds": FaultInjection(status=410)})
    assert read(FAR_S).main_cause == "mi_endpoint_error"


@pytest.mark.parametrize(
    ("scenario", "service"),
    [
        ("app-service", "keyvault"),
        ("app-service", "app-service"),
        ("vm", "imds"),
        ("service-principal-secret", "entra"),
    ],
)
def test_endless_redirects__are_not_followed(world: World, scenario: str, service: str) -> None:
    azure = world(scenario, faults={service: FaultInjection(fault=Fault.REDIRECT)})
    reading = read(FAR_S)
    assert reading.failure
    assert reading.failure.stage is not Stage.DEADLINE
    assert len(azure.requests) < 10
