"""Dispatches requests to services by scheme and host name, adds the service's headers and logs the request."""

import json
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from email.utils import formatdate

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from localazure.scenarios.faults import FaultInjection
from localazure.server.fault_middleware import NO_RESPONSE, close_connection, with_faults
from localazure.services.errors import ServiceError, generic_error
from localazure.state.emulator_state import EmulatorState
from localazure.state.request_log import ReceivedRequest, shown_query

LOCAL_HOST_NAMES = ("127.0.0.1", "localhost")
DEFAULT_PORTS = {"http": "80", "https": "443"}
MAX_HEAD_BYTES = 16 * 1024
"""Maximum size of a request's headers. The proxy applies it to incomplete headers, the router to complete ones."""

HeaderFactory = Callable[[EmulatorState, str | None], Mapping[str, str]]
"""The emulator state and the client request ID -> response headers."""


def no_headers(_state: EmulatorState, _client_request_id: str | None) -> Mapping[str, str]:
    return {}


SHOWN_VAULTS = 10


@dataclass(frozen=True, kw_only=True)
class Service:
    name: str
    app: ASGIApp = close_connection
    """Default: the connection is closed without a response, as by an address without a listener."""
    headers: HeaderFactory = no_headers
    error_for_status: Callable[[int], ServiceError] = generic_error
    """HTTP status -> the service's error with this status."""


ServiceFactory = Callable[[], Service]
"""Returns a service, the same at each call. It is called at the first request, and then imports what it needs."""


class Router:
    """The ASGI application behind the proxy.

    `services` maps (scheme, host) to a service, `local` maps a path on 127.0.0.1 to a service. A host includes the
    port when it is not the scheme's default port. `find_vault` returns the service of a vault's host, because vaults
    can be created and deleted while the scenario runs. `local_names` are the host names of the local paths.
    """

    def __init__(
        self,
        state: EmulatorState,
        services: Mapping[tuple[str, str], ServiceFactory],
        local: Mapping[str, ServiceFactory],
        find_vault: Callable[[str], Service | None],
        local_names: Container[str] = LOCAL_HOST_NAMES,
    ) -> None:
        self._state = state
        self._services = services
        self._local = local
        self._find_vault = find_vault
        self._local_names = local_names

    def accepts_tunnel(self, target: str) -> bool:
        """Whether `target`, a host with its port, is emulated, with TLS or on port 80 without."""
        return self._find_service("https", target) is not None or self.is_plain(target)

    def is_plain(self, target: str) -> bool:
        """Whether the tunnel to `target` carries plain HTTP: some clients reach IMDS so through a proxy."""
        return target.endswith(f":{DEFAULT_PORTS['http']}") and self._find_service("http", target) is not None

    def emulated(self) -> str:
        """What is emulated, for the message to a client that requests another host."""
        vaults = [name for name, settings in self._state.vaults.items() if settings.deleted_on is None]
        more = f" and {len(vaults) - SHOWN_VAULTS} more" if len(vaults) > SHOWN_VAULTS else ""
        hosts = ", ".join(sorted(host for scheme, host in self._services if scheme == "https"))
        return f"Vaults: {', '.join(vaults[:SHOWN_VAULTS]) or 'none'}{more}. Other hosts: {hosts}."

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if sum(len(name) + len(value) for name, value in scope["headers"]) > MAX_HEAD_BYTES:
            return await PlainTextResponse("The request headers are too large.\n", 431)(scope, receive, send)
        headers = Headers(scope=scope)
        host = headers.get("Host", "").lower()
        service = self._find(scope["scheme"], host, scope["path"])
        if service is None:
            return await _host_not_emulated(host, self.emulated())(scope, receive, send)

        # Logged before the response is sent: a client that has its response finds the request in the log.
        async def send_and_log(message: Message) -> None:
            if message["type"] == NO_RESPONSE:
                return self._log(service, scope, headers, None)
            if message["type"] == "http.response.start":
                self._log(service, scope, headers, message["status"])
                MutableHeaders(scope=message).update(self._common_headers(service, headers))
            return await send(message)

        injection = self._state.faults.get(service.name, FaultInjection())
        return await with_faults(service.app, injection, service.error_for_status)(scope, receive, send_and_log)

    def _find(self, scheme: str, host: str, path: str) -> Service | None:
        if scheme == "http" and host.partition(":")[0] in self._local_names:
            local = self._local.get(path)
            return local() if local else None
        return self._find_service(scheme, host)

    def _find_service(self, scheme: str, host: str) -> Service | None:
        name = _without_default_port(scheme, host)
        service = self._services.get((scheme, name))
        if service:
            return service()
        return self._find_vault(name) if scheme == "https" else None

    def _common_headers(self, service: Service, headers: Headers) -> dict[str, str]:
        date = formatdate(self._state.now_s(), usegmt=True)
        return {"Date": date, **service.headers(self._state, _client_request_id(headers))}

    def _log(self, service: Service, scope: Scope, headers: Headers, status: int | None) -> None:
        log, query = self._state.request_log, scope["query_string"]
        token = headers.get("Authorization", "").partition(" ")[2]
        log.requests.append(
            ReceivedRequest(
                service=service.name,
                method=scope["method"],
                host=headers.get("Host", "").lower(),
                path=scope["path"],
                query=shown_query(query) if query else "",
                identity=log.holders.get(token),
                status=status,
            )
        )


class CurrentRouter:
    """The ASGI application of the server: the router of the scenario that is running now."""

    def __init__(self, router: Router) -> None:
        self.router = router

    def accepts_tunnel(self, target: str) -> bool:
        return self.router.accepts_tunnel(target)

    def is_plain(self, target: str) -> bool:
        return self.router.is_plain(target)

    def emulated(self) -> str:
        return self.router.emulated()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.router(scope, receive, send)


def _client_request_id(headers: Headers) -> str | None:
    """The ID that the client gave the request; MSAL and the Azure SDKs use different headers."""
    return headers.get("x-ms-client-request-id") or headers.get("client-request-id")


def _without_default_port(scheme: str, host: str) -> str:
    return host.removesuffix(f":{DEFAULT_PORTS[scheme]}")


def _host_not_emulated(host: str, emulated: str) -> ASGIApp:
    text = f"Local Azure does not emulate {json.dumps(host)} and does not forward requests to the network. {emulated}\n"
    return PlainTextResponse(text, status_code=403)
