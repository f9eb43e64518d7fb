"""WSGI middleware around Django: limits request bodies before they are read, and requests in progress."""

import json
from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple

from secrets_app.core.security_headers import SECURITY_HEADERS

MAX_BODY_BYTES = 1024 * 1024
"""A pasted error may have 256 KiB, and URL encoding can triple its size."""
LARGE_BODY_BYTES = 16 * 1024
"""From here on a body is large: explaining one takes up to half a second of CPU time."""
MAX_LARGE_BODIES = 2
"""Large bodies that are read and answered at a time."""
RESERVED_THREADS = 8
"""Threads that requests waiting for Azure leave free, for requests that do not wait."""
RETRY_AFTER_S = 2
_WAIT_FOR_LARGE_BODY_S = 1.0
_WAIT_FOR_THREAD_S = 0.1
_PROBES = frozenset({"/healthz", "/readyz"})
_UTF_8_COMPATIBLE = frozenset({"", "utf-8", "utf8", "us-ascii", "ascii"})

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]
_Places = SimpleQueue[None]
"""A semaphore: one item for each free place. Its lock is C code, unlike that of threading.Semaphore."""


class Refused(Exception):  # noqa: N818 - a response, not an error
    """The request gets this response instead of reaching Django."""

    def __init__(self, status: str, sentence: str, **headers: str) -> None:
        super().__init__(sentence)
        self.status, self.headers = status, headers


class RequestLimits:
    """The application with limits for `threads` requests at a time.

    Django reads a whole multipart form, and writes its files to the disk, before any view or CSRF check. The site has
    no upload, so such a body is refused unread. Other bodies are read completely before Django starts: no code of the
    site waits for a slow client, and only some threads do.
    """

    def __init__(self, application: Application, *, threads: int) -> None:
        self._application = application
        self._requests = _places(threads - min(RESERVED_THREADS, threads // 4))
        self._bodies = _places(max(threads // 4, 1))
        self._large_bodies = _places(MAX_LARGE_BODIES)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """The response of the application, or 400, 411, 413, 415 or 503."""
        held: list[_Places] = []
        try:
            self._read_body(environ, held)
            if environ.get("PATH_INFO") not in _PROBES:
                _acquire(self._requests, _WAIT_FOR_THREAD_S, held)
            response = self._application(environ, start_response)
        except BaseException as error:
            _release(held)
            if isinstance(error, Refused):
                return _respond(error, environ, start_response)
            raise
        if isinstance(response, environ.get("wsgi.file_wrapper", ())):
            _release(held)  # the server sends the file; nothing of the application runs any more
            file: Iterable[bytes] = response
            return file
        return _Response(response, held)

    def _read_body(self, environ: Environ, held: list[_Places]) -> None:
        """Replace the body by one in memory, with a content type that Django can decode. Raises Refused."""
        content = _Content.of(environ)
        environ["CONTENT_TYPE"] = content.media_type  # Django would decode even the query string with a charset
        if not content.length:
            environ["CONTENT_LENGTH"] = ""
            environ["wsgi.input"] = BytesIO()
            return
        content.check()
        reading: list[_Places] = []
        try:
            _acquire(self._bodies, 0, reading)
            if content.length > LARGE_BODY_BYTES:
                _acquire(self._large_bodies, _WAIT_FOR_LARGE_BODY_S, held)
            body = environ["wsgi.input"].read(content.length)
        finally:
            _release(reading)
        if len(body) < content.length:
            raise Refused("400 Bad Request", "The request body is incomplete.")
        environ["wsgi.input"] = BytesIO(body)


class _Content(NamedTuple):
    """What the headers say about the body."""

    media_type: str
    charset: str
    length: int

    @classmethod
    def of(cls, environ: Environ) -> "_Content":
        """Raises Refused for a body whose length is unknown."""
        media_type, _, parameters = environ.get("CONTENT_TYPE", "").partition(";")
        charset = _charset(parameters) if parameters else ""
        length = environ.get("CONTENT_LENGTH") or "0"
        if environ.get("HTTP_TRANSFER_ENCODING"):
            raise Refused("411 Length Required", "Send the request body with a Content-Length.")
        if not (length.isascii() and length.isdigit()):
            raise Refused("400 Bad Request", "The Content-Length is not a number.")
        return cls(media_type.strip().lower(), charset, int(length))

    def check(self) -> None:
        """Raises Refused for a body that is not read."""
        if self.media_type.startswith("multipart/"):
            raise Refused("415 Unsupported Media Type", "This site accepts no file uploads and no multipart forms.")
        if self.charset not in _UTF_8_COMPATIBLE:
            raise Refused("415 Unsupported Media Type", "The charset of the request body must be UTF-8.")
        if self.length > MAX_BODY_BYTES:
            raise Refused("413 Content Too Large", "The request body is larger than 1 MiB. Shorten the text.")


def _charset(parameters: str) -> str:
    pairs = (parameter.partition("=") for parameter in parameters.lower().split(";"))
    return next((value.strip().strip("\"'") for name, _, value in pairs if name.strip() == "charset"), "")


def _places(count: int) -> _Places:
    places: _Places = SimpleQueue()
    for _ in range(count):
        places.put(None)
    return places


def _acquire(places: _Places, wait_s: float, held: list[_Places]) -> None:
    """Take a place, and add its places to `held`. Raises Refused if none is free within `wait_s`."""
    try:
        places.get(timeout=wait_s) if wait_s else places.get_nowait()
    except Empty:
        raise Refused(
            "503 Service Unavailable",
            f"This site is handling too many requests. Try again in {RETRY_AFTER_S} seconds.",
            **{"Retry-After": str(RETRY_AFTER_S)},
        ) from None
    held.append(places)


def _release(held: list[_Places]) -> None:
    """Give back every place, once."""
    while held:
        held.pop().put(None)


class _Response:
    """A response that gives back the places it holds when the server closes it."""

    def __init__(self, response: Iterable[bytes], held: list[_Places]) -> None:
        self._response, self._held = response, held

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._response)

    def close(self) -> None:
        try:
            close = getattr(self._response, "close", None)
            if close:
                close()
        finally:
            _release(self._held)


def _respond(refusal: Refused, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    is_api = environ.get("PATH_INFO", "").startswith("/api/")
    body = (json.dumps({"error": str(refusal)}, indent=2) if is_api else f"{refusal}\n").encode()
    headers = {
        **SECURITY_HEADERS,
        **refusal.headers,
        "Cache-Control": "no-store",
        "Content-Length": str(len(body)),
        "Content-Type": "application/json" if is_api else "text/plain; charset=utf-8",
    }
    start_response(refusal.status, list(headers.items()))
    return [body]
