"""Responses that no Azure service sends: bounded, and reported as such."""

import gzip
import json
from collections.abc import Callable

import pytest

from secrets_app import conf
from secrets_app.core.reading import Reading
from tests.conftest import World
from tests.support.hostile_server import HostileServer
from tests.support.readings import get_reading

VAULT = "contoso.vault.azure.net"
CHALLENGE = (
    b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n"
    b'WWW-Authenticate: Bearer authorization="https://login.microsoftonline.com/8b7a232e-7db2-4618-9223-c1d922beb033", '
    b'resource="https://vault.azure.net"\r\n\r\n'
)


def response(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    head = [f"HTTP/1.1 {status}", "Content-Type: application/json", "Connection: close", *headers, "", ""]
    return "\r\n".join(head).encode() + body


def chunked(*parts: bytes) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (*parts, b""))


@pytest.fixture
def read(world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], Reading]:
    """The reading of a vault that sends its challenge, then these bytes."""

    def answered(sent: bytes) -> Reading:
        azure = world("app-service")
        responses = {VAULT: lambda request: sent if "authorization: bearer" in request.lower() else CHALLENGE}
        with HostileServer(responses, upstream_url=azure.env["HTTPS_PROXY"]) as hostile:
            for name, value in hostile.env.items():
                monkeypatch.setenv(name, value)
            return get_reading(conf.current()).reading

    return answered


BLANKS = b" " * 4 * 1024 * 1024
TOO_LARGE = {
    "declared": response(b"", "Content-Length: 600000"),
    "chunked": response(chunked(*[b" " * 60_000] * 12), "Transfer-Encoding: chunked"),
    "without a length": response(b" " * 700_000),
    "compressed": response(gzip.compress(BLANKS), "Content-Encoding: gzip"),
    "compressed twice": response(gzip.compress(gzip.compress(BLANKS)), "Content-Encoding: gzip, gzip"),
    "headers": b"HTTP/1.1 200 OK\r\n" + (b"X: " + b"y" * 60_000 + b"\r\n") * 15,
    "interim responses": b"HTTP/1.1 100 Continue\r\n\r\n" * 40_000,
}


@pytest.mark.parametrize("body", TOO_LARGE)
def test_large_response__is_not_read(read: Callable[[bytes], Reading], body: str) -> None:
    failure = read(TOO_LARGE[body]).failure
    assert failure
    assert "exceeds the size limit for responses from Azure" in failure.message
    assert len(failure.message) < 1000


MALFORMED = {
    "null": b"null",
    "list": b"[]",
    "number": b"7",
    "deep": b"[" * 100_000,
    "strings for objects": json.dumps(
        {"value": "x", "id": f"https://{VAULT}/secrets/demo/1", "attributes": "x"}
    ).encode(),
}


@pytest.mark.parametrize("body", MALFORMED)
def test_malformed_response__is_an_error_of_the_service(
    read: Callable[[bytes], Reading], body: str, caplog: pytest.LogCaptureFixture
) -> None:
    failure = read(response(MALFORMED[body])).failure
    assert failure
    assert failure.exception == "azure.core.exceptions.DecodeError"
    assert failure.message.endswith("could not be decoded: its body does not have the format of a response from Azure.")
    assert "unexpected" not in caplog.text


def test_charset_that_is_no_text_encoding__is_ignored(read: Callable[[bytes], Reading]) -> None:
    secret = {"value": "x", "id": f"https://{VAULT}/secrets/demo/1", "attributes": {"enabled": True}}
    sent = response(json.dumps(secret).encode()).replace(b"application/json", b"application/json; charset=hex")
    assert read(sent).ok
