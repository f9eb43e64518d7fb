"""Whatever answers for Azure repeats the token, the secret's value or a login in every field: no output contains it."""

import base64
import io
import json
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from localazure.scenarios.directory import CONTOSO
from secrets_app.core import budget
from tests.conftest import World
from tests.safety.conftest import LOGIN, Between
from tests.support.command_line import manage
from tests.support.hostile_server import Respond, challenge
from tests.support.scenario_visits import everything_logged

PAGES = ("/", "/api/reading", "/report/", "/environment/", "/secret/?name=other", "/identities/", "/token/", "/readyz")
COMMANDS = (("principal",), ("principal", "--report"), ("doctor", "--json"))
VALUE = "hunter2-Never-To-Be-Seen"
FORMATS: dict[str, Callable[[str], str]] = {
    "whole": lambda token: token,
    "signature": lambda token: token.rpartition(".")[2],
    "base64": lambda token: base64.b64encode(f"Bearer {token}".encode()).decode(),
    "hex": lambda token: token.encode().hex(),
    "percent-encoded": lambda token: "".join(f"%{ord(character):02x}" for character in token),
    "reversed": lambda token: token[::-1],
}


@pytest.fixture(autouse=True)
def many_readings(monkeypatch: pytest.MonkeyPatch) -> None:
    """All pages are requested several times; the visitors' budget has tests of its own."""
    monkeypatch.setattr(budget, "READINGS_PER_S", 1000)


@pytest.fixture
def one_reading(between: Between, settings: Any) -> Between:
    """As `between`, but all pages and commands show the same reading: only what they show is tested."""

    def enter(*arguments: Any, **options: Any) -> Any:
        entered = between(*arguments, **options)
        settings.SECRETS_APP["KVSITE_RESULT_LIFE_S"] = "60"
        return entered

    return enter


def in_every_format(token: str) -> str:
    return " ".join(write(token) for write in FORMATS.values())


def with_controls(token: str) -> str:
    return f"\u202e{token}\x1b[31m\ud800"


Fields = Callable[[str], tuple[str, list[str], object]]
"""What to repeat -> status, headers and JSON body."""


def denied(echo: str) -> tuple[str, list[str], object]:
    error = {"code": echo, "message": f"no {echo} no", "innererror": {"code": echo}, echo[:40]: echo}
    return "403 Forbidden", [f"x-ms-request-id: {echo}"], {"error": error}


def denied_with_caller(echo: str) -> tuple[str, list[str], object]:
    message = f"Caller: appid={echo};oid={echo};iss={echo}\r\nClient address: {echo}\r\nVault: {echo}"
    return "403 Forbidden", [], {"error": {"code": "Forbidden", "message": message, "innererror": {"code": echo}}}


def granted(echo: str) -> tuple[str, list[str], object]:
    attributes = {"enabled": True, "created": 1, "updated": 1, "recoveryLevel": echo}
    body = {"value": VALUE, "id": f"https://contoso.vault.azure.net/secrets/{echo}/{echo}", "contentType": echo}
    return "200 OK", [], {**body, "attributes": attributes, "tags": {echo[:40]: echo}, "kid": echo}


def throttled(echo: str) -> tuple[str, list[str], object]:
    return "429 Too Many Requests", [f"Retry-After: {echo}"], {"error": {"code": echo, "message": echo}}


def no_json(echo: str) -> tuple[str, list[str], object]:
    return f"418 {echo}", ["Content-Type: text/html"], f"<h1>{echo}</h1>"


ANSWERS: tuple[Fields, ...] = (denied, denied_with_caller, granted, throttled, no_json)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    with everything_logged(templates=False) as (redacted, _):
        yield redacted


class EchoingVault:
    """Requests a token, then repeats it in every field and header of the response."""

    def __init__(self, fields: Fields, write: Callable[[str], str]) -> None:
        self.tokens: set[str] = set()
        self._fields, self._write = fields, write

    def __call__(self, request: str) -> bytes:
        lines = request.split("\r\n")
        found = next((line.partition(" ")[2] for line in lines if line.lower().startswith("authorization:")), None)
        if found is None:
            return challenge(f"https://{LOGIN}/{CONTOSO.id}")(request)
        token = found.removeprefix("Bearer ")
        self.tokens.add(token)
        status, headers, body = self._fields(self._write(token))
        text = json.dumps(body) if not isinstance(body, str) else body
        network = f"x-ms-keyvault-network-info: conn_type=Ipv4;addr={self._write(token)};act_addr_fam=InterNetwork;"
        content_type = [] if any("Content-Type" in line for line in headers) else ["Content-Type: application/json"]
        content = text.encode("utf-8", "replace")
        head = [f"HTTP/1.1 {status}", *content_type, f"Content-Length: {len(content)}", "Connection: close"]
        head += [*headers, network]
        return "\r\n".join(_header(line) for line in head).encode("latin-1", "replace") + b"\r\n\r\n" + content


def _header(line: str) -> str:
    return line.replace("\x1b", "").replace("\u202e", "").encode("ascii", "replace").decode()


def everything(client: Client, log: io.StringIO) -> str:
    """All pages with their headers, all commands and the log."""
    output = []
    for path in PAGES:
        answer = client.get(path, headers={"host": "127.0.0.1:8000"})
        assert answer.status_code in {200, 503}, (path, answer.status_code)
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        output += [body.decode(), str(answer.headers)]
    for words in COMMANDS:
        completed = manage(*words)
        output += [completed.stdout, completed.stderr]
    return "\n".join([*output, log.getvalue()])


def assert_hidden(secret: str, output: str) -> None:
    for name, write in FORMATS.items():
        assert write(secret)[20:80] not in output, name


@pytest.mark.attack
@pytest.mark.parametrize("write", [str, in_every_format, with_controls])
@pytest.mark.parametrize("fields", ANSWERS, ids=lambda fields: fields.__name__)
def test_vault_that_repeats_the_token(
    one_reading: Between, vault: str, client: Client, log: io.StringIO, fields: Fields, write: Callable[[str], str]
) -> None:
    echo = EchoingVault(fields, write)
    one_reading("app-service", {vault: echo})
    output = everything(client, log)
    assert echo.tokens
    for token in echo.tokens:
        assert_hidden(token, output)
    assert VALUE not in output
    assert "\u202e" not in output
    assert "\x1b" not in output


def test_vault_that_repeats_the_value(between: Between, vault: str, client: Client, log: io.StringIO) -> None:
    """The second answer, an error, contains the value of the first."""
    answers: list[Respond] = []

    def respond(request: str) -> bytes:
        return answers[0](request)

    between("app-service", {vault: respond})
    answers.insert(0, EchoingVault(lambda _: granted("text"), str))
    assert client.get("/api/reading").json()["ok"]
    for text in (VALUE, VALUE[::-1], base64.b64encode(VALUE.encode()).decode()):
        answers.insert(0, EchoingVault(lambda _, text=text: denied(text), str))  # type: ignore[misc]
        output = everything(client, log)
        assert "[hidden]" in output
        assert text not in output


def test_entra_that_repeats_the_client_secret(between: Between, vault: str, client: Client, log: io.StringIO) -> None:
    sent: set[str] = set()

    def respond(request: str) -> bytes:
        if "client_secret=" in request:
            sent.add(request.partition("client_secret=")[2].partition("&")[0])
        echo = next(iter(sent), "nothing yet")
        body = json.dumps({"error": echo, "error_description": f"AADSTS7000215: bad {echo[::-1]} {echo}", "x": echo})
        head = f"HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
        return f"{head}\r\nConnection: close\r\n\r\n{body}".encode()

    def metadata(request: str) -> bytes:
        if "openid-configuration" not in request and "discovery" not in request:
            return respond(request)
        base = f"https://{LOGIN}/{CONTOSO.id}"
        endpoints = {"authorization_endpoint": f"{base}/authorize", "token_endpoint": f"{base}/token", "issuer": base}
        body = json.dumps({**endpoints, "tenant_discovery_endpoint": f"{base}/openid-configuration", "metadata": []})
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
        return f"{head}\r\nConnection: close\r\n\r\n{body}".encode()

    azure, _ = between("service-principal-secret", {LOGIN: metadata}, passes=(vault,))
    output = everything(client, log)
    secret = azure.env["AZURE_CLIENT_SECRET"]
    assert sent
    assert secret not in output
    assert secret[::-1] not in output


def test_proxy_that_repeats_its_login(client: Client, world: World, log: io.StringIO) -> None:
    """In the reason of a 407, as it is and in base64."""
    import socket
    import threading

    password = "pr0xy-Pass-w0rd"
    login = base64.b64encode(f"me:{password}".encode()).decode()
    world("app-service")
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection = listener.accept()[0]
                except OSError:
                    return
                with connection:
                    connection.recv(65536)
                    reason = f"no {password} {login}"
                    connection.sendall(f"HTTP/1.1 407 {reason}\r\nContent-Length: 0\r\n\r\n".encode())

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        for name in ("HTTPS_PROXY", "https_proxy"):
            os.environ[name] = f"http://me:{password}@127.0.0.1:{listener.getsockname()[1]}"
        output = everything(client, log)
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
    assert "407" in output
    assert password not in output
    assert login not in output
