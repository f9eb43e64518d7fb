"""The session of the passphrase sign-in: its cookie, its end, and sign-out."""

import hashlib
import json
import zlib
from datetime import timedelta
from typing import Any

import pytest
from django.core import signing
from django.test import Client
from django.utils import timezone
from django.utils.crypto import salted_hmac

from secrets_app.access import session
from secrets_app.conf.access import AccessMode
from tests.support.access_requests import BROWSER, COOKIE, PASSPHRASE, VALUES_PASSPHRASE, headers, sign_in

SESSION_SALT = "django.contrib.sessions.backends.signed_cookies"


def test_cookie__is_secure_over_tls(locked: Client, settings: Any) -> None:
    assert not sign_in(locked, PASSPHRASE).cookies[COOKIE]["secure"]
    assert sign_in(locked, PASSPHRASE, secure=True).cookies[f"__Host-{COOKIE}"]["secure"]
    settings.SESSION_COOKIE_SECURE = True
    assert sign_in(locked, PASSPHRASE).cookies[COOKIE]["secure"]


@pytest.mark.parametrize("setting", ["KVSITE_PASSPHRASE", "SECRET_KEY"])
def test_session__ends_when_its_passphrase_or_the_secret_key_changes(
    locked: Client, settings: Any, setting: str
) -> None:
    sign_in(locked, PASSPHRASE)
    assert locked.get("/").status_code == 200
    if setting == "SECRET_KEY":
        settings.SECRET_KEY = "another" * 10
    else:
        settings.SECRETS_APP = {**settings.SECRETS_APP, setting: "another passphrase"}
    assert locked.get("/").status_code == 403


def test_session__ends_after_8_hours(locked: Client, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.SESSION_COOKIE_AGE = 14 * 24 * 3600  # Django's default: the sign-in does not depend on it
    signed_in_at = timezone.now()
    sign_in(locked, PASSPHRASE)
    monkeypatch.setattr(timezone, "now", lambda: signed_in_at + timedelta(hours=8, seconds=-1))
    assert locked.get("/").status_code == 200
    monkeypatch.setattr(timezone, "now", lambda: signed_in_at + timedelta(hours=8, seconds=1))
    assert locked.get("/").status_code == 403


def test_cookie_signature__expires(locked: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    sign_in(locked, PASSPHRASE)
    assert locked.get("/").status_code == 200
    monkeypatch.setattr(session._Session, "get_session_cookie_age", lambda _: -1)  # noqa: SLF001
    assert locked.get("/").status_code == 403


def test_session__is_not_the_one_of_the_project(locked: Client, settings: Any) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.contrib.sessions.middleware.SessionMiddleware"]
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.db"  # without a database, each use of it would fail
    assert sign_in(locked, PASSPHRASE).status_code == 302
    assert locked.get("/").status_code == 200
    assert locked.post("/sign-out/").status_code == 302


def test_forged_cookie__is_rejected(locked: Client) -> None:
    sign_in(locked, PASSPHRASE)
    cookie = locked.cookies[COOKIE].value
    word, _, rest = cookie.partition(":")
    other_key = signing.dumps(signing.loads(cookie, salt=SESSION_SALT), key="k" * 50, salt=SESSION_SALT)
    resigned = f"{word}:0:{rest.rpartition(':')[2]}"
    forgeries = ["", ":", "::", "view", f"VIEW_VALUES:{rest}", resigned, "é:é:é", "x" * 4000, other_key, cookie[:-1]]
    for forged in forgeries:
        locked.cookies[COOKIE] = forged
        assert locked.get("/").status_code == 403, forged


def signed(session: dict[str, Any]) -> str:
    """A cookie for `session` with the site's own signature."""
    return signing.dumps(session, salt=SESSION_SALT, compress=True)


def test_session__is_valid_with_the_role_and_hash_of_the_sign_in_only(locked: Client) -> None:
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


def test_cookie__contains_no_hash_that_can_be_computed_without_the_key(locked: Client) -> None:
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


def test_signing_in_again__replaces_the_session(locked: Client) -> None:
    sign_in(locked, PASSPHRASE)
    locked.get("/")
    sign_in(locked, VALUES_PASSPHRASE)
    assert locked.post("/value/").status_code == 200
    sign_in(locked, PASSPHRASE)
    assert locked.post("/value/").status_code == 403


@pytest.mark.parametrize("access", AccessMode)
def test_no_sign_in__sets_no_cookie(site: Any, access: str) -> None:
    client = site(KVSITE_ACCESS=access, KVSITE_PASSPHRASE=PASSPHRASE)
    for path in ("/", "/api/reading", "/healthz", "/nothing"):
        assert not client.get(path, headers=headers()).cookies, path
    assert COOKIE not in client.get("/sign-in/", headers=headers()).cookies


def test_signing_out__removes_the_cookie(locked: Client) -> None:
    sign_in(locked, PASSPHRASE)
    assert locked.get("/sign-out/").status_code == 405
    response = locked.post("/sign-out/")
    assert response["Location"] == "/sign-in/"
    assert (response.cookies[COOKIE].value, response.cookies[COOKIE]["max-age"]) == ("", 0)
    assert locked.get("/").status_code == 403


@pytest.mark.parametrize("access", ["open"])
def test_other_access_modes__have_no_sign_out(site: Any, access: str) -> None:
    site(KVSITE_ACCESS=access)
    assert Client(headers=BROWSER).post("/sign-out/").status_code == 404
