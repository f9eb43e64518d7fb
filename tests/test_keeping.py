"""What is made once for a crowd, and for whom it must not be."""

import gc
import weakref

import pytest
from conftest import World
from django.template import Context, TemplateSyntaxError, engines
from django.test import Client, RequestFactory
from django.urls import set_script_prefix

from secrets_app import conf
from secrets_app.answer import answer
from secrets_app.keeping import Keeping


class Thing:
    """Two of them are alike and yet two."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


def test_of_the_same_thing_it_is_made_once() -> None:
    keeping: Keeping[object] = Keeping()
    thing = Thing()
    assert keeping.get(thing, make=object) is keeping.get(thing, make=object)


def test_of_two_things_that_look_alike_it_is_made_twice() -> None:
    keeping: Keeping[object] = Keeping()
    first, second = Thing(), Thing()
    assert keeping.get(first, make=object) is not keeping.get(second, make=object)
    assert keeping.get((first, "a"), make=object) is not keeping.get((second, "a"), make=object)


def test_texts_and_groups_are_told_apart_by_what_is_in_them() -> None:
    keeping: Keeping[object] = Keeping()
    thing = Thing()
    assert keeping.get("".join("ab"), (thing,), make=object) is keeping.get("".join("ab"), (thing,), make=object)
    assert keeping.get("a", (thing,), make=object) is not keeping.get("b", (thing,), make=object)


def test_a_text_is_never_taken_for_an_object() -> None:
    keeping: Keeping[str] = Keeping()
    thing = Thing()
    assert keeping.get(thing, make=lambda: "of the object") == "of the object"
    assert keeping.get(str(id(thing)), make=lambda: "of the text") == "of the text"


def test_what_has_lived_its_life_is_made_anew() -> None:
    keeping: Keeping[object] = Keeping()
    thing = Thing()
    assert keeping.get(thing, make=object, life_s=0) is not keeping.get(thing, make=object, life_s=0)


def test_what_is_kept_is_bounded_and_the_latest_stays() -> None:
    keeping: Keeping[object] = Keeping()
    first, latest = Thing(), Thing()
    gone = weakref.ref(first)
    keeping.get(first, make=object)
    del first
    for _ in range(100):
        keeping.get(Thing(), make=object)
    made = keeping.get(latest, make=object)
    gc.collect()
    assert gone() is None
    assert keeping.get(latest, make=object) is made


def test_nothing_of_the_viewer_is_known_inside_a_kept_part() -> None:
    template = engines["django"].from_string(
        "{% kept name=name %}{{ name }}|{{ other }}|{{ request }}|{{ csrf_token }}{% endkept %}|{{ other }}"
    )
    request = RequestFactory().get("/")
    assert template.render({"name": "both", "other": "mine"}, request) == "both||||mine"
    assert template.render({"name": "both", "other": "yours"}, request) == "both||||yours"


def test_a_kept_part_is_made_for_each_value_and_for_each_place_the_site_is_mounted_at() -> None:
    template = engines["django"].from_string("{% kept name=name %}{{ name }} {% url 'home' %}{% endkept %}")
    try:
        assert template.render({"name": "a"}) == "a /"
        assert template.render({"name": "<b>"}) == "&lt;b&gt; /"
        set_script_prefix("/below/")
        assert template.render({"name": "a"}) == "a /below/"
    finally:
        set_script_prefix("/")


def test_a_kept_part_says_what_it_takes() -> None:
    with pytest.raises(TemplateSyntaxError, match="name=value"):
        engines["django"].from_string("{% kept 600 %}{% endkept %}").render(Context())


def test_those_who_share_a_reading_share_its_answer(world: World) -> None:
    world("no-role")
    config = conf.current({"KVSITE_RESULT_LIFE_S": "60"})
    first = answer(config)
    assert first.main_cause == "kv_rbac_denied"
    assert answer(config) is first
    assert answer(config, refresh=True) is not first


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
