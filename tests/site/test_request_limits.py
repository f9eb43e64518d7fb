"""Requests at the WSGI interface: which bodies are refused unread, and how many requests are handled at a time."""

import json
import threading
from io import BytesIO
from typing import Any

import pytest

from kvsite.request_limits import MAX_BODY_BYTES, MAX_LARGE_BODIES, RequestLimits
from secrets_app.core.security_headers import SECURITY_HEADERS


class Unread(BytesIO):
    """A body that must not be read."""

    def read(self, size: int | None = -1, /) -> bytes:
        raise AssertionError(f"{size} bytes were read")


def echo(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """An application that returns the body, its type and its length."""
    start_response("200 OK", [])
    return [f"{environ['CONTENT_TYPE']}|{environ['CONTENT_LENGTH']}|".encode(), environ["wsgi.input"].read()]


def call(application: Any, **environ: Any) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of the response."""
    started: list[Any] = []
    defaults = {"PATH_INFO": "/explain/", "REQUEST_METHOD": "POST", "wsgi.input": Unread()}
    response = application({**defaults, **environ}, lambda *answer: started.extend(answer))
    try:
        body = b"".join(response)
    finally:
        getattr(response, "close", lambda: None)()
    return int(started[0][:3]), dict(started[1]), body


@pytest.mark.parametrize(
    ("headers", "status", "word"),
    [
        ({"CONTENT_LENGTH": str(MAX_BODY_BYTES + 1)}, 413, "larger than 1 MiB"),
        ({"CONTENT_LENGTH": "9" * 30}, 413, "larger than 1 MiB"),
        ({"CONTENT_LENGTH": "5", "CONTENT_TYPE": "multipart/form-data; boundary=x"}, 415, "no file uploads"),
        ({"CONTENT_LENGTH": "5", "CONTENT_TYPE": "MultiPart/Mixed"}, 415, "no file uploads"),
        ({"CONTENT_LENGTH": "5", "CONTENT_TYPE": "text/plain; charset=hex"}, 415, "UTF-8"),
        ({"CONTENT_LENGTH": "5", "CONTENT_TYPE": 'text/plain; a=b; Charset="utf-16"'}, 415, "UTF-8"),
        ({"HTTP_TRANSFER_ENCODING": "chunked"}, 411, "Content-Length"),
        ({"CONTENT_LENGTH": "-1"}, 400, "not a number"),
    ],
)
@pytest.mark.parametrize("path", ["/sign-in/", "/api/explain", "/healthz"])
def test_body__is_refused_unread(headers: dict[str, str], status: int, word: str, path: str) -> None:
    answered, names, body = call(RequestLimits(echo, threads=8), PATH_INFO=path, **headers)
    assert answered == status
    assert word in (json.loads(body)["error"] if path.startswith("/api/") else body.decode())
    assert names.items() >= SECURITY_HEADERS.items()
    assert names["Cache-Control"] == "no-store"


@pytest.mark.parametrize("charset", ["", "; charset=utf-8", '; Charset="UTF-8"'])
def test_body__reaches_the_application_without_its_charset(charset: str) -> None:
    kind = f"text/plain{charset}"
    sent = {"CONTENT_LENGTH": "3", "CONTENT_TYPE": kind, "wsgi.input": BytesIO(b"abcdef")}
    assert call(RequestLimits(echo, threads=8), **sent)[2] == b"text/plain|3|abc"


@pytest.mark.parametrize("kind", ["text/plain; charset=hex", "multipart/form-data; charset=rot13"])
def test_charset_without_a_body__is_ignored(kind: str) -> None:
    status, _, body = call(RequestLimits(echo, threads=8), REQUEST_METHOD="GET", CONTENT_TYPE=kind)
    assert (status, body) == (200, f"{kind.partition(';')[0]}||".encode())


def test_incomplete_body__is_reported() -> None:
    limits = RequestLimits(echo, threads=8)
    assert call(limits, CONTENT_LENGTH="9", **{"wsgi.input": BytesIO(b"abc")})[0] == 400


class Busy:
    """An application whose requests wait until `finish`."""

    def __init__(self) -> None:
        self.started, self._finished = threading.Semaphore(0), threading.Event()
        self._threads: list[threading.Thread] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        if environ.get("waits"):
            self.started.release()
            self._finished.wait(50)
        return echo(environ, start_response)

    def occupy(self, limits: RequestLimits, count: int, **environ: Any) -> None:
        for _ in range(count):
            sent = {key: value() if callable(value) else value for key, value in environ.items()}
            self._threads.append(threading.Thread(target=call, args=(limits,), kwargs={**sent, "waits": True}))
            self._threads[-1].start()
            assert self.started.acquire(timeout=50)

    def finish(self) -> None:
        self._finished.set()
        for thread in self._threads:
            thread.join(50)


def test_requests_in_progress__leave_threads_for_others() -> None:
    busy = Busy()
    limits = RequestLimits(busy, threads=16)
    busy.occupy(limits, 12)
    status, headers, _ = call(limits)
    assert (status, headers["Retry-After"]) == (503, "2")
    assert call(limits, PATH_INFO="/healthz")[0] == 200
    busy.finish()
    assert call(limits)[0] == 200


def test_large_bodies__are_handled_two_at_a_time() -> None:
    busy = Busy()
    limits = RequestLimits(busy, threads=128)
    large = {"CONTENT_LENGTH": "100000", "wsgi.input": lambda: BytesIO(b"x" * 100_000)}
    busy.occupy(limits, MAX_LARGE_BODIES, **large)
    assert call(limits, CONTENT_LENGTH="100000")[0] == 503  # and its body is not read
    assert call(limits, CONTENT_LENGTH="3", **{"wsgi.input": BytesIO(b"abc")})[0] == 200
    busy.finish()
    assert call(limits, CONTENT_LENGTH="100000", **{"wsgi.input": BytesIO(b"x" * 100_000)})[0] == 200


def test_application_that_fails__holds_nothing() -> None:
    def fail(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        raise ValueError

    limits = RequestLimits(fail, threads=2)
    for _ in range(5):
        with pytest.raises(ValueError):
            call(limits)
