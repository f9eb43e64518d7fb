"""The status page (read-only): the running scenario and its last requests."""

from collections.abc import Iterable
from html import escape
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from localazure.scenarios.faults import FaultInjection
from localazure.state.emulator_state import EmulatorState

PATH = "/.localazure/"
JSON_PATH = "/.localazure/status.json"
MAX_REQUESTS = 50
SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}

LABELS = {
    "host": "Host",
    "tenant": "Tenant ID",
    "subscription": "Subscription ID",
    "identities": "Managed identities",
    "vaults": "Vaults",
    "troubles": "Injected faults",
    "clock_ahead_s": "Azure's clock is ahead by (s)",
    "tokens_issued": "Tokens issued",
}
"""Key of the JSON -> label on the page."""

_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Local Azure: {name}</title></head>
<body><main>
<h1>Local Azure: {name}</h1>
<p>{sentence}</p>
<h2>Scenario</h2>
<table><tbody>{facts}</tbody></table>
<h2>Last requests</h2>
<table><thead><tr><th>Service</th><th>Request</th><th>Identity</th><th>Status</th></tr></thead><tbody>{requests}</tbody></table>
</main></body></html>
"""


def create_app(state: EmulatorState) -> Starlette:
    """Return the ASGI application: the page and the same data as JSON."""

    async def page(_request: Request) -> Response:
        return HTMLResponse(_html(status(state)), headers=SECURITY_HEADERS)

    async def as_json(_request: Request) -> Response:
        return JSONResponse(status(state), headers=SECURITY_HEADERS)

    return Starlette(routes=[Route(PATH, page), Route(JSON_PATH, as_json)])


def status(state: EmulatorState) -> dict[str, Any]:
    """Return the scenario and its last requests, newest first, without tokens and secret values."""
    scenario = state.scenario
    return {
        "scenario": scenario.name,
        "sentence": scenario.sentence,
        "host": str(scenario.host),
        "tenant": state.tenant.id,
        "subscription": scenario.subscription.id,
        "identities": [identity.name for identity in scenario.identities],
        "vaults": [vault.uri for vault in scenario.vaults],
        "troubles": {name: str(injection) for name, injection in state.faults.items() if injection != FaultInjection()},
        "clock_ahead_s": state.clock_ahead_s,
        "tokens_issued": len(state.request_log.tokens),
        "requests": [
            {
                "service": request.service,
                "method": request.method,
                "address": f"{request.host}{request.path}",
                "query": request.query,
                "identity": request.identity,
                "status": request.status,
            }
            for request in list(state.request_log.requests)[: -MAX_REQUESTS - 1 : -1]
        ],
    }


def _html(status: dict[str, Any]) -> str:
    requests = [
        (
            request["service"],
            f"{request['method']} {request['address']}" + (f"?{request['query']}" if request["query"] else ""),
            request["identity"] or "",
            request["status"] or "no response",
        )
        for request in status["requests"]
    ]
    return _PAGE.format(
        name=escape(status["scenario"]),
        sentence=escape(status["sentence"]),
        facts=_rows((label, _text(status[name])) for name, label in LABELS.items()),
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
