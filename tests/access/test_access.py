"""Who may look: every way in, and everything that tries to look like one."""

import base64
import hashlib
import json
import logging
import os
import runpy
import socket
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from django.contrib.sessions.middleware import SessionMiddleware
from django.core import signing
from django.test import Client, RequestFactory
from django.utils import timezone
from django.utils.crypto import salted_hmac
from hypothesis import given, settings
from hypothesis import strategies as st

from secrets_app import conf
from secrets_app.access import POLICIES
from secrets_app.access.audit import client_address
from secrets_app.access.easy_auth import Person, UnreadableError, person_of
from secrets_app.access.throttle import FREE_ATTEMPTS, MAX_WAIT_S, LoginThrottle
from secrets_app.checks import check_settings
from secrets_app.conf import load
from secrets_app.conf.access import AccessMode
from secrets_app.core import runtime
from secrets_app.core.runtime import shared
from secrets_app.views.login import local_url
from tests.conftest import HERE, World

ROOT = Path(__file__).resolve().parents[2]
RIGHT = {"KEY_VAULT_URI": "https://contoso.vault.azure.net", "SECRET_NAME": "demo"}
ELSEWHERE = {"REMOTE_ADDR": "203.0.113.9"}
BROWSER = {**HERE, "accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
PASSPHRASE = "correct horse battery"
VALUES_PASSPHRASE = "staple and a second horse"
COOKIE = "kvsite_session"
SESSION_SALT = "django.contrib.sessions.backends.signed_cookies"
SESSION_MIDDLEWARE = "django.contrib.sessions.middleware.SessionMiddleware"
ACCESS_MIDDLEWARE = "secrets_app.access.middleware.require_access"
ADA, ADA_ID = "ada@contoso.com", "11111111-2222-4333-8444-555555555555"
OBJECT_ID = "http://schemas.microsoft.com/identity/claims/objectidentifier"


@pytest.fixture
def site(world: World, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """`site(KVSITE_ACCESS="open")` is a browser elsewhere, at a site with these settings."""

    def open_site(*, signs_in: bool = True, csrf: bool = False, **words: str) -> Client:
        world("app-service")
        settings.SECRETS_APP = {**settings.SECRETS_APP, **words}
        settings.PLATFORM_SIGNS_IN = signs_in
        runtime.reset()
        return Client(headers=BROWSER, enforce_csrf_checks=csrf, **ELSEWHERE)  # type: ignore[arg-type]

    return open_site


def principal(*claims: tuple[Any, Any], auth_typ: Any = "aad") -> str:
    document = {"auth_typ": auth_typ, "claims": [{"typ": typ, "val": val} for typ, val in claims]}
    return base64.b64encode(json.dumps(document).encode()).decode()


def headers(name: str = ADA, object_id: str = ADA_ID, idp: str = "aad") -> dict[str, str]:
    """What App Service puts on a request of somebody who signed in."""
    return {
        "X-MS-CLIENT-PRINCIPAL": principal((OBJECT_ID, object_id), ("name", "Ada"), auth_typ=idp),
        "X-MS-CLIENT-PRINCIPAL-ID": object_id,
        "X-MS-CLIENT-PRINCIPAL-NAME": name,
        "X-MS-CLIENT-PRINCIPAL-IDP": idp,
    }


def test_each_way_in_has_one_entry() -> None:
    assert set(POLICIES) == set(AccessMode)


# What is closed


@pytest.mark.parametrize("word", ["Open", "OPEN", "open;", "opened", "easy_auth", "Token", "*"])
def test_a_word_that_is_almost_a_way_in_opens_nothing(site: Any, word: str) -> None:
    assert site(KVSITE_ACCESS=word).get("/").status_code == 403


def test_a_setting_in_other_letters_opens_nothing(site: Any) -> None:
    assert site(kvsite_access="open").get("/").status_code == 403


@pytest.mark.parametrize("access", AccessMode)
def test_the_probes_need_no_way_in(site: Any, access: str) -> None:
    client = site(KVSITE_ACCESS=access, KVSITE_PASSPHRASE=PASSPHRASE)
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").json() == {"ready": True}


PATHS = (
    "/", "/api/reading", "/report/", "/environment/", "/causes/", "/value/", "/sign-out/", "/nothing", "/sign-in",
    "//sign-in/", "/sign-in/../", "/sign-in/%2e%2e/", "/sign-in/x", "/SIGN-IN/", "/healthz/", "/readyz/../",
    "/healthz/..", "/;/sign-in/", "/%00",
)  # fmt: skip


@pytest.mark.parametrize("access", ["loopback", "easy-auth", "token"])
def test_a_stranger_sees_no_page_by_any_path(site: Any, access: str) -> None:
    client = site(KVSITE_ACCESS=access, KVSITE_PASSPHRASE=PASSPHRASE)
    for path in PATHS:
        for response in (client.get(path), client.post(path)):
            assert response.status_code == 403, path
            assert b"kvsite-demo" not in response.content
            assert b"Access denied" in response.content


def test_the_closed_page_gives_the_command_that_opens_it_here(site: Any) -> None:
    html = site().get("/").content.decode()
    assert "az webapp config appsettings set -g &lt;resource-group&gt; -n &lt;name&gt; --settings" in html
    assert "KVSITE_ACCESS=open" in html
    assert "az webapp auth update" in html
    assert "KVSITE_PASSPHRASE=" in html
    assert "resource names are hidden from unauthenticated visitors" in html
    assert "<nav" not in html
    assert "kvsite-demo" not in html  # a stranger is not told the site's name in Azure


@pytest.mark.parametrize(
    ("variables", "command"),
    [
        ({}, "export KVSITE_ACCESS=open"),
        ({"CONTAINER_APP_NAME": "x"}, "az containerapp update"),
        ({"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, "kubectl set env deployment/"),
    ],
)
def test_the_command_is_the_platforms_own(
    site: Any, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], command: str
) -> None:
    client = site()
    monkeypatch.delenv("WEBSITE_SITE_NAME")
    monkeypatch.delenv("IDENTITY_ENDPOINT", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    html = client.get("/").content.decode()
    assert command in html
    assert "az webapp" not in html


def test_programs_get_a_sentence_and_not_a_page(site: Any) -> None:
    client = site()
    curl = client.get("/", headers={"accept": "*/*"})
    assert (curl.status_code, curl["Content-Type"]) == (403, "text/plain; charset=utf-8")
    assert curl.content.decode().startswith("Access denied (KVSITE_ACCESS=loopback).")
    for asked in (client.get("/api/reading"), client.get("/", headers={"accept": "application/json"})):
        assert asked.status_code == 403
        assert asked.json()["setting"] == "KVSITE_ACCESS"
        assert "KVSITE_ACCESS=loopback" in asked.json()["error"]


# easy-auth


def test_easy_auth__who_signed_in_sees_the_page_and_no_value(site: Any) -> None:
    client = site(KVSITE_ACCESS="easy-auth")
    response = client.get("/", headers=headers())
    assert response.status_code == 200
    assert "Show value" not in response.content.decode()
    assert "Your account is not listed in KVSITE_VALUE_PEOPLE." in response.content.decode()
    assert f"Signed in as {ADA} ({ADA_ID})." in response.content.decode()


def test_easy_auth__without_the_platforms_word_its_headers_are_nobodys(site: Any) -> None:
    response = site(KVSITE_ACCESS="easy-auth", signs_in=False).get("/", headers=headers())
    assert response.status_code == 403
    assert "the platform does not report that it is enabled" in response.content.decode()


def test_easy_auth__where_the_platform_signs_nobody_in_the_check_warns(site: Any) -> None:
    site(KVSITE_ACCESS="easy-auth", signs_in=False)
    (warning,) = check_settings()
    assert (warning.id, warning.is_serious()) == ("secrets_app.W026", False)
    assert warning.msg.endswith("the platform does not report that authentication is on. All visitors are denied.")
    site(KVSITE_ACCESS="easy-auth")
    assert check_settings() == []


def test_easy_auth__the_headers_mean_nothing_to_the_other_ways(site: Any) -> None:
    assert site(KVSITE_ACCESS="loopback").get("/", headers=headers()).status_code == 403
    assert site(KVSITE_ACCESS="token", KVSITE_PASSPHRASE=PASSPHRASE).get("/", headers=headers()).status_code == 403


def test_easy_auth__not_even_this_machine_comes_in_unsigned(site: Any) -> None:
    site(KVSITE_ACCESS="easy-auth")
    response = Client(headers=BROWSER).get("/")
    assert response.status_code == 403
    assert "You are not signed in" in response.content.decode()
    assert "/.auth/login/aad" in response.content.decode()


@pytest.mark.parametrize(
    ("people", "sent", "status"),
    [
        (ADA, headers(), 200),
        (ADA_ID.upper(), headers(), 200),
        ("bob@contoso.com, ADA@Contoso.com", headers(), 200),
        ("bob@contoso.com", headers(), 403),
        (ADA, headers(name="bob@contoso.com,ada@contoso.com"), 403),
        (ADA, headers(name="mallory", idp="github", object_id="77"), 403),
        (ADA, headers(name=ADA, idp="github", object_id="77"), 403),
        ("77", headers(name=ADA, idp="github", object_id="77"), 200),
        (ADA_ID, headers(name="x", idp="github", object_id=ADA_ID), 200),
        ("kim@contoso.com", headers(name="\u212aim@contoso.com".encode().decode("latin-1")), 403),
        ("*", headers(), 200),
        ("*, bob@contoso.com", headers(), 403),
        ("ada@contoso.com; bob@contoso.com", headers(), 403),
        (",", headers(), 403),
    ],
)
def test_easy_auth__people_says_who(site: Any, people: str, sent: dict[str, str], status: int) -> None:
    assert site(KVSITE_ACCESS="easy-auth", KVSITE_PEOPLE=people).get("/", headers=sent).status_code == status


def test_easy_auth__who_is_listed_for_values_sees_them(site: Any) -> None:
    client = site(KVSITE_ACCESS="easy-auth", KVSITE_VALUE_PEOPLE=ADA_ID)
    assert "Show value" in client.get("/", headers=headers()).content.decode()
    assert client.post("/value/", headers=headers()).status_code == 200
    assert client.post("/value/", headers=headers(name="bob@contoso.com", object_id="2")).status_code == 403


def test_easy_auth__who_may_not_look_sees_no_value_either(site: Any) -> None:
    client = site(KVSITE_ACCESS="easy-auth", KVSITE_PEOPLE="bob@contoso.com", KVSITE_VALUE_PEOPLE=ADA)
    assert client.post("/value/", headers=headers()).status_code == 403


MALFORMED = {
    "no base64": "!!!",
    "no JSON": base64.b64encode(b"{").decode(),
    "no UTF-8": base64.b64encode(b"\xff\xfe\xfa").decode(),
    "a list": base64.b64encode(b"[]").decode(),
    "a number": base64.b64encode(b"7").decode(),
    "null": base64.b64encode(b"null").decode(),
    "nested without end": base64.b64encode(b"[" * 100_000).decode(),
    "an endless number": base64.b64encode(b"1" * 10_000).decode(),
    "claims no list": base64.b64encode(b'{"auth_typ": "aad", "claims": {"oid": "x"}}').decode(),
    "claims no objects": base64.b64encode(b'{"auth_typ": "aad", "claims": ["oid"]}').decode(),
    "provider no text": principal((OBJECT_ID, "x"), auth_typ=["aad"]),
    "two object ids": principal((OBJECT_ID, ADA_ID), ("oid", "another")),
    "nobody": principal(),
}


@pytest.mark.parametrize("sent", MALFORMED.values(), ids=MALFORMED)
def test_easy_auth__a_malformed_principal_is_refused(site: Any, sent: str) -> None:
    client = site(KVSITE_ACCESS="easy-auth", KVSITE_VALUE_PEOPLE=ADA)
    assert client.get("/", headers={"X-MS-CLIENT-PRINCIPAL": sent}).status_code == 403
    assert client.get("/", headers={"X-MS-CLIENT-PRINCIPAL": sent, "accept": "*/*"}).status_code == 403


@settings(max_examples=50, deadline=None)
@given(st.one_of(st.text(), st.binary().map(lambda raw: base64.b64encode(raw).decode())), st.text(), st.text())
def test_easy_auth__whatever_is_sent_is_a_person_or_nobody(blob: str, name: str, provider: str) -> None:
    sent = {
        "HTTP_X_MS_CLIENT_PRINCIPAL": blob,
        "HTTP_X_MS_CLIENT_PRINCIPAL_NAME": name,
        "HTTP_X_MS_CLIENT_PRINCIPAL_IDP": provider,
    }
    with suppress(UnreadableError):
        assert not person_of(sent).is_listed_in((ADA_ID,))


def nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(inner) | st.dictionaries(st.sampled_from(["auth_typ", "claims", "typ", "val"]), inner)


@settings(max_examples=40, deadline=None)
@given(st.recursive(st.none() | st.booleans() | st.text(), nested, max_leaves=10))
def test_easy_auth__any_json_is_a_person_or_nobody(document: Any) -> None:
    blob = base64.b64encode(json.dumps(document).encode()).decode()
    with suppress(UnreadableError):
        assert person_of({"HTTP_X_MS_CLIENT_PRINCIPAL": blob}).display_name


def test_nobody_is_in_an_empty_list() -> None:
    assert not Person(display_name=ADA, identifiers=frozenset({ADA})).is_listed_in(())


@pytest.mark.parametrize(
    ("variables", "believed"),
    [
        ({"WEBSITE_AUTH_ENABLED": "True", "WEBSITE_SITE_NAME": "x"}, True),
        ({"WEBSITE_AUTH_ENABLED": "True", "WEBSITE_HOSTNAME": "x.azurewebsites.net"}, True),
        ({"WEBSITE_AUTH_ENABLED": "False", "WEBSITE_SITE_NAME": "x"}, False),
        ({"WEBSITE_AUTH_ENABLED": "1", "WEBSITE_SITE_NAME": "x"}, False),
        ({"WEBSITE_AUTH_ENABLED": "True"}, False),
        ({"WEBSITE_SITE_NAME": "x"}, False),
    ],
)
def test_easy_auth__it_is_the_platform_that_says_it_is_on(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], believed: bool
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert runpy.run_path(str(ROOT / "kvsite" / "settings.py"))["PLATFORM_SIGNS_IN"] is believed


def test_easy_auth__the_server_lets_no_look_alike_of_a_header_through() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    of_the_platform = {"WEBSITE_SITE_NAME": "x", "WEBSITE_AUTH_ENABLED": "True", "KVSITE_ACCESS": "easy-auth"}
    command = [sys.executable, "-m", "gunicorn", "kvsite.wsgi", "--bind", f"127.0.0.1:{port}", "--log-level", "error"]
    with subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **of_the_platform}, stderr=subprocess.DEVNULL
    ) as server:
        try:
            assert status_of(port, ("X-MS-CLIENT-PRINCIPAL-NAME", ADA)) == 200
            assert status_of(port, ("x-ms-client-principal-name", ADA)) == 200
            assert status_of(port, ("X_MS_CLIENT_PRINCIPAL_NAME", ADA)) == 403
            assert status_of(port, ("X-MS_CLIENT-PRINCIPAL-NAME", ADA)) == 403
            assert status_of(port, ("HTTP_X_MS_CLIENT_PRINCIPAL_NAME", ADA)) == 403
            assert status_of(port, *[("X-MS-CLIENT-PRINCIPAL-NAME", name) for name in (ADA, "bob@contoso.com")]) == 403
            # Nobody but the server says where the site is mounted.
            assert status_of(port, ("X-MS-CLIENT-PRINCIPAL-NAME", ADA), ("SCRIPT_NAME", "/nowhere")) == 200
            assert status_of(port, ("X-MS-CLIENT-PRINCIPAL-NAME", ADA), ("PATH_INFO", "/nowhere")) == 200
        finally:
            server.terminate()


def status_of(port: int, *sent: tuple[str, str]) -> int:
    """What a page that asks nobody is answered with; waits for the server to come up."""
    for _ in range(500):
        connection = HTTPConnection("127.0.0.1", port, timeout=10)
        connection.putrequest("GET", "/causes/")
        for name, value in sent:
            connection.putheader(name, value)
        try:
            connection.endheaders()
            return connection.getresponse().status
        except ConnectionRefusedError:
            time.sleep(0.02)
        finally:
            connection.close()
    raise AssertionError("gunicorn did not start")


# token


class OwnSessionMiddleware(SessionMiddleware):
    """As a project with changes of its own has."""


def sign_in(client: Client, passphrase: str, address: str = "/sign-in/", **more: Any) -> Any:
    return client.post(address, {"passphrase": passphrase}, **more)


@pytest.fixture
def locked(site: Any) -> Client:
    """A browser at a site that asks for a pass-phrase."""
    client: Client = site(
        KVSITE_ACCESS="token", KVSITE_PASSPHRASE=PASSPHRASE, KVSITE_VALUES_PASSPHRASE=VALUES_PASSPHRASE
    )
    return client


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
    assert cookie["max-age"] in {8 * 3600 - 1, 8 * 3600}  # whole seconds until the session expires
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
        assert "Wrong passphrase." in response.content.decode()
        assert COOKIE not in response.cookies
    assert locked.get("/").status_code == 403


def test_token__the_cookie_is_for_tls_alone_where_there_is_tls(locked: Client, settings: Any) -> None:
    assert not sign_in(locked, PASSPHRASE).cookies[COOKIE]["secure"]
    assert sign_in(locked, PASSPHRASE, secure=True).cookies[COOKIE]["secure"]
    settings.SESSION_COOKIE_SECURE = True
    assert sign_in(locked, PASSPHRASE).cookies[COOKIE]["secure"]


@pytest.mark.parametrize("setting", ["KVSITE_PASSPHRASE", "SECRET_KEY"])
def test_token__the_session_ends_when_its_passphrase_or_the_secret_key_changes(
    locked: Client, settings: Any, setting: str
) -> None:
    sign_in(locked, PASSPHRASE)
    assert locked.get("/").status_code == 200
    if setting == "SECRET_KEY":
        settings.SECRET_KEY = "another" * 10
    else:
        settings.SECRETS_APP = {**settings.SECRETS_APP, setting: "another pass-phrase"}
    assert locked.get("/").status_code == 403


def test_token__the_session_ends_after_8_hours(locked: Client, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.SESSION_COOKIE_AGE = 14 * 24 * 3600  # Django's default: the sign-in does not depend on it
    signed_in_at = timezone.now()
    sign_in(locked, PASSPHRASE)
    monkeypatch.setattr(timezone, "now", lambda: signed_in_at + timedelta(hours=8, seconds=-1))
    assert locked.get("/").status_code == 200
    monkeypatch.setattr(timezone, "now", lambda: signed_in_at + timedelta(hours=8, seconds=1))
    assert locked.get("/").status_code == 403


def test_token__the_signature_of_the_cookie_expires(locked: Client, settings: Any) -> None:
    assert settings.SESSION_COOKIE_AGE == 8 * 3600
    sign_in(locked, PASSPHRASE)
    settings.SESSION_COOKIE_AGE = -1
    assert locked.get("/").status_code == 403


def test_token__saving_the_session_again_does_not_extend_it(
    locked: Client, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.SESSION_SAVE_EVERY_REQUEST = True
    signed_in_at = timezone.now()
    sign_in(locked, PASSPHRASE)
    monkeypatch.setattr(timezone, "now", lambda: signed_in_at + timedelta(hours=7))
    assert COOKIE in locked.get("/").cookies
    monkeypatch.setattr(timezone, "now", lambda: signed_in_at + timedelta(hours=8, seconds=1))
    assert locked.get("/").status_code == 403


def test_token__a_forged_cookie_is_rejected(locked: Client) -> None:
    sign_in(locked, PASSPHRASE)
    cookie = locked.cookies[COOKIE].value
    word, _, rest = cookie.partition(":")
    other_key = signing.dumps(signing.loads(cookie, salt=SESSION_SALT), key="k" * 50, salt=SESSION_SALT)
    forgeries = [
        "",
        ":",
        "::",
        "view",
        f"VIEW_VALUES:{rest}",
        f"{word}:0:{rest.rpartition(':')[2]}",
        "é:é:é",
        "x" * 4000,
    ]
    for forged in (*forgeries, other_key, cookie[:-1]):
        locked.cookies[COOKIE] = forged
        assert locked.get("/").status_code == 403, forged


def signed(session: dict[str, Any]) -> str:
    """A cookie for `session` with the site's own signature."""
    return signing.dumps(session, salt=SESSION_SALT, compress=True)


def test_token__a_session_is_valid_with_the_role_and_hash_of_the_sign_in_only(locked: Client) -> None:
    sign_in(locked, PASSPHRASE)
    session = signing.loads(locked.cookies[COOKIE].value, salt=SESSION_SALT)
    role, hash_ = "_secrets_app_role", "_secrets_app_passphrase_hash"
    for changed in ({role: "view values"}, {role: "x"}, {role: None}, {role: ["view"]}, {hash_: ""}, {hash_: None}):
        locked.cookies[COOKIE] = signed(session | changed)
        assert locked.get("/").status_code == 403, changed
    locked.cookies[COOKIE] = signed({name: value for name, value in session.items() if name != hash_})
    assert locked.get("/").status_code == 403
    locked.cookies[COOKIE] = signed(session)
    assert locked.get("/").status_code == 200


def test_token__the_cookie_contains_no_hash_that_can_be_computed_without_the_key(locked: Client) -> None:
    sign_in(locked, PASSPHRASE)
    payload = locked.cookies[COOKIE].value.rsplit(":", 2)[0]
    raw = signing.b64_decode(payload.removeprefix(".").encode())
    content = (zlib.decompress(raw) if payload.startswith(".") else raw).decode()
    session = json.loads(content)
    assert set(session) == {"_secrets_app_role", "_secrets_app_passphrase_hash", "_session_expiry"}
    assert PASSPHRASE not in content
    salt = "secrets_app.access.passphrase"
    for key in ("", "x"):
        assert salted_hmac(salt, PASSPHRASE, secret=key, algorithm="sha256").hexdigest() not in content
    for algorithm in ("md5", "sha1", "sha256"):
        assert hashlib.new(algorithm, PASSPHRASE.encode()).hexdigest() not in content
        assert hashlib.new(algorithm, (salt + PASSPHRASE).encode()).hexdigest() not in content


def test_token__signing_in_again_replaces_the_session(locked: Client) -> None:
    sign_in(locked, PASSPHRASE)
    locked.get("/")
    sign_in(locked, VALUES_PASSPHRASE)
    assert locked.post("/value/").status_code == 200
    sign_in(locked, PASSPHRASE)
    assert locked.post("/value/").status_code == 403


@pytest.mark.parametrize("access", AccessMode)
def test_no_cookie_is_set_without_a_sign_in(site: Any, access: str) -> None:
    client = site(KVSITE_ACCESS=access, KVSITE_PASSPHRASE=PASSPHRASE)
    for path in ("/", "/api/reading", "/healthz", "/nothing"):
        assert not client.get(path, headers=headers()).cookies, path
    assert COOKIE not in client.get("/sign-in/", headers=headers()).cookies


def test_token__signing_out_removes_the_cookie(locked: Client) -> None:
    sign_in(locked, PASSPHRASE)
    assert locked.get("/sign-out/").status_code == 405
    response = locked.post("/sign-out/")
    assert response["Location"] == "/sign-in/"
    assert (response.cookies[COOKIE].value, response.cookies[COOKIE]["max-age"]) == ("", 0)
    assert locked.get("/").status_code == 403


@pytest.mark.parametrize("access", ["loopback", "open"])
def test_there_is_no_sign_out_in_other_access_modes(site: Any, access: str) -> None:
    site(KVSITE_ACCESS=access)
    assert Client(headers=BROWSER).post("/sign-out/").status_code == 404


@pytest.mark.parametrize("place", ["missing", "last"])
def test_token__without_session_middleware_access_is_denied_and_the_check_fails(
    site: Any, settings: Any, place: str
) -> None:
    site(KVSITE_ACCESS="token", KVSITE_PASSPHRASE=PASSPHRASE)
    assert check_settings() == []
    others = [path for path in settings.MIDDLEWARE if path != SESSION_MIDDLEWARE]
    settings.MIDDLEWARE = others if place == "missing" else [*others, SESSION_MIDDLEWARE]
    client = site(KVSITE_ACCESS="token", KVSITE_PASSPHRASE=PASSPHRASE)
    for response in (client.get("/"), client.get("/sign-in/"), sign_in(client, PASSPHRASE), client.post("/sign-out/")):
        assert response.status_code == 403
    assert "SessionMiddleware is not enabled" in client.get("/").content.decode()
    (error,) = check_settings()
    assert (error.id, error.is_serious()) == ("secrets_app.E097", True)
    assert SESSION_MIDDLEWARE in error.hint
    assert ACCESS_MIDDLEWARE in error.msg
    site(KVSITE_ACCESS="open")
    settings.SECRETS_APP = {name: text for name, text in settings.SECRETS_APP.items() if name != "KVSITE_PASSPHRASE"}
    assert check_settings() == []
    assert client.get("/").status_code == 200


def test_token__a_subclass_of_session_middleware_is_accepted(site: Any, settings: Any) -> None:
    settings.MIDDLEWARE = [
        f"{__name__}.OwnSessionMiddleware" if path == SESSION_MIDDLEWARE else path for path in settings.MIDDLEWARE
    ]
    client = site(KVSITE_ACCESS="token", KVSITE_PASSPHRASE=PASSPHRASE)
    assert check_settings() == []
    assert sign_in(client, PASSPHRASE).status_code == 302
    assert client.get("/").status_code == 200


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


def test_token__after_wrong_ones_even_the_right_one_has_to_wait(locked: Client) -> None:
    for _ in range(FREE_ATTEMPTS + 1):
        assert sign_in(locked, "wrong").status_code == 403
    response = sign_in(locked, PASSPHRASE)
    assert response.status_code == 429
    assert response["Retry-After"] == "2"
    assert "Try again in 2 seconds" in response.content.decode()
    assert sign_in(locked, PASSPHRASE, REMOTE_ADDR="198.51.100.7").status_code == 302  # somebody else's way is free


def test_token__who_knows_the_first_one_does_not_try_for_the_second_without_end(locked: Client) -> None:
    tried = [sign_in(locked, PASSPHRASE if number % 3 == 2 else "a guess").status_code for number in range(9)]
    assert tried == [403, 403, 302, 403, 403, 302 if FREE_ATTEMPTS > 3 else 429, 429, 429, 429]


def test_token__to_sign_in_rightly_again_and_again_keeps_nobody_waiting(locked: Client) -> None:
    assert [sign_in(locked, PASSPHRASE).status_code for _ in range(FREE_ATTEMPTS + 3)] == [302] * (FREE_ATTEMPTS + 3)


def test_token__on_app_service_another_visitors_wrong_ones_lock_nobody_out(locked: Client, settings: Any) -> None:
    """All requests come from the front end there; it says at the end of the header whom it saw."""
    settings.PLATFORM_PASSES_ON = True
    for number in range(FREE_ATTEMPTS + 1):
        forged = f"203.0.113.{number}, 198.51.100.66:{50_000 + number}"
        assert sign_in(locked, "wrong", headers={"X-Forwarded-For": forged}).status_code == 403
    assert sign_in(locked, "wrong", headers={"X-Forwarded-For": "198.51.100.66:1"}).status_code == 429
    assert sign_in(locked, PASSPHRASE, headers={"X-Forwarded-For": "198.51.100.66, 192.0.2.1:1"}).status_code == 302


def test_token__elsewhere_anybody_could_write_that_header(locked: Client) -> None:
    for number in range(FREE_ATTEMPTS + 1):
        sign_in(locked, "wrong", headers={"X-Forwarded-For": f"203.0.113.{number}"})
    assert sign_in(locked, "wrong", headers={"X-Forwarded-For": "198.51.100.7"}).status_code == 429


@pytest.mark.parametrize(
    ("sent", "address"),
    [
        ("203.0.113.9:50123", "203.0.113.9"),
        ("1.1.1.1, 203.0.113.9", "203.0.113.9"),
        ("[2001:db8::1]:50123", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("1.1.1.1,", "127.0.0.1"),
        ("", "127.0.0.1"),
    ],
)
def test_the_visitors_address_is_the_one_that_the_front_end_saw(settings: Any, sent: str, address: str) -> None:
    settings.PLATFORM_PASSES_ON = True
    assert client_address(RequestFactory().get("/", headers={"X-Forwarded-For": sent})) == address


# Pages of other sites


def from_elsewhere(site: str, mode: str, dest: str) -> dict[str, str]:
    return {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": dest}


@pytest.mark.parametrize("path", ["/token/?scope=https://a.example", "/secret/?name=a", "/identities/", "/?refresh=1"])
@pytest.mark.parametrize(
    "sent",
    [
        from_elsewhere("cross-site", "no-cors", "image"),
        from_elsewhere("same-site", "no-cors", "script"),
        from_elsewhere("cross-site", "navigate", "iframe"),
        from_elsewhere("cross-site", "cors", "empty"),
    ],
)
def test_another_sites_page_cannot_have_the_visitor_ask(world: World, path: str, sent: dict[str, str]) -> None:
    azure = world("app-service")
    refused = Client(headers=HERE | sent).get(path)
    assert (refused.status_code, refused["Content-Security-Policy"][:11]) == (403, "default-src")
    assert "Open this URL directly in the browser" in refused.content.decode()
    assert azure.requests == ()


@pytest.mark.parametrize(
    "sent",
    [
        from_elsewhere("cross-site", "navigate", "document"),
        from_elsewhere("same-origin", "cors", "empty"),
        from_elsewhere("none", "navigate", "document"),
        {},
    ],
)
def test_a_link_that_is_followed_and_our_own_pages_may(world: World, sent: dict[str, str]) -> None:
    world("app-service")
    assert Client(headers=HERE | sent).get("/").status_code == 200


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


# How long to wait


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Iterator[Clock]:
    return Clock()


def test_the_wait_doubles_and_has_an_end(clock: Clock) -> None:
    tries, waits = LoginThrottle(clock), []
    for _ in range(FREE_ATTEMPTS + 12):
        assert tries.check("203.0.113.9") == 0
        wait_s = tries.check("203.0.113.9") if len(waits) >= FREE_ATTEMPTS else 0.0
        waits.append(wait_s)
        clock.now += wait_s
    assert waits[:6] == [0, 0, 0, 2, 4, 8]
    assert waits[-1] == MAX_WAIT_S


def test_a_quiet_hour_forgets_the_wrong_ones(clock: Clock) -> None:
    tries = LoginThrottle(clock)
    for _ in range(FREE_ATTEMPTS + 1):
        tries.check("203.0.113.9")
    assert tries.check("203.0.113.9") == 2
    clock.now += 2 * 3600
    for _ in range(FREE_ATTEMPTS):
        assert tries.check("203.0.113.9") == 0


def test_a_network_of_ipv6_is_one_visitor(clock: Clock) -> None:
    tries = LoginThrottle(clock)
    for number in range(FREE_ATTEMPTS + 1):
        tries.check(f"2001:db8:0:{number:x}::1")
    assert tries.check("2001:db8:0:ff::ffff") > 0
    assert tries.check("2001:db8:1::1") == 0
    assert tries.check("fe80::1%eth0") == tries.check("") == tries.check("no address") == 0


def test_what_is_kept_of_tries_is_bounded(clock: Clock) -> None:
    tries = LoginThrottle(clock)
    for number in range(3000):
        tries.check(f"10.0.{number // 256}.{number % 256}")
    assert len(tries._records) == 1024  # noqa: SLF001 - there is nothing else to see it by


# The settings


@pytest.mark.parametrize(
    ("words", "id_", "said"),
    [
        ({"KVSITE_ACCESS": "easy-auth", "KVSITE_PEOPLE": "ada lovelace"}, "E018", "is not a name or object ID"),
        ({"KVSITE_ACCESS": "easy-auth", "KVSITE_PEOPLE": ","}, "E018", "contains no name"),
        ({"KVSITE_ACCESS": "easy-auth", "KVSITE_VALUE_PEOPLE": "*"}, "E019", "is not a name or object ID"),
        ({"KVSITE_ACCESS": "token", "KVSITE_PASSPHRASE": PASSPHRASE, "KVSITE_VALUES_PASSPHRASE": "short"}, "E021",
         "fewer than 12"),
        ({"KVSITE_ACCESS": "token", "KVSITE_PASSPHRASE": PASSPHRASE, "KVSITE_VALUES_PASSPHRASE": PASSPHRASE}, "E022",
         "the same as KVSITE_PASSPHRASE"),
        ({"KVSITE_VALUES": "Never"}, "E023", "no value is shown"),
        ({"KVSITE_ACCESS": "open", "KVSITE_PASSPHRASE": PASSPHRASE}, "W024", "the access mode is open"),
        ({"KVSITE_PEOPLE": ADA}, "W024", "the access mode is loopback"),
        ({"KVSITE_ACCESS": "Token", "KVSITE_PASSPHRASE": PASSPHRASE}, "E009", "only this machine"),
    ],
)  # fmt: skip
def test_each_mistake_has_its_own_sentence(words: dict[str, str], id_: str, said: str) -> None:
    config = load({**RIGHT, **words})
    assert [problem.id for problem in config.problems] == [f"secrets_app.{id_}"]
    assert said in config.problems[0].sentence
    assert PASSPHRASE not in f"{config!r} {config.problems}"


def test_a_mistake_closes_and_never_opens() -> None:
    assert load({**RIGHT, "KVSITE_ACCESS": "easy-auth", "KVSITE_PEOPLE": "a b"}).people == ()
    assert load({**RIGHT, "KVSITE_VALUES": "off"}).shows_values is False
    assert load(RIGHT).people == ("*",)
    assert load(RIGHT).shows_values is True
