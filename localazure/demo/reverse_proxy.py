"""The reverse proxy in front of the site: forwards everything and adds the toolbar to HTML pages."""

from collections.abc import AsyncIterator
from urllib.parse import parse_qsl

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from localazure.demo.csrf import csrf_error, safe_redirect
from localazure.demo.runner import DemoRunner
from localazure.demo.site import SiteError
from localazure.demo.suggestions import can_run, suggested_commands, wait_for_change
from localazure.demo.toolbar import FIX_PATH, FORM_PATH, STYLE, STYLE_PATH, ToolbarInserter, page, toolbar
from localazure.scenarios.catalog import SCENARIOS

# https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1
HOP_BY_HOP = {
    *(b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"proxy-connection"),
    *(b"te", b"trailer", b"transfer-encoding", b"upgrade"),
}
# The toolbar is inserted into uncompressed HTML, which makes the length and validators of the response wrong.
REQUEST_HEADERS_REMOVED = {*HOP_BY_HOP, b"accept-encoding"}
PAGE_HEADERS_REMOVED = {*HOP_BY_HOP, b"content-length", b"etag", b"last-modified"}
MAX_FORM_BYTES = 16 * 1024
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def demo_app(runner: DemoRunner, client: httpx.AsyncClient, suggestions: str | None = None) -> Starlette:
    """Return the demo as an ASGI application. `suggestions` is the path of the site's hints as JSON, if it has any."""
    proxy = ReverseProxy(runner, client, suggestions)
    return Starlette(
        routes=[
            Route(FORM_PATH, proxy.change_scenario, methods=["POST"]),
            Route(FIX_PATH, proxy.run_suggestion, methods=["POST"]),
            Route(STYLE_PATH, proxy.style),
            Route("/{path:path}", proxy.site, methods=METHODS),
        ]
    )


class ReverseProxy:
    def __init__(self, runner: DemoRunner, client: httpx.AsyncClient, suggestions: str | None) -> None:
        self._runner = runner
        self._client = client
        self._suggestions = suggestions

    async def style(self, _request: Request) -> Response:
        return Response(STYLE, media_type="text/css", headers={"Cache-Control": "max-age=300"})

    async def change_scenario(self, request: Request) -> Response:
        rejected = csrf_error(request)
        if rejected:
            return self._page(403, "The change was rejected", rejected, back="/")
        form = await _form(request)
        scenario, back = form.get("scenario", ""), safe_redirect(form.get("back", "/"))
        if scenario not in SCENARIOS:
            return self._page(400, "Unknown scenario", "Choose a scenario in the toolbar.", back=back)
        try:
            await self._runner.start_scenario(scenario)
        except SiteError as error:
            return self._page(502, "The site did not start", str(error), back=back)
        return RedirectResponse(back, status_code=303)

    async def run_suggestion(self, request: Request) -> Response:
        """Run the az commands that the site suggests now, or `command` of the form, which a person has completed."""
        rejected = csrf_error(request)
        if rejected:
            return self._page(403, "The command was rejected", rejected, back="/")
        form, port = await _form(request), await self._runner.site_port()
        back, completed = safe_redirect(form.get("back", "/")), form.get("command", "").strip()
        if port is None or self._suggestions is None:
            return self._page(502, "The site is not running", self._runner.error or "", back=back)
        host = request.headers.get("Host", "")
        try:
            lines = await suggested_commands(self._client, port, self._suggestions, host)
            if completed and not completed.startswith("az "):
                return self._page(400, "Not an Azure CLI command", "Only az commands can be run here.", back=back)
            if not lines and not completed:
                text = "The page suggests no command that can be run here: follow its text, or choose another scenario."
                return self._page(200, "Nothing to run", text, back=back)
            given = [completed] if completed else lines
            runnable = [line for line in given if can_run(line)]
            await self._runner.run(runnable, skipped=[line for line in given if not can_run(line)])
            port = await self._runner.site_port()
            if runnable:
                await wait_for_change(self._client, port or 0, self._suggestions, host, lines)
        except (httpx.TransportError, ValueError, AttributeError) as error:
            return self._page(502, "The site returned no suggestion", str(error), back=back)
        except SiteError as error:
            return self._page(502, "The site did not start", str(error), back=back)
        return RedirectResponse(back, status_code=303)

    async def site(self, request: Request) -> Response:
        back = safe_redirect(_path_and_query(request)) if request.method == "GET" else "/"
        port = await self._runner.site_port()
        if port is None:
            return self._page(502, "The site is not running", self._runner.error or "", back=back)
        try:
            response = await self._client.send(_forward_request(request, port), stream=True)
        except httpx.TransportError:
            text = self._runner.error or "The site closed the connection without a response."
            return self._page(502, "The site does not respond", text, back=back)
        if response.headers.get("content-type", "").startswith("text/html"):
            inserter = ToolbarInserter(self._toolbar(back))
            return _forward_response(response, _with_toolbar(response, inserter), without=PAGE_HEADERS_REMOVED)
        return _forward_response(response, response.aiter_raw(), without=HOP_BY_HOP)

    def _page(self, status: int, title: str, text: str, *, back: str) -> Response:
        return HTMLResponse(page(self._toolbar(back), title=title, text=text), status_code=status)

    def _toolbar(self, back: str) -> str:
        can_run = self._suggestions is not None and self._runner.scenario.cause is not None
        return toolbar(self._runner.scenario, back=back, can_run=can_run, runs=self._runner.runs)


async def _form(request: Request) -> dict[str, str]:
    """Return the fields of the toolbar's form; a body that is too long counts as empty."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_FORM_BYTES:
            return {}
    return dict(parse_qsl(body.decode("utf-8", "replace")))


def _path_and_query(request: Request) -> str:
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def _forward_request(request: Request, port: int) -> httpx.Request:
    """Return the same request for the site, including the Host header and the body."""
    query = request.scope["query_string"]
    target = request.scope["raw_path"] + (b"?" + query if query else b"")
    url = httpx.URL(scheme="http", host="127.0.0.1", port=port, raw_path=target)
    headers = [(name, value) for name, value in request.headers.raw if name not in REQUEST_HEADERS_REMOVED]
    has_body = "content-length" in request.headers or "transfer-encoding" in request.headers
    return httpx.Request(request.method, url, headers=headers, content=request.stream() if has_body else None)


def _forward_response(response: httpx.Response, body: AsyncIterator[bytes], *, without: set[bytes]) -> Response:
    forwarded = StreamingResponse(_close_after(response, body), status_code=response.status_code)
    forwarded.raw_headers = [(n.lower(), v) for n, v in response.headers.raw if n.lower() not in without]
    return forwarded


async def _with_toolbar(response: httpx.Response, inserter: ToolbarInserter) -> AsyncIterator[bytes]:
    async for chunk in response.aiter_raw():
        yield inserter.feed(chunk)
    yield inserter.end()


async def _close_after(response: httpx.Response, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    try:
        async for chunk in body:
            if chunk:
                yield chunk
    finally:
        await response.aclose()
