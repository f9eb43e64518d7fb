"""What concurrent visitors share, and what must not be shared between visitors."""

import gc
import re
import threading
import time
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.test import Client, RequestFactory
from django.urls import set_script_prefix

from secrets_app import conf
from secrets_app.core.caching import ResultCache
from secrets_app.core.reading import Reading
from secrets_app.views import rendering
from secrets_app.views.rendering import cached_page
from tests.conftest import World
from tests.support.readings import get_reading


def test_result__is_computed_once_for_each_key() -> None:
    cache: ResultCache[object, object] = ResultCache(4)
    assert cache.get(("ab", 1), object) is cache.get(("".join("ab"), 1), object)
    assert cache.get(("ab", 1), object) is not cache.get(("ab", 2), object)


def test_concurrent_callers__wait_for_one_computation() -> None:
    cache: ResultCache[str, object] = ResultCache(4)
    together, computed = threading.Barrier(8), []

    def ask(_: int) -> object:
        together.wait(30)
        return cache.get("x", slow)

    def slow() -> object:
        computed.append(threading.get_ident())
        time.sleep(0.02)
        return object()

    with ThreadPoolExecutor(8) as crowd:
        assert len(set(crowd.map(ask, range(8)))) == 1
    assert len(computed) == 1


def test_computation_that_fails__blocks_no_later_caller() -> None:
    cache: ResultCache[str, float] = ResultCache(4)
    with pytest.raises(ZeroDivisionError):
        cache.get("x", lambda: 1 / 0)
    assert cache.get("x", lambda: 1) == 1


def test_result__past_its_life__is_computed_again() -> None:
    cache: ResultCache[str, object] = ResultCache(4, life_s=0)
    first = cache.get("x", object)
    assert cache.get("x", object) is not first


def test_cache__is_bounded_and_keeps_the_latest() -> None:
    class Thing:
        pass

    cache: ResultCache[object, Thing] = ResultCache(4)
    gone = weakref.ref(cache.get("first", Thing))
    for number in range(100):
        cache.get(number, Thing)
    latest = cache.get("latest", Thing)
    gc.collect()
    assert gone() is None
    assert cache.get("latest", Thing) is latest


def test_cache__keeps_the_results_in_use() -> None:
    cache: ResultCache[object, object] = ResultCache(4)
    in_use = cache.get("in use", object)
    for number in range(100):
        cache.get(number, object)
        assert cache.get("in use", object) is in_use
    assert cache.get(99, object) is cache.get(99, object)


def test_same_reading__shares_one_page(world: World) -> None:
    world("no-role")
    config = conf.current({"KVSITE_RESULT_LIFE_S": "60"})
    first = get_reading(config)
    assert first.main_cause == "kv_rbac_denied"
    assert get_reading(config).diagnosis is first.diagnosis
    assert get_reading(config, refresh=True).diagnosis is not first.diagnosis


def test_changed_settings__give_a_new_page(settings: object) -> None:
    settings.SECRETS_APP = {"SECRET_NAME": "one"}  # type: ignore[attr-defined]
    assert conf.current().secret_name == "one"
    settings.SECRETS_APP["SECRET_NAME"] = "two"  # type: ignore[attr-defined]
    assert conf.current().secret_name == "two"


def test_page_after_failure__shows_the_new_reading(client: Client, world: World) -> None:
    world("no-role")
    assert b"cannot read the secret" in client.get("/").content
    world("app-service")
    assert b"was read" in client.get("/").content


FORM = (
    "{{ reading.secret_name }} for {{ viewer|default:'nobody' }}{{ request }} "
    "at {% url 'secrets_app:home' %}{% csrf_token %}"
)


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., str]:
    """`page(reading, **values)` renders a template with a form in it for a visitor."""
    (tmp_path / "form.html").write_text(FORM)
    engine = rendering.engine()
    monkeypatch.setattr(engine, "dirs", [tmp_path, *engine.dirs])
    engine.template_loaders[0].reset()

    def visit(reading: Reading, **values: Any) -> str:
        request = RequestFactory().get("/")
        request.META["CSRF_COOKIE"] = values.pop("cookie", "a" * 32)
        return cached_page(request, "form.html", reading=reading, **values).content.decode()

    return visit


def reading_of(name: str) -> Reading:
    return Reading(vault_url=None, secret_name=name, started_at=datetime(2026, 1, 1, tzinfo=UTC), elapsed_s=0)


def tokens_in(page: str) -> list[str]:
    return re.findall(r'value="(\w+)"', page)


def accepted(token: str, cookie: str) -> bool:
    """Whether Django accepts a form with this CSRF token and this cookie."""
    request = RequestFactory().post("/", {"csrfmiddlewaretoken": token})
    request.COOKIES["csrftoken"] = cookie
    middleware = CsrfViewMiddleware(lambda _request: HttpResponse())
    middleware.process_request(request)
    return middleware.process_view(request, lambda _request: HttpResponse(), (), {}) is None


def test_shared_page__has_the_visitors_csrf_token(page: Callable[..., str]) -> None:
    reading = reading_of("one")
    (first,), (second,) = tokens_in(page(reading, cookie="a" * 32)), tokens_in(page(reading, cookie="b" * 32))
    assert accepted(first, cookie="a" * 32)
    assert accepted(second, cookie="b" * 32)
    assert not accepted(first, cookie="b" * 32)


def test_shared_page__has_no_other_visitor_data(page: Callable[..., str]) -> None:
    reading = reading_of("one")
    assert page(reading, viewer="Ann").startswith("one for Ann at /<")
    assert page(reading, viewer="Ben").startswith("one for Ben at /<")
    assert page(reading).startswith("one for nobody at /<")
    assert page(reading, viewer="Ann").startswith("one for Ann at /<")


def test_equal_readings__have_separate_pages(page: Callable[..., str]) -> None:
    assert page(reading_of("one")).startswith("one for")
    assert page(reading_of("two")).startswith("two for")


def test_shared_page__links_use_the_mount_path(page: Callable[..., str]) -> None:
    reading = reading_of("one")
    assert " at /<" in page(reading)
    try:
        set_script_prefix("/below/")
        assert " at /below/<" in page(reading)
    finally:
        set_script_prefix("/")


def test_home_page_without_value__has_no_form_and_sets_no_cookie(client: Client, world: World) -> None:
    world("no-role")
    home = client.get("/")
    assert not home.cookies
    assert "csrfmiddlewaretoken" not in home.content.decode()
