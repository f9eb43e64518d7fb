"""The secret's value: who gets it, how it looks, and where it never is."""

import base64
import pickle
from dataclasses import replace
from typing import Any

import pytest
from conftest import World
from hypothesis import given
from hypothesis import strategies as st

from localazure import LocalAzure
from localazure.scenario import Scenario
from localazure.scenarios import SCENARIOS
from localazure.vaults import Secret
from secrets_app import conf
from secrets_app.answer import answer, reveal
from secrets_app.secret_value import SecretValue


def scenario_with(value: str, content_type: str | None = None) -> Scenario:
    """App Service, and the secret demo with this value."""
    scenario = SCENARIOS["app-service"]
    secret = Secret(name="demo", value=value, content_type=content_type)
    return replace(scenario, vault=replace(scenario.vault, secrets=(secret,)))


def shown(value: SecretValue) -> str:
    return "".join(f"<{part.text}>" if part.name else part.text for part in value.parts)


# From the vault


def test_what_is_revealed_is_the_value_with_a_reading_around_it(world: World) -> None:
    azure = world("app-service")
    revealed = reveal(conf.current())
    assert revealed.reading.ok
    assert revealed.value
    assert shown(revealed.value) == azure.secret_value
    assert azure.secret_value not in repr(revealed)
    assert azure.secret_value not in f"{revealed.value} {revealed.value!r} {revealed.reading.as_json()}"


def test_the_value_is_read_afresh_and_shared_with_nobody(world: World, settings: Any) -> None:
    azure = world("app-service")
    settings.SECRETS_APP["KVSITE_RESULT_LIFE_S"] = "60"

    def reads(azure: LocalAzure) -> int:
        return len([request for request in azure.requests if request.status == 200 and "/secrets/" in request.path])

    answer(conf.current())
    for count in (2, 3):
        reveal(conf.current())
        assert reads(azure) == count
    answer(conf.current())
    assert reads(azure) == 3


def test_a_refusal_reveals_nothing_but_the_cause(world: World) -> None:
    world("no-role")
    revealed = reveal(conf.current())
    assert revealed.value is None
    assert revealed.reading.main_cause == "kv_rbac_denied"


def test_a_value_is_written_nowhere() -> None:
    with pytest.raises(TypeError, match="not written"):
        pickle.dumps(SecretValue("hunter2"))


# On the page


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        ("plain", "plain"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("a\r\nb", "a<␍>\nb"),
        ("nul\0here", "nul<␀>here"),
        ("\x1b[31mred", "<␛>[31mred"),
        ("user\u202egpj.exe", "user<U+202E>gpj.exe"),
        ("zero\u200bwidth\ufeff", "zero<U+200B>width<U+FEFF>"),
        ("no\u00a0break", "no<U+00A0>break"),
        ("\u3164filler", "<U+3164>filler"),
        ("half \ud83d", "half <U+D83D>"),
        ("\x7f", "<\u2421>"),
        ("pässword 🔑", "pässword 🔑"),
        ("", ""),
    ],
)
def test_what_hides_is_made_visible(value: str, seen: str) -> None:
    assert shown(SecretValue(value)) == seen


@given(st.text(st.characters(codec=None)))
def test_any_text_can_be_shown_and_copied_whole(text: str) -> None:
    value = SecretValue(text)
    assert base64.b64decode(value.exactly).decode("utf-8", "surrogatepass") == text
    assert all(character.isprintable() or character in "\n\t" for character in shown(value))
    assert (value.length, value.size) == (len(text), len(text.encode("utf-8", "surrogatepass")))
    assert value.notes is not None


@pytest.mark.parametrize(
    ("value", "content_type", "said"),
    [
        ("", None, "It is empty."),
        ("key\n", None, "It ends with a line break."),
        (" key", None, "begins or ends with a space"),
        ("a\nb", None, "several lines"),
        ("a\u202eb", None, "1 of its characters cannot be seen"),
        (base64.b64encode(bytes(100)).decode(), None, "100 bytes when decoded"),
        (base64.b64encode(bytes(60)).decode(), "application/x-pkcs12", "a certificate with its private key, 60 bytes"),
    ],
)
def test_what_an_eye_misses_is_said(value: str, content_type: str | None, said: str) -> None:
    assert said in " ".join(SecretValue(value, content_type).notes)


def test_an_ordinary_password_needs_no_note() -> None:
    assert SecretValue("correct horse battery staple").notes == ()
