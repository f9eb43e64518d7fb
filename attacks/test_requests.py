"""Raw requests: smuggled, relayed, malformed or for another host. None reaches a page, and none is a server error."""

import pytest

from attacks.support.site import Site
from localazure import LocalAzure
from secrets_app.core.security_headers import SECURITY_HEADERS

HEAD = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n"
SMUGGLED = b"GET /api/reading HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
SMUGGLING = {
    "length and chunked": b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunked, spelled with a space": b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "chunked twice": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    "an unknown coding": b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "two lengths": b"Content-Length: 0\r\nContent-Length: 5\r\n\r\nabcde",
    "a signed length": b"Content-Length: +5\r\n\r\nabcde",
    "a negative length": b"Content-Length: -1\r\n\r\n",
    "a length in hex": b"Content-Length: 0x5\r\n\r\nabcde",
    "a folded header": b"X: a\r\n Content-Length: 5\r\n\r\nabcde",
    "a bare line feed": b"X: a\nContent-Length: 5\r\n\r\nabcde",
    "a bare carriage return": b"X: a\rContent-Length: 5\r\n\r\nabcde",
    "a NUL in a header": b"X: a\x00\r\n\r\n",
    "a chunk size with a sign": b"Transfer-Encoding: chunked\r\n\r\n+0\r\n\r\n",
    "a chunk extension with a line feed": b"Transfer-Encoding: chunked\r\n\r\n0;a\nb\r\n\r\n",
}


@pytest.mark.parametrize("ending", SMUGGLING)
def test_smuggled_request__is_not_answered(site: Site, ending: str) -> None:
    post = b"POST /value/ HTTP/1.1\r\nHost: 127.0.0.1\r\n" + SMUGGLING[ending] + SMUGGLED
    answer = site.raw(post, timeout_s=2)
    assert b"HTTP/1.1 200 " not in answer, answer
    assert b'"principal"' not in answer


RELAYS = (
    *("Forwarded: for=203.0.113.9", "X-Forwarded-For: 203.0.113.9", "X-Forwarded-Host: evil.example", "Via: 1.1 proxy"),
    *(
        "X-Real-IP: 203.0.113.9",
        "X-Forwarded-Proto: https",
        "X-Client-IP: 203.0.113.9",
        "CF-Connecting-IP: 203.0.113.9",
    ),
    *("x-forwarded-for: 127.0.0.1", "X-FORWARDED-FOR: ::1", "True-Client-IP: 203.0.113.9"),
)
HOSTS = (
    *("evil.example", "127.0.0.1.evil.example", "evil.example@127.0.0.1", "127.0.0.1@evil.example", "0x7f000001.evil"),
    *(
        "localhost.evil.example",
        "127.0.0.1\x00",
        "127.0.0.1, evil.example",
        "[::1].evil",
        "localhost:80@evil",
        "\uff11",
    ),
)


@pytest.mark.parametrize("relay", RELAYS)
def test_relayed_request__is_denied_in_loopback(site: Site, relay: str) -> None:
    answer = site.raw(HEAD + relay.encode() + b"\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 403 "), answer[:200]
    assert b"object ID" not in answer


@pytest.mark.parametrize("host", HOSTS)
def test_foreign_host__is_denied_in_loopback(site: Site, host: str) -> None:
    answer = site.raw(b"GET / HTTP/1.1\r\nHost: " + host.encode() + b"\r\nConnection: close\r\n\r\n")
    assert answer[9:12] in {b"400", b"403"}, answer[:200]
    assert b"object ID" not in answer


OTHER_VERSIONS = (
    *(b"GET / HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n", b"GET /\r\n\r\n", b"GET / HTTP/2.0\r\nHost: 127.0.0.1\r\n\r\n"),
    *(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n" + HEAD + b"\r\n"),
    *(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n"),
    *(b"GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n"),
)


@pytest.mark.parametrize("sent", OTHER_VERSIONS)
def test_other_protocol__reaches_no_page(site: Site, sent: bytes) -> None:
    answer = site.raw(sent, timeout_s=2)
    assert not answer.startswith(b"HTTP/1.1 200 "), answer[:200]
    assert b"object ID" not in answer
    assert site.get("/healthz").status == 200


CHARSETS = ("hex", "rot13", "zlib", "base64", "punycode", "idna", "undefined", "utf-16", "utf-7", "nonsense", "\xff")
PATHS = (
    "/",
    "/?refresh=0",
    "/healthz",
    "/readyz",
    "/explain/",
    "/api/explain",
    "/static/secrets_app/principal-used.css",
    "/no",
)


@pytest.mark.parametrize("charset", CHARSETS)
def test_charset_of_the_content_type__is_never_a_server_error(site: Site, charset: str) -> None:
    """Django decodes the query string with it, before any middleware."""
    logged = len(site.log())
    name = charset.encode("latin-1")
    for path in PATHS:
        for method, body in ((b"GET", b""), (b"POST", b"text=x")):
            for kind in (b"text/plain", b"application/x-www-form-urlencoded", b"multipart/form-data; boundary=x"):
                head = b"%b %b HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n" % (method, path.encode())
                fields = b"Content-Type: %b; charset=%b\r\nContent-Length: %d\r\n\r\n" % (kind, name, len(body))
                answer = site.raw(head + fields + body)
                assert answer.startswith(b"HTTP/1.1 "), answer
                assert not answer.startswith(b"HTTP/1.1 5"), answer[:300]
    assert "Traceback" not in site.log()[logged:]


ERRORS = {
    "400": b"GET / HTTP/9.9\r\n\r\n",
    "414": b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n",
    "417": b"POST / HTTP/1.1\r\nHost: a\r\nExpect: nothing\r\n\r\n",
    "431": b"GET / HTTP/1.1\r\n" + b"".join(b"X%d: y\r\n" % n for n in range(200)) + b"\r\n",
    "501": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xyz\r\n\r\n",
    "413": b"POST /sign-in/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999999\r\n\r\n",
    "415": b"POST /value/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: multipart/mixed\r\nContent-Length: 9\r\n\r\n",
    "411": b"POST /sign-in/ HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n",
    "404": b"GET /static/.gitignore HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
}


def test_incomplete_headers_of_more_than_32_kib__are_refused_without_waiting(site: Site) -> None:
    unfinished = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + (b"X: " + b"y" * 6000 + b"\r\n") * 10
    assert site.raw(unfinished, timeout_s=20).startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize("status", ERRORS)
def test_every_error__has_the_security_headers(site: Site, status: str) -> None:
    """Also those that gunicorn returns, without Django."""
    head = site.raw(ERRORS[status], timeout_s=1).partition(b"\r\n\r\n")[0].decode("latin-1")
    assert head.startswith(f"HTTP/1.1 {status} "), head
    assert [name for name, value in SECURITY_HEADERS.items() if f"\r\n{name}: {value}\r\n" not in f"{head}\r\n"] == []
    assert "\r\nCache-Control: no-store" in head


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "rebound.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Referer": "https://evil.example/page"},
    ],
)
def test_readiness_probe__does_not_read_for_other_sites(azure: LocalAzure, site: Site, headers: dict[str, str]) -> None:
    before = len(azure.requests)
    assert site.get("/readyz", headers).status == 403
    assert len(azure.requests) == before
    assert site.get("/readyz", {"Host": "10.1.2.3:8000"}).status == 200
