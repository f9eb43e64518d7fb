"""Invalid input at every URL: no 5xx except the probe's 503, no traceback, no secret, no slow response."""

import contextlib
import re
import socket
import time
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, get_resolver
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from localazure import LocalAzure
from tests.conftest import HERE, World
from tests.support.serving import gunicorn

ID = "11111111-2222-3333-4444-555555555555"

SLOW_S = 20.0
"""Far above what any answer takes here (the deadline of a reading is 1 s), far below a page that hangs."""


def routes() -> list[str]:
    """Every URL of the site from Django's resolver, each parameter as `<...>`, and the probes."""
    patterns = [pattern for pattern in get_resolver().url_patterns if isinstance(pattern, URLPattern)]
    nested = [inner for resolver in get_resolver().url_patterns for inner in getattr(resolver, "url_patterns", [])]
    return ["/healthz", "/readyz", *(f"/{pattern.pattern}".replace("\\Z", "") for pattern in [*patterns, *nested])]


PARAMETERS = (
    "refresh", "ids", "q", "scope", "secret", "name", "version", "next", "text", "message", "passphrase",
    "userAssignedClientId", "userAssignedResourceId", "userAssignedObjectId", "userassignedid", "",
    "csrfmiddlewaretoken", "__proto__", "identity", "credential",
)  # fmt: skip
VALUES = (
    "", "0", "1", "true", "demo", ID, f"/subscriptions/{ID}", "https://vault.azure.net", "https://evil.example/secrets/x",
    "../../etc/passwd", "a\x00b", "\ud800", "%00", "%ff%fe", "'\"><script>alert(1)</script>",
    "{{ settings.SECRET_KEY }}",
    "\r\nX-Injected: 1", "1" * 5000, "\u202e\u2066", "-1", "1e309", "NaN", "[]", "{}", "null",
)  # fmt: skip
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get")
HEADERS = {
    "host": ("127.0.0.1:8000", "evil.example", "", "127.0.0.1:99999", "[::1", "a b", "127.0.0.1\x00"),
    "content-type": ("", "application/json", "multipart/form-data", "multipart/form-data; boundary=", "\xff",
                     "text/plain; charset=nonsense", "application/x-www-form-urlencoded; charset=utf-7"),
    "content-length": ("0", "-1", "99999999999999999999", "abc"),
    "cookie": ("csrftoken=", "csrftoken=" + "a" * 5000, "=;=;", "\xff\xfe", "sessionid=x; kvsite_session=y:z:w"),
    "x-forwarded-for": ("127.0.0.1", "evil"),
    "x-ms-client-principal": ("e30=", "not base64", "\xff"),
    "accept": ("application/json", "*/*", "q=;;"),
    "accept-encoding": ("gzip", "\xff"),
    "if-modified-since": ("yesterday", "Sat, 01 Jan 0000 00:00:00 GMT"),
    "range": ("bytes=0-0", "bytes=9-1"),
    "origin": ("null", "https://evil.example"),
    "referer": ("\xff", "http://127.0.0.1:8000/"),
    "transfer-encoding": ("chunked", "identity"),
    "x-http-method-override": ("DELETE",),
}  # fmt: skip
BODIES = (
    b"",
    b"{",
    b"[]",
    b'{"message": 1}',
    b"text=%ff",
    b"\x00" * 100,
    b"--x\r\n\r\n--x--",
    "\u00e9".encode() * 500,
    b"[" * 3000,
)

values = st.sampled_from(VALUES) | st.text(max_size=40)
segments = st.sampled_from(
    ("x", "..", "%2e%2e", "kv_rbac_denied", "a" * 2000, "\u00e9", "//", "%00", ";x=1", "\\")
) | st.text(max_size=12)
requests = st.fixed_dictionaries(
    {
        "route": st.sampled_from(routes()) | segments.map(lambda text: f"/{text}"),
        "segment": segments,
        "method": st.sampled_from(METHODS),
        "query": st.lists(st.tuples(st.sampled_from(PARAMETERS) | st.text(max_size=8), values), max_size=3),
        "headers": st.dictionaries(
            st.sampled_from(list(HEADERS)), st.integers(min_value=0, max_value=6), max_size=3
        ).map(lambda chosen: {name: HEADERS[name][number % len(HEADERS[name])] for name, number in chosen.items()}),
        "body": st.sampled_from(BODIES) | st.binary(max_size=60),
        "as_form": st.booleans(),
    }
)  # fmt: skip


def sent(client: Client, asked: dict) -> tuple[int, bytes]:
    """Status and body of the response to this request."""
    path = re.sub(r"<[^>]*>", lambda _: asked["segment"], asked["route"])
    headers = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in {**HERE, **asked["headers"]}.items()}
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if f"HTTP_{name}" in headers:
            headers[name] = headers.pop(f"HTTP_{name}")
    method = asked["method"]
    pairs = [(name, value.encode("utf-8", "replace").decode()) for name, value in asked["query"]]
    content_type = headers.pop("CONTENT_TYPE", "application/x-www-form-urlencoded")
    if asked["as_form"] and method == "POST":
        form = {name: value for name, value in pairs if name}
        answer = client.post(path, form, **headers)
    else:
        answer = client.generic(method, path, asked["body"], content_type, query_params=pairs, **headers)
    return answer.status_code, answer.getvalue()


def check(azure: LocalAzure, asked: dict, status: int, body: bytes) -> None:
    assert status < 500 or (status == 503 and asked["route"] == "/readyz"), asked
    assert b"Traceback" not in body, asked
    assert b"<script>alert" not in body, asked
    if (asked["route"], asked["method"]) != ("/value/", "POST"):  # this URL shows the value: see test_secret_value.py
        assert azure.secret_value.encode() not in body, asked
    assert not [token for token in azure.tokens if token.text.encode() in body], asked


@pytest.fixture
def azure(world: World, settings: Any) -> LocalAzure:
    """Use one reading and one doctor run for all requests of a test: only the responses are tested."""
    azure = world("app-service")
    settings.SECRETS_APP["KVSITE_RESULT_LIFE_S"] = "60"
    return azure


@pytest.mark.attack
@pytest.mark.django_db
def test_any_request__has_no_server_error(azure: LocalAzure) -> None:
    client = Client(raise_request_exception=False)
    longest = 0.0

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(requests)
    def bear(asked: dict) -> None:
        nonlocal longest
        start = time.monotonic()
        status, body = sent(client, asked)
        longest = max(longest, time.monotonic() - start)
        check(azure, asked, status, body)

    bear()
    assert longest < SLOW_S


@pytest.mark.attack
@pytest.mark.django_db
@pytest.mark.parametrize("route", routes())
def test_repeated_parameters_and_all_methods__have_no_server_error(azure: LocalAzure, route: str) -> None:
    client = Client(raise_request_exception=False)
    blank = {"route": route, "segment": "x", "query": [], "headers": {}, "body": b"", "as_form": False}
    for method in METHODS:
        asked = blank | {"method": method}
        check(azure, asked, *sent(client, asked))
    for name in PARAMETERS:
        for texts in (("a", "b"), ("a", " ", "")):  # Django uses the last one
            repeated = blank | {"method": "GET", "query": [(name, text) for text in texts]}
            check(azure, repeated, *sent(client, repeated))


def raw(port: int, request: bytes) -> bytes:
    """The server's response to these bytes, up to the end of the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        with contextlib.suppress(OSError):
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
        answer = b""
        with contextlib.suppress(ConnectionResetError):
            while part := connection.recv(65536):
                answer += part
        return answer


END = b"\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
RAW = {
    "a header line of 20 KiB": (b"GET / HTTP/1.1\r\nX-Long: " + b"a" * 20_000 + END, {400, 431}),
    "two hundred headers": (
        b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: 1\r\n" % n for n in range(200)) + END[2:],
        {400, 431},
    ),
    "an address of 10 KiB": (b"GET /" + b"a" * 10_000 + b" HTTP/1.1" + END, {400, 414}),
    "a path that climbs": (b"GET /../../etc/passwd HTTP/1.1" + END, {400, 404}),
    "a path that climbs in disguise": (b"GET /static/%2e%2e/%2e%2e/etc/passwd HTTP/1.1" + END, {400, 404}),
    "a path with a backslash": (b"GET /static\\..\\settings.py HTTP/1.1" + END, {400, 404}),
    "two slashes first": (b"GET //evil.example/ HTTP/1.1" + END, {301, 400, 404}),
    "a whole address": (b"GET http://evil.example/ HTTP/1.1" + END, {200, 400, 403}),
    "no host": (b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n", {400, 403}),
    "two hosts": (b"GET / HTTP/1.1\r\nHost: evil.example" + END, {400, 403}),
    "two lengths": (b"POST /explain/ HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2" + END + b"ab", {400}),
    "length and chunks": (
        b"POST /explain/ HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked" + END + b"0\r\n\r\n",
        {400, 403},
    ),
    "chunks that are none": (b"POST /explain/ HTTP/1.1\r\nTransfer-Encoding: chunked" + END + b"zz\r\n", {400, 411}),
    "a body that ends early": (b"POST /api/explain HTTP/1.1\r\nContent-Length: 500" + END + b"abc", {200, 400}),
    "two megabytes": (
        b"POST /api/explain HTTP/1.1\r\nContent-Type: text/plain\r\nContent-Length: 2000000" + END + b"a" * 2_000_000,
        {413},
    ),
    "no HTTP at all": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", {400}),
    "a version of tomorrow": (b"GET / HTTP/9.9" + END, {400, 505}),
    "a method of its own": (b"FROBNICATE /healthz HTTP/1.1" + END, {400, 405}),
}  # fmt: skip


@pytest.mark.program
def test_malformed_http__has_no_server_error(tmp_path: Path) -> None:
    log = tmp_path / "gunicorn.log"
    with log.open("wb") as written, LocalAzure() as azure, gunicorn(azure.env, stderr=written) as site:
        for name, (request, expected) in RAW.items():
            answer = raw(site.port, request)
            status = int(answer.split()[1]) if answer.startswith(b"HTTP/") else 400
            assert status in expected, (name, answer[:300])
            assert b"Traceback" not in answer, name
        assert raw(site.port, b"GET /healthz HTTP/1.1" + END).startswith(b"HTTP/1.1 200")
    assert "Traceback" not in log.read_text()
