"""Concurrent readers share one reading."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.test import Client

from secrets_app import conf, keyvault
from secrets_app.core.caching import SingleFlight
from tests.conftest import World
from tests.support.readings import get_reading


def test_concurrent_readers__share_one_vault_call(world: World) -> None:
    azure = world("app-service", vault_latency_s=0.5)
    get_reading(conf.current())
    asked_before = len(azure.requests)
    config = conf.current()
    together = threading.Barrier(20)

    def read(_: int) -> bool:
        together.wait(30)  # a busy machine starts twenty threads slowly
        return bool(get_reading(config).ok)

    with ThreadPoolExecutor(20) as readers:
        assert all(readers.map(read, range(20)))
    assert len(azure.requests) - asked_before <= 2  # one more for the callers after the first call had ended


def test_result__expires(world: World) -> None:
    azure = world("app-service")
    config = conf.current({"KVSITE_RESULT_LIFE_S": "60"})
    first, second = get_reading(config), get_reading(config)
    assert first.started_at == second.started_at
    get_reading(config, refresh=True)
    assert len([request for request in azure.requests if request.status == 200 and "secrets" in request.path]) == 2


def test_later_readers__wait_for_the_call_in_progress() -> None:
    sharing: SingleFlight[str, int] = SingleFlight()
    late: list[int] = []
    second = threading.Thread(target=lambda: late.append(sharing.get("x", lambda: 99, life_s=60)))

    def slow() -> int:
        second.start()
        second.join(0.2)
        assert second.is_alive(), "it got an answer of its own"
        return 7

    assert sharing.get("x", slow, life_s=60) == 7
    second.join(30)
    assert late == [7]


def test_failure__is_raised_to_all_waiters_and_not_cached() -> None:
    sharing: SingleFlight[str, int] = SingleFlight()

    def broken() -> int:
        raise LookupError("broken")

    with pytest.raises(LookupError):
        sharing.get("x", broken, life_s=0)
    assert sharing.get("x", lambda: 1, life_s=0) == 1


def test_cache__is_bounded() -> None:
    sharing: SingleFlight[int, object] = SingleFlight()
    results = [sharing.get(number, object, life_s=60) for number in range(1000)]
    kept = [number for number in reversed(range(1000)) if sharing.get(number, object, life_s=60) is results[number]]
    assert kept == list(reversed(range(992, 1000)))


def test_refreshes__share_only_a_call_that_was_a_refresh() -> None:
    sharing: SingleFlight[str, int] = SingleFlight()
    late: list[int] = []

    def ask(anew: bool) -> threading.Thread:
        thread = threading.Thread(target=lambda: late.append(sharing.get("x", lambda: 99, life_s=60, refresh=anew)))
        thread.start()
        return thread

    def slow() -> int:
        joins = ask(anew=True)
        joins.join(0.2)
        assert joins.is_alive(), "it got an answer of its own"
        waiting.append(joins)
        return 7

    waiting: list[threading.Thread] = []
    assert sharing.get("x", lambda: 1, life_s=60) == 1
    assert sharing.get("x", slow, life_s=60, refresh=True) == 7
    waiting[0].join(30)
    assert late == [7]


def test_refresh_right_after_another__returns_its_result_with_age(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyvault, "MIN_REFRESH_INTERVAL_S", 60.0)  # a second passes quickly on a busy machine
    azure = world("app-service")
    first = get_reading(conf.current(), refresh=True)
    asked = len(azure.requests)
    second = get_reading(conf.current(), refresh=True)
    assert first.age_s is None
    assert second.age_s is not None
    assert 0 < second.age_s < 60
    assert (second.started_at, second.secret) == (first.started_at, first.secret)
    assert len(azure.requests) == asked
    assert "ago: a new token was requested just before" in client.get("/?refresh=1").content.decode()
    assert client.get("/api/reading?refresh=1").json()["age_s"] > 0
    assert "ago. It was started over" not in client.get("/").content.decode()


def test_refresh__is_repeated_after_the_minimum_interval() -> None:
    sharing: SingleFlight[str, int] = SingleFlight()
    numbers = iter(range(9))

    def ask(rest_s: float) -> int:
        return sharing.get("x", lambda: next(numbers), life_s=0, refresh=True, min_interval_s=rest_s)

    assert (ask(60), ask(60)) == (0, 0)
    assert sharing.get("x", lambda: next(numbers), life_s=0) == 1
    assert ask(60) == 1, "the last result there is, not the one that was asked for anew"
    assert ask(0) == 2


def test_concurrent_refreshes__try_the_chain_once(world: World) -> None:
    azure = world("laptop")
    config = conf.current()
    with ThreadPoolExecutor(20) as crowd:
        readings = list(crowd.map(lambda _: get_reading(config, refresh=True), range(40)))
    assert all(reading.ok for reading in readings)
    assert len([request for request in azure.requests if "/secrets/" in request.path and request.status == 200]) == 1
