"""The secret's value: who may see it, how it is displayed, and where it never appears."""

import base64
import logging
import pickle
import re
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

import pytest
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from localazure import LocalAzure
from localazure.scenarios import SCENARIOS, Scenario
from localazure.scenarios.vaults import Secret
from secrets_app import conf
from secrets_app.conf.request import secret_request
from secrets_app.core.logs import LEVELS, logging_settings
from secrets_app.core.redaction import redact
from secrets_app.keyvault.secret import SecretValue
from secrets_app.service import diagnose, read_value
from tests.conftest import HERE, SignedInClient, World
from tests.support.readings import get_reading


@pytest.fixture
def client() -> Client:
    return SignedInClient(headers=HERE)


def scenario_with(value: str, content_type: str | None = None) -> Scenario:
    """The App Service scenario, with this value in the secret `demo`."""
    scenario = SCENARIOS["app-service"]
    secret = Secret(name="demo", value=value, content_type=content_type)
    return replace(scenario, vault=replace(scenario.vault, secrets=(secret,)))


def shown(value: SecretValue) -> str:
    return "".join(f"<{part.text}>" if part.name else part.text for part in value.parts)


# From the vault


def test_value__comes_with_its_reading(world: World) -> None:
    azure = world("app-service")
    revealed = read_value(secret_request(conf.current()))
    assert revealed.reading.ok
    assert revealed.value
    assert shown(revealed.value) == azure.secret_value
    assert azure.secret_value not in repr(revealed)
    assert azure.secret_value not in f"{revealed.value} {revealed.value!r} {asdict(revealed.reading)}"


def test_value__is_never_cached_or_shared(world: World, settings: Any) -> None:
    azure = world("app-service")
    settings.SECRETS_APP["KVSITE_RESULT_LIFE_S"] = "60"

    def reads(azure: LocalAzure) -> int:
        return len([request for request in azure.requests if request.status == 200 and "/secrets/" in request.path])

    get_reading(conf.current())
    for count in (2, 3):
        read_value(secret_request(conf.current()))
        assert reads(azure) == count
    get_reading(conf.current())
    assert reads(azure) == 3


def test_denied_value__shows_the_cause_only(world: World) -> None:
    world("no-role")
    request = secret_request(conf.current())
    result = read_value(request)
    assert result.value is None
    assert diagnose(result.reading, request).main_cause == "kv_rbac_denied"


def test_value__is_in_no_repr_or_log() -> None:
    with pytest.raises(TypeError, match="cannot be serialized"):
        pickle.dumps(SecretValue("hunter2"))


# On the page


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        ("plain", "plain"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("a\r\nb", "a<CR>\nb"),
        ("nul\0here", "nul<NUL>here"),
        ("\x1b[31mred", "<ESC>[31mred"),
        ("user\u202egpj.exe", "user<U+202E>gpj.exe"),
        ("zero\u200bwidth\ufeff", "zero<U+200B>width<U+FEFF>"),
        ("no\u00a0break", "no<U+00A0>break"),
        ("\u3164filler", "<U+3164>filler"),
        ("half \ud83d", "half <U+D83D>"),
        ("\x7f", "<DEL>"),
        ("pässword 🔑", "pässword 🔑"),
        ("", ""),
    ],
)
def test_invisible_characters__are_made_visible(value: str, seen: str) -> None:
    assert shown(SecretValue(value)) == seen


@settings(deadline=None)
@given(st.text(st.characters(codec=None)))
def test_any_text__can_be_shown_and_copied(text: str) -> None:
    value = SecretValue(text)
    assert base64.b64decode(value.as_base64).decode("utf-8", "surrogatepass") == text
    assert all(character.isprintable() or character in "\n\t" for character in shown(value))
    assert (value.length, value.size) == (len(text), len(text.encode("utf-8", "surrogatepass")))
    assert value.notes is not None


@pytest.mark.parametrize(
    ("value", "content_type", "expected"),
    [
        ("", None, "The value is empty."),
        ("key\n", None, "The value ends with a line break."),
        (" key", None, "starts or ends with whitespace"),
        ("a\nb", None, "multiple lines"),
        ("a\u202eb", None, "shown by name: 1."),
        (base64.b64encode(bytes(100)).decode(), None, "100 bytes decoded"),
        (base64.b64encode(bytes(60)).decode(), "application/x-pkcs12", "a certificate with private key, 60 bytes"),
    ],
)
def test_easily_missed_characters__have_a_note(value: str, content_type: str | None, expected: str) -> None:
    assert expected in " ".join(SecretValue(value, content_type).notes)


def test_ordinary_password__has_no_note() -> None:
    assert SecretValue("correct horse battery staple").notes == ()


# Over HTTP


@pytest.fixture
def audit(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """The lines of the audit log."""
    caplog.set_level(logging.INFO, logger="secrets_app.access.audit")
    return lambda: [record.getMessage() for record in caplog.records if record.name == "secrets_app.access.audit"]


@pytest.mark.parametrize("path", ["/", "/secret/"])
def test_page__has_the_form_for_the_value_and_not_the_value(client: Client, world: World, path: str) -> None:
    azure = world("app-service")
    html = client.get(path).content.decode()
    assert 'action="/value/#value"' in html
    assert "csrfmiddlewaretoken" in html
    assert azure.secret_value not in html


def test_form_of_the_cached_home_page__has_the_visitors_own_token(world: World) -> None:
    azure = world("app-service")
    for _ in range(2):
        visitor = SignedInClient(headers=HERE, enforce_csrf_checks=True)
        html = visitor.get("/").content.decode()
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', html)
        assert token
        shown = visitor.post("/value/", {"csrfmiddlewaretoken": token[1]})
        assert azure.secret_value in shown.content.decode()


def test_value__is_returned_for_post_only(client: Client, world: World) -> None:
    azure = world("app-service")
    assert client.get("/value/").status_code == 405
    assert client.head("/value/").status_code == 405
    assert client.post("/value/?secret=other").status_code == 400
    response = client.post("/value/")
    assert response.status_code == 200
    assert azure.secret_value in response.content.decode()
    assert response["Cache-Control"] == "no-store"
    assert response["Refresh"] == "30; url=/"
    assert "The secret demo was read." in response.content.decode()
    assert azure.secret_value not in str(response.headers)
    assert azure.secret_value not in client.get("/").content.decode()


def test_cross_site_form__gets_no_value(world: World) -> None:
    azure = world("app-service")
    response = Client(headers=HERE, enforce_csrf_checks=True).post("/value/")
    assert response.status_code == 403
    assert azure.secret_value not in response.content.decode()
    assert azure.requests == ()


@pytest.mark.parametrize("words", [{"KVSITE_ACCESS": "open"}, {"KVSITE_VALUES": "never"}, {"KVSITE_VALUES": "no"}])
def test_values_disabled__page_shows_a_message(
    client: Client, world: World, settings: Any, words: dict[str, str], audit: Callable[[], list[str]]
) -> None:
    azure = world("app-service")
    settings.SECRETS_APP |= words
    assert "Show value" not in client.get("/").content.decode()
    if words != {"KVSITE_VALUES": "no"}:  # an invalid setting, so nothing is read
        assert "Not shown. " in client.get("/").content.decode()
    request_count = len(azure.requests)
    response = client.post("/value/")
    assert response.status_code == 403
    assert "Secret value not shown" in response.content.decode()
    assert azure.secret_value not in response.content.decode()
    assert len(azure.requests) == request_count
    assert 'outcome="refused"' in audit()[-1]


def test_configured_version__is_shown(client: Client, world: World, settings: Any) -> None:
    world("app-service")
    version = client.get("/api/reading").json()["secret"]["version"]
    settings.SECRETS_APP["SECRET_VERSION"] = version
    assert f"version <code>{version}</code>" in client.post("/value/").content.decode()
    settings.SECRETS_APP["SECRET_VERSION"] = "0" * 32
    html = client.post("/value/").content.decode()
    assert "cannot read the secret demo" in html
    assert 'id="value"' not in html


def test_failed_value__has_the_result_page_with_its_cause(
    client: Client, world: World, audit: Callable[[], list[str]]
) -> None:
    world("no-role")
    response = client.post("/value/")
    html = response.content.decode()
    assert response.status_code == 200
    assert "Refresh" not in response
    assert 'data-cause="kv_rbac_denied"' in html
    assert "az role assignment create" in html
    assert 'outcome="not read: kv_rbac_denied"' in audit()[-1]


@pytest.mark.parametrize(
    ("value", "in_the_page"),
    [
        ("<script>alert(1)</script></pre>", "&lt;script&gt;alert(1)&lt;/script&gt;&lt;/pre&gt;"),
        ("{{ settings.SECRET_KEY }}", "{{ settings.SECRET_KEY }}"),
        ("first\nsecond", "first\nsecond"),
        ("\nfirst", "<code><bdi>\nfirst"),
        ("a\u202eb", '<span class="odd" title="RIGHT-TO-LEFT OVERRIDE">U+202E</span>'),
        ("a\0b", '<span class="odd" title="control character">NUL</span>'),
        ("x" * 25_000, "x" * 25_000),
        ("", "The value is empty."),
    ],
)
def test_unusual_values__are_shown_safely(client: Client, world: World, value: str, in_the_page: str) -> None:
    world(scenario_with(value))  # type: ignore[arg-type]
    html = client.post("/value/").content.decode()
    assert in_the_page in html
    assert "<script>alert" not in html
    as_base64 = re.search(r'data-exactly="([^"]*)"', html)
    assert as_base64
    assert base64.b64decode(as_base64[1]).decode("utf-8", "surrogatepass") == value


def test_audit_log__has_user_secret_and_time_without_value(
    client: Client, world: World, audit: Callable[[], list[str]], caplog: pytest.LogCaptureFixture
) -> None:
    azure = world("app-service")
    caplog.set_level(logging.DEBUG)
    version = client.get("/api/reading").json()["secret"]["version"]
    client.post("/value/")
    *_, line = audit()
    assert line.startswith('action="show value" outcome="shown" viewer="local user" access_mode="loopback"')
    assert f'vault="https://contoso.vault.azure.net" secret="demo" version="{version}" at="20' in line
    assert azure.secret_value not in caplog.text
    assert redact(line) == line  # the log's redaction removes nothing


@pytest.mark.parametrize("level", LEVELS)
def test_audit_log__is_written_at_every_log_level(level: str) -> None:
    assert logging_settings(level, log_filter=None)["loggers"]["secrets_app.access.audit"]["level"] == "INFO"


def test_audit_log__names_are_escaped(world: World, settings: Any, audit: Callable[[], list[str]]) -> None:
    world("app-service")
    settings.PLATFORM_SIGNS_IN = True
    settings.SECRETS_APP |= {"KVSITE_ACCESS": "easy-auth"}
    name = 'ada" outcome="shown"\r\n2026-11-21 INFO secrets_app.access.audit action="x" \u202e'
    SignedInClient(headers={**HERE, "X-MS-CLIENT-PRINCIPAL-NAME": name, "X-Forwarded-For": "a\nb"}).post("/value/")
    *_, line = audit()
    assert "\n" not in line
    assert "\r" not in line
    assert "\u202e" not in line
    assert line.count(' outcome="') == 1
    assert 'outcome="refused"' in line
    assert 'forwarded_for="a?b"' in line


def test_error_after_the_value_was_read__does_not_show_it(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    azure = world("app-service")

    def breaks(*_arguments: Any) -> None:
        raise LookupError("after the value was read")

    monkeypatch.setattr("secrets_app.views.value.related_problems", breaks)
    response = SignedInClient(headers=HERE, raise_request_exception=False).post("/value/")
    assert response.status_code == 500
    assert "LookupError: after the value was read" in caplog.text
    assert azure.secret_value not in response.content.decode() + caplog.text
