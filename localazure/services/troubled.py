"""A service with something wrong between it and its client."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from http import HTTPStatus

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from localazure.services.refusal import Refusal, answer_of
from localazure.trouble import Fault, Trouble

NO_ANSWER = "localazure.no_answer"
"""Sent in place of an answer when there will be none."""
HUGE = 64 * 1024 * 1024
PIECE = b" " * 65536
DROPS, DRIP_S = 4096, 0.05

GATEWAY_PAGE = """<html>\r
<head><title>502 Bad Gateway</title></head>\r
<body>\r
<center><h1>502 Bad Gateway</h1></center>\r
<hr><center>Microsoft-Azure-Application-Gateway/v2</center>\r
</body>\r
</html>\r
"""


def troubled(app: ASGIApp, trouble: Trouble, failure: Callable[[int], Refusal]) -> ASGIApp:
    """`app` behind `trouble`; `failure` is what its service says when it fails with a status."""
    if trouble == Trouble():
        return app
    if trouble.status:
        broken: ASGIApp = answer_of(_with_retry_after(failure(trouble.status), trouble))
    else:
        broken = _FAULTS[trouble.fault](app) if trouble.fault else app

    async def late(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(trouble.latency_s)
        await broken(scope, receive, send)

    return late


def _with_retry_after(refusal: Refusal, trouble: Trouble) -> Refusal:
    if trouble.retry_after_s is None:
        return refusal
    headers = {**(refusal.headers or {}), "Retry-After": str(trouble.retry_after_s)}
    return Refusal(refusal.status, refusal.body, headers)


async def close(scope: Scope, receive: Receive, send: Send) -> None:
    """No answer, and the connection closed: as an address where nothing listens."""
    await send({"type": NO_ANSWER})
    scope["state"]["close"]()
    await _gone(receive)


def _silent(_app: ASGIApp) -> ASGIApp:
    async def silent(_scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": NO_ANSWER})
        await _gone(receive)

    return silent


def _reset(_app: ASGIApp) -> ASGIApp:
    """Half of an answer, then RST."""

    async def reset(scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"application/json; charset=utf-8"), (b"content-length", b"4096")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b'{"value": "', "more_body": True})
        scope["state"]["reset"]()
        await _gone(receive)

    return reset


def _html(_app: ASGIApp) -> ASGIApp:
    return HTMLResponse(GATEWAY_PAGE, status_code=502)


def _wrong_type(app: ASGIApp) -> ASGIApp:
    async def renamed(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_renamed(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["Content-Type"] = "text/html; charset=utf-8"
            await send(message)

        await app(scope, receive, send_renamed)

    return renamed


def _truncated(app: ASGIApp) -> ASGIApp:
    """The first half of the JSON, with the length that says so: nothing but a parser sees it."""

    async def truncated(scope: Scope, receive: Receive, send: Send) -> None:
        start: list[Message] = []

        async def send_half(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.append(message)
                return
            half = message.get("body", b"")[: len(message.get("body", b"")) // 2]
            MutableHeaders(scope=start[0])["Content-Length"] = str(len(half))
            await send(start[0])
            await send({**message, "body": half})

        await app(scope, receive, send_half)

    return truncated


def _huge(_app: ASGIApp) -> ASGIApp:
    return StreamingResponse(_spaces(), media_type="application/json", headers={"Content-Length": str(HUGE)})


async def _spaces() -> AsyncIterator[bytes]:
    for _ in range(HUGE // len(PIECE)):
        yield PIECE


def _drip(_app: ASGIApp) -> ASGIApp:
    """An answer that comes byte by byte, each of them in time."""
    headers = {"Content-Length": str(DROPS)}
    return StreamingResponse(_drops(), media_type="application/json", headers=headers)


async def _drops() -> AsyncIterator[bytes]:
    for _ in range(DROPS):
        yield b" "
        await asyncio.sleep(DRIP_S)


async def _redirect(scope: Scope, receive: Receive, send: Send) -> None:
    """Back to where the client came from, without an end."""
    headers = {"Location": str(Request(scope).url)}
    await Response(status_code=HTTPStatus.TEMPORARY_REDIRECT, headers=headers)(scope, receive, send)


_FAULTS: Mapping[Fault, Callable[[ASGIApp], ASGIApp]] = {
    Fault.SILENCE: _silent,
    Fault.RESET: _reset,
    Fault.HTML: _html,
    Fault.WRONG_TYPE: _wrong_type,
    Fault.TRUNCATED: _truncated,
    Fault.HUGE: _huge,
    Fault.DRIP: _drip,
    Fault.REDIRECT: lambda _app: _redirect,
}


async def _gone(receive: Receive) -> None:
    """Returns when the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
