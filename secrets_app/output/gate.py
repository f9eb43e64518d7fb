"""The last check of every response: no page and no JSON document contains a secret in use.

`core.logs` does the same for log lines, `management.command` for the output of commands. Results are cleaned before
(`core.redaction.cleaned`); this also covers what a template, a view or a library adds.
"""

from collections.abc import Iterable, Iterator
from urllib.parse import unquote_plus

from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from secrets_app.core.known_secrets import known_secrets

IS_CHECKED = "secrets_app_is_checked"
"""Attribute of a response whose content `redact_content` has checked, or that consists of what the visitor sent."""
SHOWN_VALUE = "secrets_app_shown_value"
"""Attribute of the response that shows a secret value: the value's digest."""


def redact_response(request: HttpRequest, response: HttpResponseBase) -> None:
    """Replace each secret in the response by `[hidden]`, except what the visitor sent and a value they requested."""
    if isinstance(response, FileResponse) or getattr(response, IS_CHECKED, False):
        return  # a static file
    given = f"{request.path}?{unquote_plus(request.META.get('QUERY_STRING', ''))}"
    shown = getattr(response, SHOWN_VALUE, b"")
    if isinstance(response, StreamingHttpResponse):
        response.streaming_content = _redacted(response.streaming_content, given)  # type: ignore[arg-type]
    elif isinstance(response, HttpResponse):
        content = redact_content(response.content, given=given, shown=shown)
        if content is not response.content:
            response.content = content
            if response.has_header("Content-Length"):
                response["Content-Length"] = str(len(content))
    setattr(response, IS_CHECKED, True)


def redact_content(content: bytes, *, given: str = "", shown: bytes = b"") -> bytes:
    """The content, UTF-8, with each secret replaced."""
    text = content.decode("utf-8", "surrogateescape")
    redacted = known_secrets().hide(text, given=given, shown=shown)
    return content if redacted is text else redacted.encode("utf-8", "surrogateescape")


def _redacted(chunks: Iterable[bytes], given: str) -> Iterator[bytes]:
    """Each chunk is a complete part of the page, so no secret extends over two."""
    for chunk in chunks:
        yield redact_content(chunk, given=given)
