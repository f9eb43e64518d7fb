"""Noise for every service of a world, and what came of it.

A long run: `PYTHONPATH=. python tests/localazure/fuzzing.py 20000`
"""

import logging
import os
import random
import socket
import ssl
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from localazure import LocalAzure
from localazure.directory import CONTOSO, MACHINE_IDENTITY
from localazure.tokens import sign

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
STRANGE_METHODS = ("HEAD", "OPTIONS", "CONNECT", "TRACE", "get", "G\x00T", "")
HOSTS = ("contoso.vault.azure.net", "login.microsoftonline.com", "management.azure.com")
PLAIN_HOSTS = ("169.254.169.254", "127.0.0.1")
PATHS = (
    *("/secrets", "/secrets/demo", "/secrets/demo/versions", "/deletedsecrets/demo/recover", "/certificates/demo"),
    *(f"/{CONTOSO.id}/oauth2/v2.0/token", "/common/oauth2/token", f"/{CONTOSO.id}/oauth2/v2.0/devicecode"),
    *("/tenants", "/subscriptions", "/metadata/identity/oauth2/token", "/msi/token", "/.localazure/az", "/"),
    *("/secrets/%00", "/secrets/" + "a" * 3000, "//", "/../..", "*", "/secrets/demo?api-version=7.6&maxresults=-1"),
)
BODIES = (
    *(b"", b"{", b"[]", b"null", b'{"value": 1}', b'{"value": "x", "attributes": {"exp": 1e99}}', b"\xff\xfe"),
    *(
        b"grant_type=client_credentials&client_id=%00&client_assertion=a.b.c",
        b"grant_type=refresh_token",
        b"[" * 50_000,
    ),
    *(b'{"value": "x", "tags": {"a": [1]}}', b"x" * 1_200_000, b"grant_type=device_code&device_code[]=1"),
)
HEADERS = (
    *(b"Content-Type: application/json", b"Metadata: true", b"Expect: 100-continue", b"Transfer-Encoding: chunked"),
    *(b"Content-Length: 99999999", b"Content-Length: -1", b"Host: \xff", b"X: " + b"y" * 9_000, b"Connection: close"),
    *(b"Authorization: Bearer a.b.c", b"Authorization: Bearer \xff", b"Upgrade: websocket", b"no colon", b": empty"),
)


@dataclass
class Result:
    statuses: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    """What the server logged as an error of its own."""


class _Faults(logging.Handler):
    def __init__(self, kept: list[str]) -> None:
        super().__init__(logging.ERROR)
        self._kept = kept

    def emit(self, record: logging.LogRecord) -> None:
        self._kept.append(self.format(record))


def fuzz(azure: LocalAzure, rounds: int, seed: int) -> Result:
    """Sends `rounds` pieces of noise, each on a connection of its own."""
    result, chance = Result(), random.Random(seed)  # noqa: S311 - noise is no secret
    handler, logger = _Faults(result.faults), logging.getLogger()
    logger.addHandler(handler)
    trusted = ssl.create_default_context(cafile=azure.env["SSL_CERT_FILE"])
    try:
        for _ in range(rounds):
            result.statuses[_one(azure, trusted, chance)] += 1
    finally:
        logger.removeHandler(handler)
    return result


def _one(azure: LocalAzure, trusted: ssl.SSLContext, chance: random.Random) -> str:
    host, port = chance.choice((*HOSTS, *PLAIN_HOSTS)), urlsplit(azure.env["HTTPS_PROXY"]).port
    with socket.create_connection(("127.0.0.1", port), timeout=5) as plain:
        if host in PLAIN_HOSTS:
            return _talk(plain, noise(chance, host), chance)
        plain.sendall(f"CONNECT {host}:443 HTTP/1.1\r\n\r\n".encode())
        plain.recv(4096)
        with trusted.wrap_socket(plain, server_hostname=host) as tunnel:
            return _talk(tunnel, noise(chance, host), chance)


def _talk(connection: socket.socket, sent: bytes, chance: random.Random) -> str:
    """The status of the answer; "closed" for a close, "waiting" when the server rightly waits for the rest."""
    connection.settimeout(0.05)
    try:
        connection.sendall(sent)
        if chance.random() < 0.2:
            return "left alone"
        answer = connection.recv(65536)
    except TimeoutError:
        return "waiting"
    except OSError:
        return "closed"
    return answer[9:12].decode("latin-1") if answer.startswith(b"HTTP/") else "closed"


def noise(chance: random.Random, host: str) -> bytes:
    """A request that is wrong somewhere, or no request at all."""
    if chance.random() < 0.1:
        return chance.randbytes(chance.randrange(1, 5000))
    request = bytearray(_request(chance, host))
    for _ in range(chance.choice((0, 0, 0, 0, 1, 3, 20))):
        request[chance.randrange(len(request))] = chance.randrange(256)
    return bytes(request[: chance.randrange(1, len(request))] if chance.random() < 0.15 else request)


def _request(chance: random.Random, host: str) -> bytes:
    body = chance.choice(BODIES)
    target = chance.choice(PATHS)
    if chance.random() < 0.7 and "?" not in target:
        target += chance.choice(("?api-version=7.6", "?api-version=2018-02-01&resource=x", "?api-version", "?%zz"))
    method = chance.choice(METHODS if chance.random() < 0.9 else STRANGE_METHODS)
    lines = [f"{method} {target} HTTP/1.1".encode(), f"Host: {_host(chance, host)}".encode()]
    if chance.random() < 0.5:
        lines.append(f"Authorization: Bearer {_token(chance)}".encode())
    lines += chance.sample(HEADERS, chance.choice((0, 0, 0, 1, 3)))
    lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def _host(chance: random.Random, host: str) -> str:
    return host if chance.random() < 0.9 else chance.choice((*HOSTS, "example.com", "[", ""))


def _token(chance: random.Random) -> str:
    """Signed, and with claims that are good, missing or for somebody else."""
    now = int(time.time())
    audience = chance.choice(("https://vault.azure.net", "https://management.azure.com", 7, None, ["x"]))
    claims = {
        "aud": audience,
        "iss": CONTOSO.issuer,
        "nbf": now,
        "exp": now + 60,
        "appid": "a",
        "oid": MACHINE_IDENTITY.object_id,
    }
    for name in chance.sample(sorted(claims), chance.randrange(3)):
        del claims[name]
    return sign(claims)


def main() -> None:
    rounds = int(sys.argv[1])
    with LocalAzure("vm") as azure:
        open_before = len(list(Path("/proc/self/fd").iterdir()))
        result = fuzz(azure, rounds, seed=int.from_bytes(os.urandom(4)))
        time.sleep(0.5)
        left = len(list(Path("/proc/self/fd").iterdir())) - open_before
    sys.stdout.write(f"{rounds} pieces of noise: {dict(result.statuses.most_common())}\n")
    sys.stdout.write(f"{len(result.faults)} faults, {left} connections left open\n")
    sys.stdout.write("\n".join(result.faults[:3]) + "\n")


if __name__ == "__main__":
    main()
