"""Access with a passphrase: the login page, its cookie and the audit log."""

import logging
from typing import Any

import pytest
from django.test import Client

from secrets_app import conf
from secrets_app.access.passphrase import COOKIE
from secrets_app.access.throttle import LoginThrottle
from secrets_app.conf import load
from secrets_app.core.runtime import shared
from secrets_app.views.login import local_url
from tests.support.access_requests import ELSEWHERE, PASSPHRASE, RIGHT, VALUES_PASSPHRASE, sign_in


def test_token__the_pass_phrase_opens_the_page_that_was_asked_for(locked: Client) -> None:
    closed = locked.get("/report/?ids=short")
    assert closed.status_code == 403
    assert 'href="/sign-in/?next=%2Freport%2F%3Fids%3Dshort"' in closed.content.decode()
    assert locked.get("/sign-in/").status_code == 200
    response = sign_in(locked, PASSPHRASE, "/sign-in/?next=%2Freport%2F%3Fids%3Dshort")
    assert (response.status_code, response["Location"]) == (302, "/report/?ids=short")
    cookie = response.cookies[COOKIE]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["max-age"] == 8 * 3600
    assert PASSPHRASE not in cookie.OutputString()
    html = locked.get("/").content.decode()
    assert "Signed in as passphrase user." in html
    assert "Show value" not in html
    assert "Sign in with it." in html
    assert locked.post("/value/").status_code == 403


def test_token__the_second_pass_phrase_shows_values_too(locked: Client) -> None:
    sign_in(locked, f" {VALUES_PASSPHRASE} ")
    assert "Show value" in locked.get("/").content.decode()
    assert locked.post("/value/").status_code == 200


def test_token__a_wrong_one_opens_nothing(locked: Client) -> None:
    for wrong in ("", "x", PASSPHRASE[:-1], PASSPHRASE.upper(), PASSPHRASE + "x", "\0", "\ufffd"):
        shared(LoginThrottle).reset(ELSEWHERE["REMOTE_ADDR"])
        response = sign_in(locked, wrong)
        assert response.status_code == 403
        assert "Incorrect passphrase." in response.content.decode()
        assert COOKIE not in response.cookies
    assert locked.get("/").status_code == 403


def test_token__the_cookie_is_for_tls_alone_where_there_is_tls(locked: Client, settings: Any) -> None:
    assert not sign_in(locked, PASSPHRASE).cookies[COOKIE]["secure"]
    settings.SESSION_COOKIE_SECURE = True
    assert sign_in(locked, PASSPHRASE).cookies[COOKIE]["secure"]


@pytest.mark.parametrize("setting", ["KVSITE_PASSPHRASE", "SECRET_KEY"])
def test_token__a_ticket_ends_when_its_pass_phrase_or_the_key_changes(
    locked: Client, settings: Any, setting: str
) -> None:
    sign_in(locked, PASSPHRASE)
    assert locked.get("/").status_code == 200
    if setting == "SECRET_KEY":
        settings.SECRET_KEY = "another" * 10
    else:
        settings.SECRETS_APP = {**settings.SECRETS_APP, setting: "another pass-phrase"}
    assert locked.get("/").status_code == 403


def test_token__a_ticket_ends_by_its_age(locked: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    sign_in(locked, PASSPHRASE)
    monkeypatch.setattr("secrets_app.access.passphrase.LOGIN_LIFETIME_S", -1)
    assert locked.get("/").status_code == 403


def test_token__a_ticket_of_one_s_own_making_opens_nothing(locked: Client) -> None:
    sign_in(locked, PASSPHRASE)
    ticket = locked.cookies[COOKIE].value
    word, _, rest = ticket.partition(":")
    made_up = ["", ":", "::", "LOOK", f"SEE_VALUES:{rest}", f"{word}:0:{rest.rpartition(':')[2]}", "é:é:é", "x" * 4000]
    for forged in (*made_up, ticket[:-1]):
        locked.cookies[COOKIE] = forged
        assert locked.get("/").status_code == 403, forged


def test_token__sign_out_takes_the_ticket_away(locked: Client) -> None:
    sign_in(locked, PASSPHRASE)
    assert locked.get("/sign-out/").status_code == 405
    assert locked.post("/sign-out/")["Location"] == "/sign-in/"
    assert locked.get("/").status_code == 403


def test_token__another_site_s_form_neither_signs_in_nor_out(site: Any) -> None:
    client = site(csrf=True, KVSITE_ACCESS="token", KVSITE_PASSPHRASE=PASSPHRASE)
    response = sign_in(client, PASSPHRASE)
    assert response.status_code == 403
    assert "The form has expired" in response.content.decode()
    assert COOKIE not in response.cookies


@pytest.mark.parametrize(
    ("address", "leads_to"),
    [
        ("/report/?ids=short", "/report/?ids=short"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example/", "/"),
        ("///evil.example", "/"),
        ("\\\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/\t/evil.example", "/"),
        ("\x00/evil", "/"),
        ("report/", "/"),
        ("", "/"),
        ("/" + "x" * 3000, "/"),
    ],
)
def test_token__after_signing_in_one_stays_on_this_site(address: str, leads_to: str) -> None:
    assert local_url(address) == leads_to


@pytest.mark.parametrize(
    ("words", "id_"),
    [
        ({}, "E017"),
        ({"KVSITE_PASSPHRASE": "short"}, "E020"),
        ({"KVSITE_PASSPHRASE": "<12 characters or more>"}, "E078"),
    ],
)
def test_token__without_a_good_pass_phrase_nobody_comes_in(site: Any, words: dict[str, str], id_: str) -> None:
    client = site(KVSITE_ACCESS="token", **words)
    response = client.get("/")
    assert response.status_code == 403
    assert "KVSITE_PASSPHRASE=" in response.content.decode()
    for tried in ("", "None", *words.values()):
        assert sign_in(client, tried).status_code == 403
    assert id_ in [problem.id[-4:] for problem in load({**RIGHT, "KVSITE_ACCESS": "token", **words}).problems]


def test_token__the_sign_in_page_is_there_for_no_other_way_in(site: Any) -> None:
    assert site(KVSITE_ACCESS="open").get("/sign-in/").status_code == 404


def test_token__signing_in_is_in_the_audit_log_without_the_pass_phrase(
    locked: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="secrets_app.access.audit")
    sign_in(locked, "hunter2 hunter2")
    sign_in(locked, PASSPHRASE)
    lines = [record.getMessage() for record in caplog.records if record.name == "secrets_app.access.audit"]
    assert 'action="sign in" outcome="wrong passphrase"' in lines[0]
    assert 'outcome="signed in"' in lines[1]
    assert 'address="203.0.113.9"' in lines[1]
    assert "hunter2" not in caplog.text
    assert PASSPHRASE not in caplog.text


def test_token__no_page_and_no_log_has_a_pass_phrase_in_it(locked: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    sign_in(locked, VALUES_PASSPHRASE)
    paths = ("/", "/api/reading", "/environment/", "/report/", "/sign-in/", "/nothing", "/?x=1")
    said = "".join(locked.get(path).content.decode() for path in paths) + caplog.text
    said += repr(conf.current()) + locked.cookies.output()
    assert PASSPHRASE not in said
    assert VALUES_PASSPHRASE not in said
