"""The connection pool: each connection is created once, shared between readings, and closed once."""

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from azure.keyvault.secrets import SecretClient

from localazure.scenarios.directory import CONTOSO, SITE_APPLICATION
from secrets_app import conf
from secrets_app.conf.overrides import resolve_overrides
from secrets_app.conf.request import secret_request
from secrets_app.keyvault import client
from secrets_app.keyvault.client import Connection
from secrets_app.keyvault.pool import FleetPool
from tests.conftest import World
from tests.support.leak_checks import ends, leftovers, sockets
from tests.support.readings import get_reading


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    """A named pipe without a writer: opening it blocks."""
    path = tmp_path / "certificate.pem"
    os.mkfifo(path)
    return path


def test_hanging_constructor__blocks_no_other_reading(world: World, pipe: Path) -> None:
    world("app-service")
    other = resolve_overrides({"userAssignedClientId": "11111111-2222-4333-8444-555555555555"}).request
    os.environ |= {
        "AZURE_TENANT_ID": CONTOSO.id,
        "AZURE_CLIENT_ID": SITE_APPLICATION.client_id,
        "AZURE_CLIENT_CERTIFICATE_PATH": str(pipe),
    }
    with ThreadPoolExecutor(1) as elsewhere:
        for deadline_s in (0.5, 8.0):  # on a busy machine, the other reading may take longer than the first
            waiting = elsewhere.submit(get_reading, replace(conf.current(), deadline_s=deadline_s))
            assert ends(lambda: "reading" in leftovers())
            refused = get_reading(other)
            if not waiting.done():
                break
        else:
            pytest.fail("The other reading has waited for the one that hangs.")
        assert refused.main_cause == "mi_identity_not_assigned", "it was asked, beside the one that hangs"
        reading = waiting.result()
    assert reading.main_cause == "deadline_exceeded"
    assert reading.failure
    assert reading.failure.waiting_for == "the credential's files to be read"
    while not ends(lambda: not leftovers(), within_s=0.02):  # the chain reads the file twice
        pipe.write_text("no certificate")


def test_concurrent_readings__create_one_client(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world("app-service")
    made: list[object] = []

    class Slow(SecretClient):
        def __init__(self, *args: Any, **more: Any) -> None:
            made.append(self)
            time.sleep(0.02)
            super().__init__(*args, **more)

    monkeypatch.setattr(client, "SecretClient", Slow)
    before, shared, together = sockets(), Connection(secret_request(conf.current())), threading.Barrier(4)

    def read(_number: int) -> None:
        together.wait(30)
        shared.open()
        shared.get_secret("demo", None, lambda _answer: None)

    with ThreadPoolExecutor(4) as executor:
        list(executor.map(read, range(4)))
    shared.close()
    assert len(made) == 1
    assert ends(lambda: sockets() <= before)


def test_connection_closed_while_in_use__later_sockets_are_closed_too(world: World) -> None:
    world("app-service")
    before, closed_early = sockets(), Connection(secret_request(conf.current()))
    closed_early.acquire()
    closed_early.close()  # as on process exit
    closed_early.open()
    closed_early.request_token()
    assert sockets() > before
    closed_early.release()
    assert ends(lambda: sockets() <= before)
    closed_early.close()


def test_credential_of_a_fleet__that_expired__closes_with_its_last_reading(world: World) -> None:
    world("app-service")
    now, request, before = [0.0], secret_request(conf.current(), one_of_many=True), sockets()
    pool = FleetPool(lambda: now[0])
    first, again = pool.acquire(request), pool.acquire(request)
    assert again is first
    first.request_token()
    assert ends(lambda: sockets() > before)
    again.release()
    now[0] = 4000.0
    second = pool.acquire(request)
    assert second is not first
    assert second.credential is not first.credential
    assert sockets() > before, "a reading uses the old one"
    first.release()
    assert ends(lambda: sockets() <= before)
    second.request_token()
    second.release()
    assert ends(lambda: sockets() > before)
    pool.close()
    assert ends(lambda: sockets() <= before)
