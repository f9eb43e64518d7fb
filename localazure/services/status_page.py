"""A page at the world's own address that shows what is played and what was asked; it changes nothing."""

from collections.abc import Iterable
from html import escape
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from localazure.trouble import Trouble
from localazure.world import World

PATH = "/.localazure/"
JSON_PATH = "/.localazure/status.json"
SHOWN = 50
SECURITY = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}

_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Local Azure: {name}</title></head>
<body><main>
<h1>Local Azure: {name}</h1>
<p>{sentence}</p>
<h2>The world</h2>
<table><tbody>{facts}</tbody></table>
<h2>The last requests</h2>
<table><thead><tr><th>Service</th><th>Request</th><th>Status</th></tr></thead><tbody>{requests}</tbody></table>
</main></body></html>
"""


def status_page(world: World) -> Starlette:
    """The page and its JSON, as an ASGI application."""

    async def page(_request: Request) -> Response:
        return HTMLResponse(_html(status(world)), headers=SECURITY)

    async def as_json(_request: Request) -> Response:
        return JSONResponse(status(world), headers=SECURITY)

    return Starlette(routes=[Route(PATH, page), Route(JSON_PATH, as_json)])


def status(world: World) -> dict[str, Any]:
    """The world and its last requests, newest first; no secret's value, no token."""
    scenario = world.scenario
    return {
        "scenario": scenario.name,
        "sentence": scenario.sentence,
        "host": str(scenario.host),
        "tenant": world.tenant.id,
        "subscription": scenario.subscription.id,
        "identities": [identity.name for identity in scenario.identities],
        "vaults": [vault.uri for vault in scenario.vaults],
        "troubles": {name: str(trouble) for name, trouble in world.troubles.items() if trouble != Trouble()},
        "clock_ahead_s": world.clock_ahead_s,
        "tokens_issued": len(world.journal.tokens),
        "requests": [
            {
                "service": request.service,
                "method": request.method,
                "address": f"{request.host}{request.path}",
                "status": request.status,
            }
            for request in list(world.journal.requests)[: -SHOWN - 1 : -1]
        ],
    }


def _html(status: dict[str, Any]) -> str:
    facts = {name: value for name, value in status.items() if name not in ("scenario", "sentence", "requests")}
    requests = [
        (request["service"], f"{request['method']} {request['address']}", request["status"] or "no answer")
        for request in status["requests"]
    ]
    return _PAGE.format(
        name=escape(status["scenario"]),
        sentence=escape(status["sentence"]),
        facts=_rows((name.replace("_", " "), _text(value)) for name, value in facts.items()),
        requests=_rows(requests),
    )


def _text(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{name}: {item}" for name, item in value.items()) or "none"
    return str(value)


def _rows(rows: Iterable[tuple[object, ...]]) -> str:
    return "".join("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>\n" for row in rows)
