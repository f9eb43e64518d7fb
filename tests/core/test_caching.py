"""What is made once for a crowd, and for whom it must not be."""

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
from django.template import engines
from django.test import Client, RequestFactory
from django.urls import set_script_prefix

from secrets_app import conf
from secrets_app.core.object_cache import ObjectCache
from secrets_app.core.reading import Reading
from secrets_app.service import get_reading
from secrets_app.views.page_cache import cached_page
from tests.conftest import World


class Thing:
    """Two of them are alike and yet two."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


def test_of_the_same_thing_it_is_made_once() -> None:
    keeping: ObjectCache[object] = ObjectCache()
    thing = Thing()
    assert keeping.get(thing, object) is keeping.get(thing, object)


def test_of_two_things_that_look_alike_it_is_made_twice() -> None:
    keeping: ObjectCache[object] = ObjectCache()
    first, second = Thing(), Thing()
    assert keeping.get(first, object) is not keeping.get(second, object)


def test_for_what_stands_beside_it_it_is_made_anew() -> None:
    keeping: ObjectCache[object] = ObjectCache()
    thing = Thing()
    assert keeping.get(thing, object, beside=("".join("ab"), 1)) is keeping.get(thing, object, beside=("ab", 1))
    assert keeping.get(thing, object, beside=("ab", 1)) is not keeping.get(thing, object, beside=("ab", 2))


def test_a_crowd_waits_for_the_one_who_makes_it() -> None:
    keeping: ObjectCache[object] = ObjectCache()
    thing, together = Thing(), threading.Barrier(8)

    def ask(_: int) -> object:
        together.wait(5)
        return keeping.get(thing, slow)

    def slow() -> object:
        made.append(threading.get_ident())
        time.sleep(0.02)
        return object()

    made: list[int] = []
    with ThreadPoolExecutor(8) as crowd:
        assert len(set(crowd.map(ask, range(8)))) == 1
    assert len(made) == 1


def test_what_cannot_be_made_hinders_nobody() -> None:
    keeping: ObjectCache[int] = ObjectCache()
    thing = Thing()
    with pytest.raises(ZeroDivisionError):
        keeping.get(thing, lambda: 1 // 0)
    assert keeping.get(thing, lambda: 1) == 1


def test_what_has_lived_its_life_is_made_anew() -> None:
    keeping: ObjectCache[object] = ObjectCache()
    thing = Thing()
    assert keeping.get(thing, object, life_s=0) is not keeping.get(thing, object, life_s=0)


def test_what_is_kept_is_bounded_and_the_latest_stays() -> None:
    keeping: ObjectCache[object] = ObjectCache()
    first, latest = Thing(), Thing()
    gone = weakref.ref(first)
    keeping.get(first, object)
    del first
    for _ in range(100):
        keeping.get(Thing(), object)
    made = keeping.get(latest, object)
    gc.collect()
    assert gone() is None
    assert keeping.get(latest, object) is made


def test_those_who_share_a_reading_share_its_answer(world: World) -> None:
    world("no-role")
    config = conf.current({"KVSITE_RESULT_LIFE_S": "60"})
    first = get_reading(config)
    assert first.main_cause == "kv_rbac_denied"
    assert get_reading(config) is first
    assert get_reading(config, refresh=True) is not first


def test_the_settings_are_taken_as_they_are_now(settings: object) -> None:
    settings.SECRETS_APP = {"SECRET_NAME": "one"}  # type: ignore[attr-defined]
    assert conf.current().secret_name == "one"
    settings.SECRETS_APP["SECRET_NAME"] = "two"  # type: ignore[attr-defined]
    assert conf.current().secret_name == "two"


def test_a_page_after_a_failure_tells_the_new_reading(client: Client, world: World) -> None:
    world("no-role")
    assert b"was not read" in client.get("/").content
    world("app-service")
    assert b"was read" in client.get("/").content


FORM = "{{ reading.secret_name }} for {{ viewer|default:'nobody' }}{{ request }} at {% url 'home' %}{% csrf_token %}"


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., str]:
    """`page(reading, **values)`: what a visitor gets of a template with a form in it."""
    (tmp_path / "form.html").write_text(FORM)
    engine = engines["django"].engine
    monkeypatch.setattr(engine, "dirs", [tmp_path, *engine.dirs])
    engine.template_loaders[0].reset()

    def visit(reading: Reading, **values: Any) -> str:
        request = RequestFactory().get("/")
        request.META["CSRF_COOKIE"] = values.pop("cookie", "a" * 32)
        return cached_page(request, "form.html", reading, **values).content.decode()

    return visit


def reading_of(name: str) -> Reading:
    return Reading(vault_url=None, secret_name=name, started_at=datetime(2026, 1, 1, tzinfo=UTC), elapsed_s=0)


def tokens_in(page: str) -> list[str]:
    return re.findall(r'value="(\w+)"', page)


def accepted(token: str, cookie: str) -> bool:
    """Whether Django takes a form with this token from the browser with this cookie."""
    request = RequestFactory().post("/", {"csrfmiddlewaretoken": token})
    request.COOKIES["csrftoken"] = cookie
    middleware = CsrfViewMiddleware(lambda _request: HttpResponse())
    middleware.process_request(request)
    return middleware.process_view(request, lambda _request: HttpResponse(), (), {}) is None


def test_a_shared_page_has_the_visitors_own_token_in_its_form(page: Callable[..., str]) -> None:
    reading = reading_of("one")
    (first,), (second,) = tokens_in(page(reading, cookie="a" * 32)), tokens_in(page(reading, cookie="b" * 32))
    assert accepted(first, cookie="a" * 32)
    assert accepted(second, cookie="b" * 32)
    assert not accepted(first, cookie="b" * 32)


def test_a_shared_page_knows_of_the_visitor_what_it_is_given_and_nothing_else(page: Callable[..., str]) -> None:
    reading = reading_of("one")
    assert page(reading, viewer="Ann").startswith("one for Ann at /<")
    assert page(reading, viewer="Ben").startswith("one for Ben at /<")
    assert page(reading).startswith("one for nobody at /<")
    assert page(reading, viewer="Ann").startswith("one for Ann at /<")


def test_two_readings_that_look_alike_have_pages_of_their_own(page: Callable[..., str]) -> None:
    assert page(reading_of("one")).startswith("one for")
    assert page(reading_of("two")).startswith("two for")


def test_a_shared_page_leads_to_where_the_site_is_mounted(page: Callable[..., str]) -> None:
    reading = reading_of("one")
    assert " at /<" in page(reading)
    try:
        set_script_prefix("/below/")
        assert " at /below/<" in page(reading)
    finally:
        set_script_prefix("/")


@pytest.mark.parametrize("scenario", ["app-service", "no-role"])
def test_the_home_page_has_no_form_and_sets_no_cookie(client: Client, world: World, scenario: str) -> None:
    world(scenario)
    home = client.get("/")
    assert not home.cookies
    assert "Vary" not in home
