"""No more threads can be started: each page reports it, and recovers when threads are available again."""

import threading
from collections.abc import Callable

import pytest
from django.test import Client

from secrets_app import conf
from secrets_app.keyvault import operation
from tests.conftest import World
from tests.support.readings import get_reading

NoThreadFor = Callable[..., None]


@pytest.fixture
def no_thread_for(monkeypatch: pytest.MonkeyPatch) -> NoThreadFor:
    """`no_thread_for("reading")`: starting a thread with this name fails."""
    start = threading.Thread.start

    def forbid(*names: str) -> None:
        def refused(thread: threading.Thread) -> None:
            if thread.name in names:
                raise RuntimeError("can't start new thread")
            start(thread)

        monkeypatch.setattr(threading.Thread, "start", refused)

    return forbid


def test_reading_without_thread__is_reported_and_frees_its_slot(
    world: World, client: Client, no_thread_for: NoThreadFor
) -> None:
    world("app-service")
    no_thread_for("reading")
    for _ in range(operation.MAX_CONCURRENT_READS + 1):
        reading = get_reading(conf.current())
    assert reading.main_cause == "unexpected"
    assert reading.failure
    assert reading.failure.message == "can't start new thread"
    assert client.get("/").status_code == 200
    assert client.get("/readyz").json() == {"ready": False, "cause": "unexpected"}
    no_thread_for()
    assert get_reading(conf.current()).ok


def test_comparison_without_threads__ends_with_a_reason(
    world: World, client: Client, no_thread_for: NoThreadFor
) -> None:
    world("app-service")
    no_thread_for("identity")
    page = client.get("/identities/").getvalue().decode()
    assert page.count("No thread could be started") > 3
    no_thread_for()
    assert "No thread could be started" not in client.get("/identities/").getvalue().decode()
