"""Access with a passphrase: the sign-in form and the audit log."""

import logging
from typing import Any

import pytest
from django.test import Client
from django.test.utils import override_script_prefix

from secrets_app import conf
from secrets_app.access.sign_in import LoginThrottle
from secrets_app.conf import load
from secrets_app.core.runtime import shared
from secrets_app.views.login import local_url
from tests.support.access_requests import COOKIE, ELSEWHERE, PASSPHRASE, RIGHT, VALUES_PASSPHRASE, sign_in


def test_sign_in__under_a_script_name(locked: Client) -> None:
    with override_script_prefix("/tools/"):  # the WSGI handler sets it
        closed = locked.get("/report/", SCRIPT_NAME="/tools")
        assert closed.status_code == 403
        assert 'href="/tools/sign-in/?next=' in closed.content.decode()
        assert locked.get("/sign-in/", SCRIPT_NAME="/tools").status_code == 200


def test_sign_in__redirects_to_the_requested_page(locked: Client) -> None:
    closed = locked.get("/report/?ids=short")
    assert closed.status_code == 403
    assert 'href="/sign-in/?next=%2Freport%2F%3Fids%3Dshort"' in closed.content.decode()
    assert locked.get("/sign-in/").status_code == 200
    response = sign_in(locked, PASSPHRASE, "/sign-in/?next=%2Freport%2F%3Fids%3Dshort")
    assert (response.status_code, response["Location"]) == (302, "/report/?ids=short")
    cookie = response.cookies[COOKIE]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["max-age"] in {8 * 3600 - 1, 8 * 3600}  # whole seconds until the session expires
    assert PASSPHRASE not in cookie.OutputString()
    html = locked.get("/").content.decode()
    assert "Signed in as passphrase user." in html
    assert "Show value" not in html
    assert "Sign in with it." in html
    assert locked.post("/value/").status_code == 403


def test_second_passphrase__shows_values(locked: Client) -> None:
    sign_in(locked, f" {VALUES_PASSPHRASE} ")
    assert "Show value" in locked.get("/").content.decode()
    assert locked.post("/value/").status_code == 200


def test_wrong_passphrase__is_denied(locked: Client) -> None:
    for wrong in ("", "x", PASSPHRASE[:-1], PASSPHRASE.upper(), PASSPHRASE + "x", "\0", "\ufffd"):
        shared(LoginThrottle).reset(ELSEWHERE["REMOTE_ADDR"])
        response = sign_in(locked, wrong)
        assert response.status_code == 403
        assert "Incorrect passphrase." in response.content.decode()
        assert COOKIE not in response.cookies
    assert locked.get("/").status_code == 403


def test_sign_in__requires_a_csrf_token(site: Any) -> None:
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
def test_redirect_after_sign_in__stays_on_this_site(address: str, leads_to: str) -> None:
    assert local_url(address) == leads_to


@pytest.mark.parametrize(
    ("words", "id_"),
    [
        ({}, "E017"),
        ({"KVSITE_PASSPHRASE": "short"}, "E020"),
        ({"KVSITE_PASSPHRASE": "<12 characters or more>"}, "E078"),
    ],
)
def test_no_valid_passphrase_setting__denies_access(site: Any, words: dict[str, str], id_: str) -> None:
    client = site(KVSITE_ACCESS="token", **words)
    response = client.get("/")
    assert response.status_code == 403
    assert "KVSITE_PASSPHRASE=" in response.content.decode()
    for tried in ("", "None", *words.values()):
        assert sign_in(client, tried).status_code == 403
    assert id_ in [problem.id[-4:] for problem in load({**RIGHT, "KVSITE_ACCESS": "token", **words}).problems]


def test_other_access_modes__have_no_sign_in_page(site: Any) -> None:
    assert site(KVSITE_ACCESS="open").get("/sign-in/").status_code == 404


def test_audit_log__records_sign_ins_without_the_passphrase(locked: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="secrets_app.access.audit")
    sign_in(locked, "hunter2 hunter2")
    sign_in(locked, PASSPHRASE)
    lines = [record.getMessage() for record in caplog.records if record.name == "secrets_app.access.audit"]
    assert 'action="sign in" outcome="wrong passphrase"' in lines[0]
    assert 'outcome="signed in"' in lines[1]
    assert 'address="203.0.113.9"' in lines[1]
    assert "hunter2" not in caplog.text
    assert PASSPHRASE not in caplog.text


def test_pages_and_log__contain_no_passphrase(locked: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    sign_in(locked, VALUES_PASSPHRASE)
    paths = ("/", "/api/reading", "/environment/", "/report/", "/sign-in/", "/nothing", "/?x=1")
    shown = "".join(locked.get(path).content.decode() for path in paths) + caplog.text
    shown += repr(conf.current()) + locked.cookies.output()
    assert PASSPHRASE not in shown
    assert VALUES_PASSPHRASE not in shown


def bearer(client: Client, passphrase: str, path: str = "/api/reading", **more: Any) -> Any:
    return client.get(path, headers={"authorization": f"Bearer {passphrase}"}, **more)


def test_header__a_program_reads_with_either_passphrase_without_a_session(locked: Client) -> None:
    for passphrase in (PASSPHRASE, VALUES_PASSPHRASE):
        response = bearer(locked, passphrase)
        assert response.status_code == 200
        assert COOKIE not in response.cookies
        assert passphrase not in response.content.decode()
    assert locked.get("/api/reading").status_code == 403


def test_header__never_shows_values(locked: Client) -> None:
    headers = {"authorization": f"Bearer {VALUES_PASSPHRASE}"}
    assert "Show value" not in bearer(locked, VALUES_PASSPHRASE, "/").content.decode()
    assert locked.post("/value/", headers=headers).status_code == 403


def test_header__wrong_ones_are_throttled_with_those_of_the_form(locked: Client, caplog: Any) -> None:
    caplog.set_level(logging.INFO, logger="secrets_app.access.audit")
    for number in range(8):
        assert bearer(locked, f"wrong-{number}").status_code == 403
    assert bearer(locked, PASSPHRASE).status_code == 403
    assert sign_in(locked, PASSPHRASE).status_code == 429
    assert 'outcome="wrong passphrase"' in caplog.text
    assert "wrong-0" not in caplog.text


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", f"Basic {PASSPHRASE}", PASSPHRASE, f"Bearer{PASSPHRASE}"])
def test_header__of_another_form_is_ignored(locked: Client, header: str) -> None:
    assert locked.get("/api/reading", headers={"authorization": header}).status_code == 403
    assert sign_in(locked, PASSPHRASE).status_code == 302
