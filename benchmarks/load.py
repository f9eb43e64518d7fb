"""A crowd of readers: connections that are kept open, each asking again as soon as it was answered.

A process of its own, and no HTTP library in it: whatever it takes of the two cores is taken from the site.
"""

import asyncio
import json
import re
import sys
import time
from dataclasses import asdict, dataclass, field

_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length:"
_COOKIE = re.compile(rb"^set-cookie: ([^;\r]+)", re.IGNORECASE | re.MULTILINE)


@dataclass(kw_only=True)
class Outcome:
    """What the crowd saw."""

    elapsed_s: float = 0.0
    seconds: list[float] = field(default_factory=list)
    """Of each answer, the last one after the crowd's time was up included."""
    errors: list[str] = field(default_factory=list)

    @classmethod
    def from_json(cls, text: str) -> "Outcome":
        return cls(**json.loads(text))


class Reader(asyncio.Protocol):
    """One of the crowd; it keeps its cookie, as a browser does.

    An answer that is not 200, or has not `expected` in it, is an error; so is a closed line.
    """

    def __init__(self, path: str, expected: bytes, end: float, outcome: Outcome) -> None:
        self._request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/html\r\n\r\n".encode()
        self._expected, self._end, self._outcome = expected, end, outcome
        self._answer = bytearray()
        self._asked = 0.0
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._answer += data
        head = self._answer.find(_HEAD_END)
        if head < 0 or len(self._answer) < head + 4 + _length(self._answer[:head].lower()):
            return
        now = time.perf_counter()
        self._outcome.seconds.append(now - self._asked)
        if not self._answer.startswith(b"HTTP/1.1 200 ") or self._answer.find(self._expected, head) < 0:
            self._outcome.errors.append(self._answer[: head + 200].decode(errors="replace"))
        self._keep_cookie(head)
        if now < self._end:
            self._ask()
        else:
            self._finish()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self._outcome.errors.append(f"the connection was closed: {exc}")
            self._finish()

    def _ask(self) -> None:
        self._answer.clear()
        self._asked = time.perf_counter()
        self._transport.write(self._request)

    def _keep_cookie(self, head: int) -> None:
        cookie = _COOKIE.search(self._answer, 0, head)
        if cookie and b"\r\nCookie: " not in self._request:
            self._request = self._request.replace(b"\r\n\r\n", b"\r\nCookie: " + cookie[1] + b"\r\n\r\n")

    def _finish(self) -> None:
        self.done.set_result(None)
        self._transport.close()


def _length(head: bytes | bytearray) -> int:
    start = head.index(_LENGTH) + len(_LENGTH)
    end = head.find(b"\r", start)
    return int(head[start : end if end > 0 else None])


async def crowd(port: int, path: str, expected: str, readers: int, seconds: float) -> Outcome:
    """What `readers` see who ask for `path` at once and again and again, for `seconds`."""
    outcome, start = Outcome(), time.perf_counter()

    def reader() -> Reader:
        return Reader(path, expected.encode(), start + seconds, outcome)

    loop = asyncio.get_running_loop()
    made = await asyncio.gather(*(loop.create_connection(reader, "127.0.0.1", port) for _ in range(readers)))
    await asyncio.gather(*(protocol.done for _, protocol in made))
    outcome.elapsed_s = time.perf_counter() - start
    return outcome


if __name__ == "__main__":
    port_, path_, expected_, readers_, seconds_ = sys.argv[1:]
    print(json.dumps(asdict(asyncio.run(crowd(int(port_), path_, expected_, int(readers_), float(seconds_))))))
