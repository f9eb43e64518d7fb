"""The requests of az to Resource Manager, Microsoft Graph and vaults, sent to the emulated services in this process."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from starlette.types import ASGIApp, Message

from localazure.services.azure_cli.result import CliError

NOT_FOUND_CODE = 3
"""Exit code of az when Azure returns 404."""


@dataclass(frozen=True)
class Answer:
    status: int
    content: Any
    """The JSON of the response, None without one."""


async def send(
    app: ASGIApp, method: str, url: str, token: str, body: Any = None, query: Mapping[str, str] | None = None
) -> Answer:
    """Send one HTTPS request to an emulated service. `app` routes by host name."""
    target, payload = urlsplit(url), b"" if body is None else json.dumps(body).encode()
    status, parts = 0, []

    async def receive() -> Message:
        return {"type": "http.request", "body": payload, "more_body": False}

    async def collect(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        parts.append(message.get("body", b""))

    headers = {"host": target.netloc, "authorization": f"Bearer {token}", "content-type": "application/json"}
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "scheme": "https",
        "path": target.path,
        "raw_path": quote(target.path).encode(),
        "query_string": urlencode(query or {}).encode(),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "server": (target.hostname, 443),
        "client": ("127.0.0.1", 0),
        "state": {},
    }
    await app(scope, receive, collect)
    text = b"".join(parts)
    return Answer(status, json.loads(text) if text else None)


def successful(answer: Answer) -> Any:
    """Return the content of a successful answer. Raises CliError with Azure's error as az prints it."""
    if answer.status < 400:
        return answer.content
    error = (answer.content or {}).get("error", {})
    code, message = error.get("code", ""), error.get("message", "Operation returned an invalid status")
    lines = [f"({code}) {message}", f"Code: {code}", f"Message: {message}"]
    if "innererror" in error:
        lines.append("Inner error: " + json.dumps(error["innererror"], indent=4))
    raise CliError("\n".join(lines), NOT_FOUND_CODE if answer.status == 404 else 1)
