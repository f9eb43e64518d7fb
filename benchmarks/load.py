"""Concurrent HTTP clients with persistent connections: each sends the next request as soon as a response is complete.

Runs in a separate process without an HTTP library: CPU time that it uses is not available to the site.
"""

import asyncio
import json
import re
import sys
import time
from dataclasses import asdict, dataclass, field

_HEAD_END = b"\r\n\r\n"
_LAST_CHUNK = b"\r\n0\r\n\r\n"
_LENGTH = b"content-length:"
_COOKIE = re.compile(rb"^set-cookie: ([^;\r]+)", re.IGNORECASE | re.MULTILINE)


@dataclass(kw_only=True)
class Outcome:
    """The results of all clients."""

    elapsed_s: float = 0.0
    seconds: list[float] = field(default_factory=list)
    """Of each response, including the last ones, which end after the measured time."""
    errors: list[str] = field(default_factory=list)

    @classmethod
    def from_json(cls, text: str) -> "Outcome":
        return cls(**json.loads(text))


class HttpClient(asyncio.Protocol):
    """One client. It returns the site's cookie, as a browser does.

    A response whose status is not 200 or which does not contain `expected` is an error; so is a closed connection.
    """

    def __init__(self, path: str, expected: bytes, end: float, outcome: Outcome) -> None:
        self._request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/html\r\n\r\n".encode()
        self._expected, self._end, self._outcome = expected, end, outcome
        self._response = bytearray()
        self._sent_at = 0.0
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        self._response += data
        head = self._response.find(_HEAD_END)
        if head < 0 or not _is_complete(self._response, head):
            return
        now = time.perf_counter()
        self._outcome.seconds.append(now - self._sent_at)
        if not self._response.startswith(b"HTTP/1.1 200 ") or self._response.find(self._expected, head) < 0:
            self._outcome.errors.append(self._response[: head + 200].decode(errors="replace"))
        self._store_cookie(head)
        if now < self._end:
            self._send()
        else:
            self._finish()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self._outcome.errors.append(f"the connection was closed: {exc}")
            self._finish()

    def _send(self) -> None:
        self._response.clear()
        self._sent_at = time.perf_counter()
        self._transport.write(self._request)

    def _store_cookie(self, head: int) -> None:
        cookie = _COOKIE.search(self._response, 0, head)
        if cookie and b"\r\nCookie: " not in self._request:
            self._request = self._request.replace(b"\r\n\r\n", b"\r\nCookie: " + cookie[1] + b"\r\n\r\n")

    def _finish(self) -> None:
        self.done.set_result(None)
        self._transport.close()


def _is_complete(response: bytearray, head: int) -> bool:
    """Whether the body has arrived; a streamed one ends with an empty chunk."""
    fields = response[:head].lower()
    if _LENGTH in fields:
        return len(response) >= head + 4 + _length(fields)
    return response.endswith(_LAST_CHUNK)


def _length(head: bytes | bytearray) -> int:
    start = head.index(_LENGTH) + len(_LENGTH)
    end = head.find(b"\r", start)
    return int(head[start : end if end > 0 else None])


async def crowd(port: int, path: str, expected: str, clients: int, seconds: float) -> Outcome:
    """The outcome of `clients` that request `path` repeatedly and concurrently for `seconds`."""
    outcome, start = Outcome(), time.perf_counter()

    def client() -> HttpClient:
        return HttpClient(path, expected.encode(), start + seconds, outcome)

    loop = asyncio.get_running_loop()
    connections = await asyncio.gather(*(loop.create_connection(client, "127.0.0.1", port) for _ in range(clients)))
    await asyncio.gather(*(protocol.done for _, protocol in connections))
    outcome.elapsed_s = time.perf_counter() - start
    return outcome


if __name__ == "__main__":
    port_, path_, expected_, clients_, seconds_ = sys.argv[1:]
    print(json.dumps(asdict(asyncio.run(crowd(int(port_), path_, expected_, int(clients_), float(seconds_))))))
