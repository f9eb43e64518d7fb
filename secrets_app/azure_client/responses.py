"""Limits on every response from Azure, at every hop (bytes as they arrive, bytes after decompression, nesting), and
the message of an error without the response's body.

A response may be endless, tiny but huge once decompressed, or nested so deeply that parsing it fails. The metadata
service uses plain HTTP: on another network, any machine may answer in its place.
"""

import http.client
import io
import json
import socket
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import urllib3
from azure.core.exceptions import AzureError, DecodeError, IncompleteReadError

from secrets_app.core.own_messages import RESPONSE_TOO_LARGE, UNDECODABLE_RESPONSE

MAX_BODY_BYTES = 512 * 1024
"""A secret has 25,000 characters at most, which JSON may write with 12 bytes each; all other responses are shorter."""
_MAX_RECEIVED_BYTES = MAX_BODY_BYTES + 128 * 1024
"""With status line, headers, interim responses and the framing of chunks."""
_BAD_REQUEST = 400


class ResponseTooLargeError(urllib3.exceptions.ProtocolError):
    """The response exceeds a limit; its connection is closed."""

    def __init__(self) -> None:
        super().__init__(f"The response {RESPONSE_TOO_LARGE} ({MAX_BODY_BYTES // 1024} KiB), so it was not read.")


class CountedResponse(http.client.HTTPResponse):
    """A response whose bytes are counted as they arrive: also the answer of a proxy to CONNECT.

    The `response_class` of a connection, because http.client itself limits neither interim responses nor, in
    Python 3.11, the headers of a proxy.
    """

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp: Any = io.BufferedReader(_CountedBytes(self.fp.detach()))


class _CountedBytes(io.RawIOBase):
    def __init__(self, received: io.RawIOBase) -> None:
        self._received, self._remaining = received, _MAX_RECEIVED_BYTES

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        count = self._received.readinto(buffer)
        self._remaining -= count or 0
        if self._remaining < 0:
            raise ResponseTooLargeError
        return count

    def close(self) -> None:
        self._received.close()
        super().close()


def check_declared_size(response: urllib3.BaseHTTPResponse) -> None:
    """Raises ResponseTooLargeError, and closes the response, if its headers declare too much.

    Several codings are refused as well: the second one hides the size of what the first one contains.
    """
    codings = response.headers.get("Content-Encoding", "").count(",") + 1
    if codings > 1 or (response.length_remaining or 0) > MAX_BODY_BYTES:
        response.close()
        raise ResponseTooLargeError


class BoundedBody:
    """urllib3's response as requests reads it, with a limit on the decompressed bytes."""

    def __init__(self, response: urllib3.BaseHTTPResponse) -> None:
        self._response = response

    def __getattr__(self, name: str) -> Any:
        return getattr(self._response, name)

    def stream(self, *args: Any, **kwargs: Any) -> Iterator[bytes]:
        """The parts of the body. Raises ResponseTooLargeError."""
        remaining = MAX_BODY_BYTES
        for part in self._response.stream(*args, **kwargs):
            remaining -= len(part)
            if remaining < 0:
                self._response.close()
                raise ResponseTooLargeError
            yield part


def check_json(response: Any) -> None:
    """Raises DecodeError if the body of azure-core's `response` is JSON that no Azure service returns.

    A success is an object. The libraries raise AttributeError or RecursionError for anything else, which look like
    errors of this site. Bodies that are not JSON are left to the libraries, which report them.
    """
    body = response.internal_response.content
    try:
        document = json.loads(body) if body else {}
    except ValueError:  # includes numbers with thousands of digits
        return
    except RecursionError:
        document = None
    if document is None or (response.status_code < _BAD_REQUEST and not isinstance(document, dict)):
        raise DecodeError(message=f"The response could not be decoded: {UNDECODABLE_RESPONSE}.", response=response)


@contextmanager
def malformed_responses() -> Iterator[None]:
    """Raises DecodeError where a library of Azure fails because a response has fields of other types than Azure's."""
    try:
        yield
    except (AttributeError, KeyError, TypeError) as error:
        *_, (frame, _line) = traceback.walk_tb(error.__traceback__)
        if not frame.f_globals.get("__name__", "").startswith("azure."):
            raise  # an error of this site
        raise DecodeError(message=f"The response could not be decoded: {UNDECODABLE_RESPONSE}.") from error


def error_message(error: Exception) -> str:
    """The error's message without the response body, which may contain a token or a secret.

    `str()` of azure-core's errors adds the body unless it is an error object of the service.
    """
    if isinstance(error, DecodeError) and not isinstance(error, IncompleteReadError):
        status = f" (HTTP status {error.status_code})" if error.status_code else ""
        return f"The response{status} could not be decoded: {UNDECODABLE_RESPONSE}."
    return _without_body(str(error.message) if isinstance(error, AzureError) else str(error))


def _without_body(text: str) -> str:
    """Without the body that azure-core 1.41 adds if JSON is invalid; credentials copy it into their own messages."""
    message, separator, body = text.partition("\nContent: ")
    if not separator or "JSON is invalid: " not in message:
        return text
    end = body.rfind("\nTo mitigate this issue")  # the end of a chain's message
    return message if end < 0 else message + body[end:]
