"""Which service answers a request: by scheme and host name, with the headers that service writes on everything."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import formatdate

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from localazure.journal import ReceivedRequest
from localazure.world import World

OWN_NAMES = ("127.0.0.1", "localhost")
HeaderMaker = Callable[[World, str | None], Mapping[str, str]]


def no_headers(_world: World, _client_request_id: str | None) -> Mapping[str, str]:
    return {}


@dataclass(frozen=True, kw_only=True)
class Service:
    name: str
    app: ASGIApp | None
    """None closes the connection without an answer, as an address where nothing listens."""
    headers: HeaderMaker = no_headers


class Hosts:
    """The ASGI application behind the front door.

    `services` maps scheme and host to a service, `own` maps a path at this machine's own address to one.
    """

    def __init__(self, world: World, services: Mapping[tuple[str, str], Service], own: Mapping[str, Service]) -> None:
        self._world = world
        self._services = services
        self._own = own

    def plays(self, host: str) -> bool:
        """Whether a tunnel to `host` leads anywhere."""
        return ("https", host) in self._services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        host = headers.get("Host", "").lower()
        service = self._find(scope["scheme"], host, scope["path"])
        if service is None:
            return await _refuse(host)(scope, receive, send)

        # Noted before the client can know of it: whoever has the answer finds its request in the journal.
        async def send_noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._note(service, scope, host, message["status"])
                MutableHeaders(scope=message).update(self._common_headers(service, headers))
            await send(message)

        if service.app is not None:
            return await service.app(scope, receive, send_noted)
        self._note(service, scope, host, None)
        return await _close(scope, receive)

    def _find(self, scheme: str, host: str, path: str) -> Service | None:
        name = host.partition(":")[0]
        if scheme == "http" and name in OWN_NAMES:
            return self._own.get(path)
        return self._services.get((scheme, name))

    def _common_headers(self, service: Service, headers: Headers) -> dict[str, str]:
        date = formatdate(self._world.now_s(), usegmt=True)
        return {"Date": date, **service.headers(self._world, headers.get("x-ms-client-request-id"))}

    def _note(self, service: Service, scope: Scope, host: str, status: int | None) -> None:
        self._world.journal.requests.append(
            ReceivedRequest(service=service.name, method=scope["method"], host=host, path=scope["path"], status=status)
        )


async def _close(scope: Scope, receive: Receive) -> None:
    scope["state"]["close"]()
    while (await receive())["type"] != "http.disconnect":
        pass


def _refuse(host: str) -> ASGIApp:
    text = f"Local Azure does not play {json.dumps(host)}, and lets nothing out to the network.\n"
    return PlainTextResponse(text, status_code=403)
