"""A page whose answer takes long: the head and the waiting picture first, the answer in the same response."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from localazure import Fault, FaultInjection
from secrets_app.core import runtime
from secrets_app.views import streaming
from tests.conftest import HERE, World, open_link

SILENCE = FaultInjection(fault=Fault.SILENCE)


@pytest.fixture(autouse=True)
def _short_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "WAIT_S", 0.03)
    monkeypatch.setattr(streaming, "TICK_S", 0.2)


@pytest.fixture
def silent(world: World, settings: Any) -> None:
    world("app-service", faults={"keyvault": SILENCE})
    settings.SECRETS_APP["KVSITE_DEADLINE_S"] = "1"


def chunks(response: Any) -> Iterator[str]:
    return (chunk.decode() for chunk in response.streaming_content)


@pytest.mark.parametrize("path", ["/", "/secret/"])
def test_silent_vault__the_picture_comes_before_the_answer(client: Client, silent: None, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 200
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert response.headers["Cache-Control"] == "no-store"
    parts = chunks(response)
    first = next(parts)
    assert "</header>" in first
    assert '<section class="waiting"' in first
    assert re.search(r"[24] of 5, [\w ]+: waiting", first)
    assert '<section class="answer' not in first
    rest = list(parts)
    assert sum('class="waiting"' in part for part in rest) >= 2  # the seconds left are updated
    whole = first + "".join(rest)
    assert whole.count('<section class="answer is-no"') == 1
    assert "no response" in whole
    assert whole.rstrip().endswith("</html>")
    assert "</main>" in whole
    assert 'data-title="NO: no response"' in whole


SCOPE = "https://management.azure.com"
SLOW_PAGES = {
    f"/token/?scope={SCOPE}": ("imds-silent", {}, "Requesting a token", '<section class="answer is-no"'),
    "/token-vault/": ("token-vault", {"token-vault": SILENCE}, "Reading the token from Token Vault", "is-no"),
    "/environment/": ("app-service", {"keyvault": SILENCE}, "Checking this machine", 'class="checks is-unknown"'),
    "/report/": ("app-service", {"keyvault": SILENCE}, "Writing the report", 'class="command report"'),
}


@pytest.mark.parametrize("path", SLOW_PAGES)
def test_slow_page__its_frame_comes_before_the_answer(client: Client, world: World, settings: Any, path: str) -> None:
    scenario, faults, title, answer = SLOW_PAGES[path]
    world(scenario, faults=faults)
    settings.SECRETS_APP["KVSITE_DEADLINE_S"] = "1"
    parts = chunks(client.get(path))
    first = next(parts)
    assert f"<h1>{title}</h1>" in first
    assert answer not in first
    rest = "".join(parts)
    assert answer in rest
    assert rest.rstrip().endswith("</html>")
    html = first + rest
    assert html.count('id="headline"') == 1
    assert html.count("<h1 ") == 1  # those that are hidden now have no attributes


@pytest.mark.parametrize("path", [f"/token/?scope={SCOPE}", "/token-vault/", "/environment/", "/report/"])
def test_streamed_page__has_what_the_whole_page_has(
    client: Client, world: World, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    world("token-vault")
    monkeypatch.setattr(streaming, "WAIT_S", 60.0)
    whole = client.get(path).content.decode()
    runtime.reset()  # nothing is cached
    monkeypatch.setattr(streaming, "WAIT_S", 0.0)
    streamed = "".join(chunks(client.get(path)))
    headings = re.compile(r"<h[12] id=[^>]*>[^<]*")
    assert headings.findall(whole)
    assert set(headings.findall(whole)) == set(headings.findall(streamed))


def test_token_vault__streamed_form_works(world: World, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    world("token-vault")
    vault = "https://contoso.westcentralus.tokenvault.azure.net"
    settings.SECRETS_APP |= {"KVSITE_TOKEN_VAULT_URL": vault, "KVSITE_TOKEN_VAULT_TOKEN": "new"}
    monkeypatch.setattr(streaming, "WAIT_S", 0.0)
    visitor = Client(headers=HERE, enforce_csrf_checks=True)
    page = visitor.get("/token-vault/")
    assert "csrftoken" in page.cookies
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', "".join(chunks(page)))
    assert token
    created = visitor.post("/token-vault/", {"csrfmiddlewaretoken": token[1]})
    assert created.status_code == 200
    assert "just created" in "".join(chunks(created))


def test_fast_answer__is_sent_whole(client: Client, world: World) -> None:
    world("app-service")
    client.get("/readyz")  # the token is cached and the connection open
    for _ in range(20):
        response = client.get("/")
        if not response.streaming:
            break
    assert not response.streaming
    assert "<title>YES: demo · Principal Used</title>" in response.content.decode()
    assert 'class="waiting"' not in response.content.decode()


def test_streamed_page__has_the_same_answer(client: Client, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world("no-role")
    monkeypatch.setattr(streaming, "WAIT_S", 0.0)
    streamed = "".join(chunks(client.get("/?refresh=1")))
    monkeypatch.setattr(streaming, "WAIT_S", 60.0)
    whole = client.get("/").content.decode()
    for part in ('class="hops"', "How to fix", "az role assignment create", "Credential chain", "Full error"):
        assert part in streamed
        assert part in whole
    assert "kvsite-demo cannot read the secret demo." in streamed


def test_streamed_form__has_the_cookie_and_the_token(client: Client, world: World, monkeypatch: Any) -> None:
    azure = world("app-service")
    monkeypatch.setattr(streaming, "WAIT_S", 0.0)
    visitor = Client(headers=HERE, enforce_csrf_checks=True)
    open_link(visitor)
    response = visitor.get("/")
    assert "csrftoken" in response.cookies
    html = "".join(chunks(response))
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', html)
    assert token
    assert azure.secret_value not in html
    assert azure.secret_value in visitor.post("/value/", {"csrfmiddlewaretoken": token[1]}).content.decode()


def test_closed_connection__ends_the_generator(client: Client, silent: None) -> None:
    page = client.get("/")._iterator  # type: ignore[attr-defined]  # noqa: SLF001 - the response has no other name for it
    next(page)
    page.close()  # what the server does when a write fails; the page writes at least once a tick
    with pytest.raises(StopIteration):
        next(page)
    client.get("/readyz")  # joins the reading, which goes on for other visitors, so that it ends with the test


@pytest.mark.parametrize("path", ["/readyz", "/api/reading"])
def test_probe_and_json__are_whole(client: Client, silent: None, path: str) -> None:
    assert not client.get(path).streaming


def test_watching_page__is_whole_and_reloads(client: Client, world: World) -> None:
    world("no-role")
    response = client.get("/?watch=90")
    assert not response.streaming
    html = response.content.decode()
    assert '<meta http-equiv="refresh" content="10; url=/?watch=89">' in html
    assert "<title>Watching: NO: 403 ForbiddenByRbac · Principal Used</title>" in html
    assert "for another 15 minutes" in html


def test_watching_page__stops_when_the_secret_is_read(client: Client, world: World) -> None:
    azure = world("no-role")
    assert "http-equiv" in client.get("/?watch=3").content.decode()
    azure.grant(azure.scenario.identities[0])
    html = client.get("/?watch=2").content.decode()
    assert "<title>YES: demo · Principal Used</title>" in html
    assert "http-equiv" not in html


@pytest.mark.parametrize("watch", ["91", "-1", "x", "9999999999", "１"])
def test_invalid_watch__is_400(client: Client, world: World, watch: str) -> None:
    world("app-service")
    assert client.get("/", {"watch": watch}).status_code == 400
