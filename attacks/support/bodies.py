"""Hostile responses: compressed, endless, slow, deep, and of types that no Azure service returns."""

import gzip
import json
import socket
import time
import zlib
from collections.abc import Callable, Iterator
from functools import cache

from attacks.support.hostile_azure import Answer

MIB = 1024 * 1024
CHALLENGE = (
    b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n"
    b'WWW-Authenticate: Bearer authorization="https://login.microsoftonline.com/8b7a232e-7db2-4618-9223-c1d922beb033", '
    b'resource="https://vault.azure.net"\r\n\r\n'
)


def response(body: bytes, *headers: str, status: str = "200 OK", content_type: str = "application/json") -> bytes:
    """A complete HTTP response."""
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", f"Content-Type: {content_type}", *headers, "", ""]
    return "\r\n".join(head).encode("latin-1") + body


def fixed(content: bytes) -> Answer:
    """Sends the same bytes in response to every request."""
    return lambda client, _request: client.sendall(content)


def as_json(document: object, *headers: str, status: str = "200 OK") -> Answer:
    return fixed(response(json.dumps(document).encode(), *headers, status=status))


def after_challenge(answer: Answer) -> Answer:
    """`answer`, after the challenge to a request without a token, as a vault sends it."""

    def respond(client: socket.socket, request: str) -> None:
        if "authorization: bearer" in request.lower():
            answer(client, request)
        else:
            client.sendall(CHALLENGE)

    return respond


@cache
def gzip_bomb(unpacked_mib: int) -> bytes:
    """About 1 KiB for each MiB of blanks: members of 4 MiB."""
    return gzip.compress(b" " * 4 * MIB, 9) * (unpacked_mib // 4)


@cache
def nested_bomb(unpacked_mib: int) -> bytes:
    """The same, compressed twice: a few KiB."""
    return gzip.compress(gzip_bomb(unpacked_mib), 9)


def endless(head: str, part: bytes, *, chunked: bool = False, pause_s: float = 0.0) -> Answer:
    """A body without an end."""
    sent = b"%x\r\n%b\r\n" % (len(part), part) if chunked else part

    def respond(client: socket.socket, _request: str) -> None:
        client.sendall(f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{head}\r\n\r\n".encode())
        for _ in _until_closed():
            client.sendall(sent)
            time.sleep(pause_s)

    return respond


def endless_head(part: bytes, *, pause_s: float = 0.0) -> Answer:
    """`part` again and again before the response's headers end."""

    def respond(client: socket.socket, _request: str) -> None:
        client.sendall(b"" if part.startswith(b"HTTP/") else b"HTTP/1.1 200 OK\r\n")
        for _ in _until_closed():
            client.sendall(part)
            time.sleep(pause_s)

    return respond


def _until_closed() -> Iterator[int]:
    """Ends after a minute at the latest; sending to a closed connection raises an error before."""
    until = time.monotonic() + 60
    number = 0
    while time.monotonic() < until:
        yield number
        number += 1


def _stored_nothing() -> bytes:
    """Deflate blocks that unpack to nothing."""
    return zlib.compressobj(9, zlib.DEFLATED, 31).flush(zlib.Z_FULL_FLUSH) + b"\x00\x00\x00\xff\xff" * 20_000


def silence(client: socket.socket, _request: str) -> None:
    """Never answers; returns when the client closes the connection."""
    client.settimeout(60)
    client.recv(1)


def echo(client: socket.socket, request: str) -> None:
    """A refusal that repeats what it received, the access token or client secret included."""
    fields = dict.fromkeys(NAMES, request)
    document = {**fields, "error": {"code": request, "message": request, "innererror": {"code": request}}}
    network = f"x-ms-keyvault-network-info: addr={request.partition('Authorization: ')[2].splitlines()[:1]}"
    client.sendall(response(json.dumps(document).encode(), network, status="403 Forbidden"))


GZIP, TWICE = "Content-Encoding: gzip", "Content-Encoding: gzip, gzip"

BODIES: dict[str, Callable[[], Answer]] = {
    "gzip, 700 MiB": lambda: fixed(response(gzip_bomb(700), GZIP)),
    "gzip of gzip, 1 GiB": lambda: fixed(response(nested_bomb(1024), TWICE)),
    "gzip members without an end": lambda: endless(f"{GZIP}\r\nTransfer-Encoding: chunked", gzip_bomb(8), chunked=True),
    "gzip blocks without content": lambda: endless(GZIP, _stored_nothing()),
    "chunked without an end": lambda: endless("Transfer-Encoding: chunked", b" " * 65536, chunked=True),
    "tiny chunks without an end": lambda: endless("Transfer-Encoding: chunked", b" ", chunked=True),
    "no length and no end": lambda: endless("Connection: close", b"[" * 65536),
    "a length of 8 EiB": lambda: endless(f"Content-Length: {2**63 - 1}", b"x" * 65536),
    "a body byte by byte": lambda: endless("Content-Length: 100000", b" ", pause_s=0.2),
    "headers byte by byte": lambda: endless_head(b"x", pause_s=0.2),
    "headers without an end": lambda: endless_head(b"X: " + b"y" * 60_000 + b"\r\n"),
    "short headers without an end": lambda: endless_head(b"X: y\r\n" * 1000),
    "100 Continue without an end": lambda: endless_head(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000),
    "JSON, 100,000 levels": lambda: fixed(response(b"[" * 100_000)),
    "JSON, 100,000 levels of objects": lambda: fixed(response(b'{"a":' * 100_000)),
    "JSON, 1 MB of empty lists": lambda: fixed(response(b'{"value": [' + b"[]," * 330_000 + b"1]}")),
    "JSON, a number of 900,000 digits": lambda: fixed(response(b'{"value": ' + b"9" * 900_000 + b"}")),
    "null": lambda: as_json(None),
    "[]": lambda: as_json([]),
    "a number": lambda: as_json(7),
    "a string": lambda: as_json("x" * 1000),
    "numbers for strings": lambda: as_json(dict.fromkeys(NAMES, 7)),
    "lists for strings": lambda: as_json({name: [1] for name in NAMES}),
    "strings for objects": lambda: as_json(dict.fromkeys(NAMES, "x")),
    "null for strings": lambda: as_json(dict.fromkeys(NAMES)),
    "half a character": lambda: as_json(
        {**dict.fromkeys(NAMES, "\ud800"), "error": {"code": "\ud800", "message": "\ud800"}}, status="403 Forbidden"
    ),
    "half a character in a success": lambda: as_json(dict.fromkeys(NAMES, "\ud800")),
    "a megabyte of message": lambda: as_json(
        {"error": {"code": "Forbidden", "message": "x y " * 200_000}}, status="403 Forbidden"
    ),
    "an unknown encoding": lambda: fixed(response(b"{}", content_type="application/json; charset=hex")),
    "bytes of no encoding": lambda: fixed(response(bytes(range(256)) * 3000, content_type="text/plain")),
    "silence": lambda: silence,
    "the request in every field": lambda: echo,
    "401 again and again": lambda: fixed(CHALLENGE),
    "429, Retry-After of a year": lambda: as_json({}, "Retry-After: 31536000", status="429 Too Many Requests"),
    "a redirect to another host": lambda: as_json(
        {}, "Location: https://evil.example/", status="307 Temporary Redirect"
    ),
}
NAMES = (
    *("value", "id", "contentType", "attributes", "tags", "access_token", "expires_in", "expires_on", "resource"),
    *("token_type", "client_id", "error", "error_description", "tenant_discovery_endpoint", "metadata", "issuer"),
    *("authorization_endpoint", "token_endpoint", "api-version"),
)
"""Fields of the responses of all hops."""
