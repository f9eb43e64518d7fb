"""Raw requests: smuggled, relayed, malformed or for another host. None reaches a page, and none is a server error."""

import pytest

from attacks.support.site import Site

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
