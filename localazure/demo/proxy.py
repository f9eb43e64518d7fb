"""The reverse proxy in front of the site: everything as it is, and the band on every HTML page."""

from collections.abc import AsyncIterator
from urllib.parse import parse_qsl

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from localazure.demo.band import FORM_PATH, STYLE, STYLE_PATH, BandInserter, band, page
from localazure.demo.same_site import reason_to_refuse, safe_address
from localazure.demo.site import SiteError
from localazure.demo.stage import Stage
from localazure.scenarios import SCENARIOS

# https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1
HOP_BY_HOP = {
    *(b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"proxy-connection"),
    *(b"te", b"trailer", b"transfer-encoding", b"upgrade"),
}
# The band is put into plain text, and a page with it is another page than the one the site named.
NOT_ASKED = {*HOP_BY_HOP, b"accept-encoding"}
NOT_TRUE_OF_THE_PAGE = {*HOP_BY_HOP, b"content-length", b"etag", b"last-modified"}
FORM_LIMIT = 16 * 1024
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def demo_app(stage: Stage, client: httpx.AsyncClient) -> Starlette:
    """The demo as an ASGI application."""
    proxy = Proxy(stage, client)
    return Starlette(
        routes=[
            Route(FORM_PATH, proxy.change_scenario, methods=["POST"]),
            Route(STYLE_PATH, proxy.style),
            Route("/{path:path}", proxy.site, methods=METHODS),
        ]
    )


class Proxy:
    def __init__(self, stage: Stage, client: httpx.AsyncClient) -> None:
        self._stage = stage
        self._client = client

    async def style(self, _request: Request) -> Response:
        return Response(STYLE, media_type="text/css", headers={"Cache-Control": "max-age=300"})

    async def change_scenario(self, request: Request) -> Response:
        refused = reason_to_refuse(request)
        if refused:
            return self._page(403, "This change was refused", refused, back="/")
        form = await _form(request)
        scenario, back = form.get("scenario", ""), safe_address(form.get("back", "/"))
        if scenario not in SCENARIOS:
            return self._page(400, "There is no such scenario", "Choose one in the band above.", back=back)
        try:
            await self._stage.show(scenario)
        except SiteError as error:
            return self._page(502, "The site cannot be shown", str(error), back=back)
        return RedirectResponse(back, status_code=303)

    async def site(self, request: Request) -> Response:
        back = safe_address(_address(request)) if request.method == "GET" else "/"
        port = await self._stage.site_port()
        if port is None:
            return self._page(502, "The site does not run", self._stage.trouble or "", back=back)
        try:
            answer = await self._client.send(_forwarded(request, port), stream=True)
        except httpx.TransportError:
            text = self._stage.trouble or "It closed the connection without an answer."
            return self._page(502, "The site does not answer", text, back=back)
        if answer.headers.get("content-type", "").startswith("text/html"):
            inserter = BandInserter(band(self._stage.scenario, back=back))
            return _passed_on(answer, _with_band(answer, inserter), without=NOT_TRUE_OF_THE_PAGE)
        return _passed_on(answer, answer.aiter_raw(), without=HOP_BY_HOP)

    def _page(self, status: int, title: str, text: str, *, back: str) -> Response:
        return HTMLResponse(page(self._stage.scenario, title=title, text=text, back=back), status_code=status)


async def _form(request: Request) -> dict[str, str]:
    """The fields of the band's form; a body longer than such a form can be counts as empty."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > FORM_LIMIT:
            return {}
    return dict(parse_qsl(body.decode("utf-8", "replace")))


def _address(request: Request) -> str:
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def _forwarded(request: Request, port: int) -> httpx.Request:
    """The same request for the site, the Host header and the body included."""
    query = request.scope["query_string"]
    target = request.scope["raw_path"] + (b"?" + query if query else b"")
    url = httpx.URL(scheme="http", host="127.0.0.1", port=port, raw_path=target)
    headers = [(name, value) for name, value in request.headers.raw if name not in NOT_ASKED]
    has_body = "content-length" in request.headers or "transfer-encoding" in request.headers
    return httpx.Request(request.method, url, headers=headers, content=request.stream() if has_body else None)


def _passed_on(answer: httpx.Response, body: AsyncIterator[bytes], *, without: set[bytes]) -> Response:
    response = StreamingResponse(_closing(answer, body), status_code=answer.status_code)
    response.raw_headers = [(n.lower(), v) for n, v in answer.headers.raw if n.lower() not in without]
    return response


async def _with_band(answer: httpx.Response, inserter: BandInserter) -> AsyncIterator[bytes]:
    async for piece in answer.aiter_raw():
        yield inserter.feed(piece)
    yield inserter.end()


async def _closing(answer: httpx.Response, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    try:
        async for piece in body:
            if piece:
                yield piece
    finally:
        await answer.aclose()
