"""ASGI middleware that injects faults into the responses of a service."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from http import HTTPStatus

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from localazure.scenarios.faults import Fault, FaultInjection
from localazure.services.errors import ServiceError, error_response

NO_RESPONSE = "localazure.no_response"
"""Type of the message that is sent when there will be no response."""
HUGE_BYTES = 64 * 1024 * 1024
CHUNK = b" " * 65536
DRIP_BYTES, DRIP_INTERVAL_S = 4096, 0.05

GATEWAY_PAGE = """<html>\r
<head><title>502 Bad Gateway</title></head>\r
<body>\r
<center><h1>502 Bad Gateway</h1></center>\r
<hr><center>Microsoft-Azure-Application-Gateway/v2</center>\r
</body>\r
</html>\r
"""


def with_faults(app: ASGIApp, injection: FaultInjection, error_for_status: Callable[[int], ServiceError]) -> ASGIApp:
    """Return `app` with the faults of `injection`. `error_for_status` makes the service's error with a status."""
    if injection == FaultInjection():
        return app
    if injection.status:
        faulty: ASGIApp = error_response(_with_retry_after(error_for_status(injection.status), injection))
    else:
        faulty = _FAULTS[injection.fault](app) if injection.fault else app

    async def delayed(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(injection.latency_s)
        await faulty(scope, receive, send)

    return delayed


def _with_retry_after(error: ServiceError, injection: FaultInjection) -> ServiceError:
    if injection.retry_after_s is None:
        return error
    headers = {**(error.headers or {}), "Retry-After": str(injection.retry_after_s)}
    return ServiceError(error.status, error.body, headers)


async def close_connection(scope: Scope, receive: Receive, send: Send) -> None:
    """Close the connection without a response, as by an address without a listener."""
    await send({"type": NO_RESPONSE})
    scope["state"]["close"]()
    await _disconnected(receive)


def _no_response(_app: ASGIApp) -> ASGIApp:
    async def no_response(_scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": NO_RESPONSE})
        await _disconnected(receive)

    return no_response


def _reset(_app: ASGIApp) -> ASGIApp:
    """Send part of a response, then reset the connection (RST)."""

    async def reset(scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"application/json; charset=utf-8"), (b"content-length", b"4096")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b'{"value": "', "more_body": True})
        scope["state"]["reset"]()
        await _disconnected(receive)

    return reset


def _html(_app: ASGIApp) -> ASGIApp:
    return HTMLResponse(GATEWAY_PAGE, status_code=502)


def _wrong_type(app: ASGIApp) -> ASGIApp:
    async def wrong_type(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_wrong_type(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["Content-Type"] = "text/html; charset=utf-8"
            await send(message)

        await app(scope, receive, send_wrong_type)

    return wrong_type


def _truncated(app: ASGIApp) -> ASGIApp:
    """Send the first half of the JSON with a matching Content-Length, so that only a parser notices."""

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
    return StreamingResponse(_spaces(), media_type="application/json", headers={"Content-Length": str(HUGE_BYTES)})


async def _spaces() -> AsyncIterator[bytes]:
    for _ in range(HUGE_BYTES // len(CHUNK)):
        yield CHUNK


def _drip(_app: ASGIApp) -> ASGIApp:
    """Send the response byte by byte, faster than a read timeout."""
    headers = {"Content-Length": str(DRIP_BYTES)}
    return StreamingResponse(_slow_bytes(), media_type="application/json", headers=headers)


async def _slow_bytes() -> AsyncIterator[bytes]:
    for _ in range(DRIP_BYTES):
        yield b" "
        await asyncio.sleep(DRIP_INTERVAL_S)


async def _redirect(scope: Scope, receive: Receive, send: Send) -> None:
    """Redirect to the same URL, endlessly."""
    headers = {"Location": str(Request(scope).url)}
    await Response(status_code=HTTPStatus.TEMPORARY_REDIRECT, headers=headers)(scope, receive, send)


_FAULTS: Mapping[Fault, Callable[[ASGIApp], ASGIApp]] = {
    Fault.SILENCE: _no_response,
    Fault.RESET: _reset,
    Fault.HTML: _html,
    Fault.WRONG_TYPE: _wrong_type,
    Fault.TRUNCATED: _truncated,
    Fault.HUGE: _huge,
    Fault.DRIP: _drip,
    Fault.REDIRECT: lambda _app: _redirect,
}


async def _disconnected(receive: Receive) -> None:
    """Return when the client has disconnected."""
    while (await receive())["type"] != "http.disconnect":
        pass
