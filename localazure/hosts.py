"""Which service answers a request: by scheme and host name, with the headers that service writes on everything."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import formatdate

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from localazure.journal import ReceivedRequest
from localazure.services.refusal import Refusal, plain_failure
from localazure.services.troubled import NO_ANSWER, close, troubled
from localazure.trouble import Trouble
from localazure.world import World

OWN_NAMES = ("127.0.0.1", "localhost")
DEFAULT_PORTS = {"http": "80", "https": "443"}
HeaderMaker = Callable[[World, str | None], Mapping[str, str]]


def no_headers(_world: World, _client_request_id: str | None) -> Mapping[str, str]:
    return {}


@dataclass(frozen=True, kw_only=True)
class Service:
    name: str
    app: ASGIApp = close
    """By default the connection is closed without an answer, as by an address where nothing listens."""
    headers: HeaderMaker = no_headers
    failure: Callable[[int], Refusal] = plain_failure
    """How the service says that it fails with that status."""


HEAD_LIMIT = 16 * 1024
"""Bytes of a request's head: one that never ends is cut off at the door, one that came whole is refused here."""


class Hosts:
    """The ASGI application behind the front door.

    `services` maps scheme and host to a service, `own` maps a path at this machine's own address to one. A host has
    its port behind it when that is not the scheme's own.
    """

    def __init__(self, world: World, services: Mapping[tuple[str, str], Service], own: Mapping[str, Service]) -> None:
        self._world = world
        self._services = services
        self._own = own

    def plays(self, target: str) -> bool:
        """Whether a tunnel to `target`, a host and its port, leads anywhere."""
        return ("https", _without_default_port("https", target)) in self._services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if sum(len(name) + len(value) for name, value in scope["headers"]) > HEAD_LIMIT:
            return await PlainTextResponse("The request's head is too large.\n", 431)(scope, receive, send)
        headers = Headers(scope=scope)
        host = headers.get("Host", "").lower()
        service = self._find(scope["scheme"], host, scope["path"])
        if service is None:
            return await _refuse(host)(scope, receive, send)

        # Noted before the client can know of it: whoever has the answer finds its request in the journal.
        async def send_noted(message: Message) -> None:
            if message["type"] == NO_ANSWER:
                return self._note(service, scope, host, None)
            if message["type"] == "http.response.start":
                self._note(service, scope, host, message["status"])
                MutableHeaders(scope=message).update(self._common_headers(service, headers))
            return await send(message)

        trouble = self._world.troubles.get(service.name, Trouble())
        return await troubled(service.app, trouble, service.failure)(scope, receive, send_noted)

    def _find(self, scheme: str, host: str, path: str) -> Service | None:
        if scheme == "http" and host.partition(":")[0] in OWN_NAMES:
            return self._own.get(path)
        return self._services.get((scheme, _without_default_port(scheme, host)))

    def _common_headers(self, service: Service, headers: Headers) -> dict[str, str]:
        date = formatdate(self._world.now_s(), usegmt=True)
        return {"Date": date, **service.headers(self._world, headers.get("x-ms-client-request-id"))}

    def _note(self, service: Service, scope: Scope, host: str, status: int | None) -> None:
        self._world.journal.requests.append(
            ReceivedRequest(service=service.name, method=scope["method"], host=host, path=scope["path"], status=status)
        )


def _without_default_port(scheme: str, host: str) -> str:
    return host.removesuffix(f":{DEFAULT_PORTS[scheme]}")


def _refuse(host: str) -> ASGIApp:
    text = f"Local Azure does not play {json.dumps(host)}, and lets nothing out to the network.\n"
    return PlainTextResponse(text, status_code=403)
