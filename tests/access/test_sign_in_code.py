"""`loopback`: a visitor on this machine sees the pages, and values only with the code that the start prints."""

import logging
import os
import re
import subprocess
import sys
import urllib.request
from http.cookiejar import CookieJar
from typing import Any

import pytest
from django.test import Client

from localazure import LocalAzure
from secrets_app import conf
from tests.conftest import HERE, World, open_link
from tests.support.access_requests import BROWSER, ROOT
from tests.support.scenario_visits import SIGN_IN_CODE


def test_without_the_code__pages_are_shown__values_are_not(client: Client, world: World) -> None:
    azure = world("app-service")
    html = client.get("/secret/").content.decode()
    assert "Enter the code that this site printed when it started" in html
    assert 'href="/sign-in/?next=/secret/">Enter code</a>' in html
    response = client.post("/value/")
    assert response.status_code == 403
    assert azure.secret_value not in response.content.decode()


def test_link__becomes_a_cookie_that_shows_values(client: Client, world: World) -> None:
    azure = world("app-service")
    response = open_link(client)
    assert (response.status_code, response["Location"]) == (302, "/")
    cookie = response.cookies["kvsite_session"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert SIGN_IN_CODE not in str(response.cookies)
    assert azure.secret_value in client.post("/value/").content.decode()
    assert client.post("/sign-out/")["Location"] == "/sign-in/"
    assert client.post("/value/").status_code == 403


def test_form__takes_the_code_too(client: Client, world: World) -> None:
    world("app-service")
    assert "Enter the code that this site printed" in client.get("/sign-in/").content.decode()
    response = client.post("/sign-in/?next=/secret/", {"passphrase": f" {SIGN_IN_CODE} "})
    assert response["Location"] == "/secret/"
    assert client.post("/value/").status_code == 200


@pytest.mark.parametrize("code", ["", "wrong", SIGN_IN_CODE[:-1], f"{SIGN_IN_CODE}x", SIGN_IN_CODE.upper(), "\0"])
def test_wrong_code__gives_nothing(client: Client, world: World, caplog: pytest.LogCaptureFixture, code: str) -> None:
    world("app-service")
    with caplog.at_level(logging.INFO):
        assert open_link(client, code).status_code == (403 if code else 200)
    assert client.post("/value/").status_code == 403
    assert SIGN_IN_CODE not in caplog.text


def test_code_of_an_earlier_start__is_over(client: Client, world: World, settings: Any) -> None:
    world("app-service")
    open_link(client)
    settings.SECRETS_APP["KVSITE_SIGN_IN_CODE"] = "the-code-of-the-next-start"
    assert client.post("/value/").status_code == 403
    assert open_link(client).status_code == 403


def test_head__does_not_sign_in(client: Client, world: World) -> None:
    world("app-service")
    client.head(f"/sign-in/?code={SIGN_IN_CODE}")
    assert client.post("/value/").status_code == 403


@pytest.mark.parametrize("sent", [{"host": "kv.example.org"}, {"X-Forwarded-For": "203.0.113.9"}])
def test_remote_visitor__cannot_sign_in(world: World, sent: dict[str, str]) -> None:
    world("app-service")
    remote = Client(headers={**BROWSER, **sent}, raise_request_exception=False)
    assert open_link(remote).status_code in {400, 403}
    assert not remote.cookies


def test_values_never__offers_no_sign_in(client: Client, world: World, settings: Any) -> None:
    world("app-service")
    settings.SECRETS_APP["KVSITE_VALUES"] = "never"
    open_link(client)
    assert "Enter code" not in client.get("/secret/").content.decode()
    assert client.post("/value/").status_code == 403


@pytest.mark.parametrize("code", ["tiny-code", "with a space in it", "x" * 15, "<the code of an example>"])
def test_invalid_code__is_reported_and_opens_nothing(client: Client, world: World, settings: Any, code: str) -> None:
    world("app-service")
    settings.SECRETS_APP["KVSITE_SIGN_IN_CODE"] = code
    assert [problem.id for problem in conf.current().problems] == ["secrets_app.E099"]
    assert code not in str(conf.current().problems)
    assert open_link(client, code).status_code == 403


def test_code__is_on_no_page(client: Client, world: World) -> None:
    world("app-service")
    open_link(client)
    pages = [client.get(path).content.decode() for path in ("/", "/secret/", "/environment/", "/sign-in/", "/report/")]
    assert SIGN_IN_CODE not in "".join(pages)


LINK = re.compile(r"To see secret values, open (http://127\.0\.0\.1:\d+)(/sign-in/\?code=[\w-]{32})\n")


@pytest.mark.program
def test_gunicorn__prints_one_link_that_is_valid_for_all_workers() -> None:
    with LocalAzure("app-service") as azure:
        command = [sys.executable, "-m", "gunicorn", "kvsite.wsgi", "--bind", "127.0.0.1:0", "--workers", "2"]
        with subprocess.Popen(
            command, env=azure.env, cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
        ) as process:
            assert process.stderr
            line = next(line for line in process.stderr if LINK.fullmatch(line))
            found = LINK.fullmatch(line)
            assert found
            url, path = found[1], found[2]
            opener = urllib.request.build_opener(
                urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(CookieJar())
            )
            opener.open(f"{url}{path}", timeout=30).read()
            for _ in range(8):
                html = opener.open(f"{url}/secret/", timeout=30).read().decode()
                assert "Signed in as local user." in html
            process.terminate()
            assert path.partition("=")[2] not in process.stderr.read()


@pytest.mark.program
def test_environment_of_this_process__has_the_code_of_the_start() -> None:
    """Set by kvsite/settings.py, so that a process that this one starts has the same."""
    code = "import os, django.conf as c; c.settings.DEBUG; print(os.environ['KVSITE_SIGN_IN_CODE'])"
    environ = {**os.environ, "DJANGO_SETTINGS_MODULE": "kvsite.settings"}
    first, second = (
        subprocess.run([sys.executable, "-c", code], env=environ, cwd=ROOT, check=True, capture_output=True).stdout
        for _ in range(2)
    )
    assert len(first.strip()) == 32
    assert first != second


def test_trusted_proxy__shows_who_is_local(world: World, settings: Any) -> None:
    """A proxy on this machine, named in KVSITE_TRUSTED_PROXIES, adds the address of its client."""
    world("app-service")

    def status(**sent: str) -> int:
        return Client(headers={**HERE, **sent}).get("/").status_code

    forwarded = {"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": "http", "Via": "1.1 proxy"}
    assert status(**forwarded) == 403
    settings.SECRETS_APP["KVSITE_TRUSTED_PROXIES"] = "127.0.0.1, 10.0.0.0/8"
    assert status(**forwarded) == 200
    assert status(**{"X-Forwarded-For": "127.0.0.1, 10.1.2.3"}) == 200
    for sent in ("203.0.113.9", "127.0.0.1, 203.0.113.9", "unknown", "", "127.0.0.1, unknown", "203.0.113.9, 10.1.2.3"):
        assert status(**{"X-Forwarded-For": sent}) == 403, sent
    assert status() == 403  # the proxy did not add the header, so the visitor is unknown
    assert status(**{**forwarded, "host": "kv.example.org"}) in {400, 403}
