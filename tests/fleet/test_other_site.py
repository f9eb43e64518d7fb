"""Other Principal Used sites as targets: a real site over HTTP, and servers that answer with something else."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import jwt
import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
from django.test import Client

from fleet import other_site
from fleet.checking import check
from fleet.description import InvalidTargetError, describe
from fleet.models import Target
from fleet.recording import record
from fleet.storing import store
from localazure.crypto.tokens import verify
from tests.conftest import World

PASSPHRASE = "correct horse battery staple"
OTHER_ID = "11111111-1111-4111-8111-111111111111"


class Quiet(WSGIRequestHandler):
    def log_message(self, *_args: Any) -> None: ...


@contextmanager
def running(server: Any) -> Iterator[str]:
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def site(settings: Any, world: World) -> Iterator[str]:
    """This site itself, with a passphrase, in a scenario without a role."""
    world("no-role")
    settings.SECRETS_APP = {**settings.SECRETS_APP, "KVSITE_ACCESS": "token", "KVSITE_PASSPHRASE": PASSPHRASE}
    with running(make_server("127.0.0.1", 0, WSGIHandler(), handler_class=Quiet)) as url:
        yield url


@pytest.fixture
def answering() -> Iterator[Callable[..., str]]:
    """`answering(200, b"...")` starts a server with that answer and returns its address."""
    with ExitStack() as servers:

        def start(status: int, body: bytes, **headers: str) -> str:
            class Handler(BaseHTTPRequestHandler):
                def do_GET(self) -> None:
                    assert self.path == "/api/reading"
                    self.send_response(status)
                    for name, value in headers.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(body)

                def log_message(self, *_args: Any) -> None: ...

            return servers.enter_context(running(ThreadingHTTPServer(("127.0.0.1", 0), Handler)))

        yield start


AUDIENCE = "api://payroll-site"
SEED = f"""
[[application]]
name = "payroll-site"
identifier-uri = "{AUDIENCE}"
"""


@pytest.fixture
def behind_sign_in() -> Iterator[Callable[..., str]]:
    """`behind_sign_in(reading)` starts a server that checks tokens as App Service authentication does."""
    with ExitStack() as servers:

        def start(reading: bytes, audience: str = AUDIENCE, *, allowed: bool = True) -> str:
            class Handler(BaseHTTPRequestHandler):
                def do_GET(self) -> None:
                    status, location = self.check()
                    self.send_response(status)
                    if location:
                        self.send_header("Location", location)
                    self.end_headers()
                    self.wfile.write(reading if status == 200 else b"")

                def check(self) -> tuple[int, str]:
                    scheme, _, token = self.headers.get("Authorization", "").partition(" ")
                    if scheme != "Bearer":
                        return 302, "/.auth/login/aad?post_login_redirect_uri=%2Fapi%2Freading"
                    try:
                        claims = verify(token)
                    except jwt.InvalidTokenError:
                        return 401, ""
                    return (200 if allowed else 403, "") if claims["aud"] == audience else (401, "")

                def log_message(self, *_args: Any) -> None: ...

            return servers.enter_context(running(ThreadingHTTPServer(("127.0.0.1", 0), Handler)))

        yield start


def target_of(url: str, **more: Any) -> Target:
    described = describe({"name": "other", "site": url, **more})
    store([described])
    return Target.objects.get(name=described.name)


@pytest.mark.django_db
def test_site__its_own_reading_with_the_referenced_passphrase(site: str) -> None:
    target = target_of(site, token="env:OTHER_SITE")
    found = check(target, {"OTHER_SITE": PASSPHRASE})
    assert (found.ok, found.cause, found.result) == (False, "kv_rbac_denied", "403 ForbiddenByRbac")
    assert (found.state, found.principal_name) == ("refused", "kvsite-demo")
    record(target.pk, found)
    target.refresh_from_db()
    assert target.vault_url.endswith(".vault.azure.net")
    assert target.secret_name == "demo"
    assert PASSPHRASE not in str(list(Target.objects.values()))
    store([describe({"name": "other", "site": site})])
    assert Target.objects.get(name="other").ok is False  # the same address: its history continues


@pytest.mark.django_db
@pytest.mark.parametrize("environ", [{"OTHER_SITE": "wrong"}, {"OTHER_SITE": ""}])
def test_site__without_the_passphrase_it_is_not_reachable(site: str, environ: dict[str, str]) -> None:
    found = check(target_of(site, **({"token": "env:OTHER_SITE"} if environ["OTHER_SITE"] else {})), environ)
    assert (found.state, found.result) == ("unreachable", "403 SiteAccessDenied")


@pytest.mark.django_db
def test_reference_that_is_not_set__is_an_invalid_setting(site: str) -> None:
    assert check(target_of(site, token="env:NOT_SET"), {}).state == "invalid"


@pytest.mark.django_db
def test_expected_principal__of_another_site(world: World, client: Client, answering: Callable[..., str]) -> None:
    world("app-service")
    reading = client.get("/api/reading").content
    principal = json.loads(reading)["principal"]
    url = answering(200, reading)
    assert check(target_of(url, expected_object_id=principal["object_id"]), {}).state == "readable"
    found = check(target_of(url, expected_object_id=OTHER_ID), {})
    assert (found.ok, found.state, found.cause) == (False, "unexpected", "unexpected_principal")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("status", "body", "result"),
    [
        (302, b"", "302 Redirect"),
        (500, b"broken", "500 SiteError"),
        (200, b"<html>", "NotAReading"),
        (200, b"[" * 100_000, "NotAReading"),
        (200, b'{"ok": true, "attempts": [], "principal": "me"}', "NotAReading"),
        (200, b'{"ok": "yes", "attempts": []}', "NotAReading"),
        (200, b'{"ok": true}', "NotAReading"),
        (200, b'{"ok": true, "attempts": []}' + b" " * 200_000, "NotAReading"),
        (200, b"x" * 3_000_000, "ResponseTooLargeError"),
    ],
)
def test_other_answers__are_not_a_reading(answering: Callable[..., str], status: int, body: bytes, result: str) -> None:
    found = check(target_of(answering(status, body, Location="http://127.0.0.1:1/api/reading")), {})
    assert (found.ok, found.state, found.result) == (False, "unreachable", result)


@pytest.mark.django_db
def test_reading_of_another_version__unknown_keys_and_values_are_accepted(answering: Callable[..., str]) -> None:
    document = {
        "ok": True,
        "attempts": [],
        "new": 1,
        "principal": {"type": "Agent", "kind": "new_kind", "name": "x" * 999},
    }
    found = check(target_of(answering(200, json.dumps(document).encode())), {})
    assert (found.ok, found.principal_type, len(found.principal_name)) == (True, "Agent", 200)


@pytest.mark.django_db
def test_token_in_an_answer__is_not_kept(answering: Callable[..., str]) -> None:
    token = "eyJ" + "hbGciOiJSUzI1NiJ9." * 3
    document = {"ok": False, "attempts": [], "failure": {"stage": "vault", "code": token, "status": 403, "message": ""}}
    found = check(target_of(answering(200, json.dumps(document).encode())), {})
    assert "hbGciOi" not in str(found)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "on", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"]
)
def test_expiry_at_the_ends_of_time__is_recorded_and_shown(
    client: Client, world: World, answering: Callable[..., str], on: str
) -> None:
    world("app-service")
    target = target_of(answering(200, json.dumps({"ok": True, "attempts": [], "secret": {"expires_on": on}}).encode()))
    record(target.pk, check(target, {}))
    for url in ("/fleet/", "/api/fleet", f"/history/?target={target.pk}"):
        assert client.get(url).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("cause", ["no such/cause", "<script>", "../../x", "x" * 65])
def test_cause_that_is_no_key__is_dropped_and_breaks_no_page(
    client: Client, world: World, answering: Callable[..., str], cause: str
) -> None:
    world("app-service")
    document = {"ok": False, "attempts": [], "hints": [{"cause": cause}], "failure": {"stage": "vault", "status": 403}}
    target = target_of(answering(200, json.dumps(document).encode()))
    found = check(target, {})
    assert (found.cause, found.result) == ("", "403")
    record(target.pk, found)
    for url in ("/fleet/", f"/history/?target={target.pk}"):
        assert client.get(url).status_code == 200


@pytest.mark.django_db
def test_silent_site__ends_by_the_deadline(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(other_site, "_MARGIN_S", 0.0)
    settings.SECRETS_APP = {"KVSITE_DEADLINE_S": "1"}
    released = threading.Event()

    class Drips(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            while not released.wait(0.05):
                try:
                    self.wfile.write(b" ")
                except OSError:
                    return

        def log_message(self, *_args: Any) -> None: ...

    with running(ThreadingHTTPServer(("127.0.0.1", 0), Drips)) as url:
        try:
            found = check(target_of(url), {})
        finally:
            released.set()
    assert (found.state, found.stage, found.result) == ("unreachable", "deadline", "Timeout")


READING = json.dumps({"ok": True, "attempts": [], "principal": {"type": "App", "name": "payroll-app"}}).encode()


@pytest.mark.django_db
def test_sign_in__a_token_for_the_audience_opens_the_site(
    world: World, client: Client, behind_sign_in: Callable[..., str], caplog: pytest.LogCaptureFixture
) -> None:
    azure = world("app-service", seed=SEED)
    target = target_of(behind_sign_in(READING), audience=AUDIENCE)
    assert target.settings == {"audience": AUDIENCE}
    for _ in range(2):
        found = check(target, {})
        assert (found.ok, found.principal_name) == (True, "payroll-app")
    [token] = [token for token in azure.tokens if token.audience == AUDIENCE]
    record(target.pk, found)
    page = client.get(f"/history/?target={target.pk}").content.decode()
    assert AUDIENCE in page
    assert token.text not in page + str(list(Target.objects.values())) + caplog.text + repr(found)


@pytest.mark.django_db
def test_sign_in__each_refusal_says_what_to_do(
    world: World, client: Client, behind_sign_in: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    world("app-service", seed=SEED)
    servers = behind_sign_in(READING), behind_sign_in(READING, "api://other"), behind_sign_in(READING, allowed=False)
    without, refused, not_allowed = (
        target_of(server, name=name, **more)
        for server, name, more in zip(
            servers, ("without", "refused", "not allowed"), ({}, {"audience": AUDIENCE}, {"audience": AUDIENCE}),
            strict=True,
        )
    )  # fmt: skip
    expected = {
        without: ("302 SignInRequired", "", "Set audience to its application ID URI"),
        refused: ("401 TokenRefused", "kvsite-demo", "must allow this audience and tenant"),
        not_allowed: ("403 IdentityNotAllowed", "kvsite-demo", "add its object ID to KVSITE_PEOPLE there"),
    }
    for target, (result, principal, advice) in expected.items():
        found = check(target, {})
        assert (found.result, found.state, found.principal_name) == (result, "unreachable", principal)
        record(target.pk, found)
        assert advice in client.get(f"/history/?target={target.pk}").content.decode()
    page = client.get("/fleet/").content.decode()
    call_command("fleet", "list")
    output = capsys.readouterr().out
    for _, _, advice in expected.values():
        assert advice in page
        assert advice in output


@pytest.mark.django_db
def test_sign_in__no_token_for_the_audience(world: World, behind_sign_in: Callable[..., str]) -> None:
    world("app-service")  # without the app registration
    found = check(target_of(behind_sign_in(READING), audience=AUDIENCE), {})
    assert (found.ok, found.state, found.stage) == (False, "no_token", "token")
    assert found.cause != "unexpected"


@pytest.mark.parametrize(
    "location",
    [
        "/.auth/login/aad",
        "https://payroll.azurewebsites.net/.auth/login/aad?x=1",
        "https://login.microsoftonline.com/common/oauth2/v2.0/authorize?client_id=x",
        "https://login.windows.net/x/oauth2/authorize",
    ],
)
@pytest.mark.django_db
def test_redirect_to_sign_in__is_named(answering: Callable[..., str], location: str) -> None:
    assert check(target_of(answering(302, b"", Location=location)), {}).result == "302 SignInRequired"


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"audience": "https://vault.azure.net"}, "audience must be the application ID URI"),
        ({"audience": "00000003-0000-0000-c000-000000000000"}, "audience must be the application ID URI"),
        ({"audience": "api://AzureADTokenExchange"}, "audience must be the application ID URI"),
        ({"audience": AUDIENCE, "token": "env:X"}, "token and audience exclude each other"),
    ],
)
def test_audience__of_another_service_is_refused(more: dict[str, str], message: str) -> None:
    with pytest.raises(InvalidTargetError, match=message):
        describe({"site": "https://a.example", **more})
    with pytest.raises(InvalidTargetError, match="audience does not apply to a target of kind secret"):
        describe({"vault": "contoso", "secret": "demo", "audience": AUDIENCE})
