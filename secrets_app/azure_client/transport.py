"""The HTTP transport of every Azure client: whatever it waits for ends when its reading is given up.

Time-outs alone cannot do that: they are counted anew from every byte that comes, and a `Retry-After` is slept as told.
"""

import socket
from contextlib import suppress
from contextvars import ContextVar
from typing import Any

import urllib3
import urllib3.connection
import urllib3.exceptions
from azure.core.pipeline.transport import RequestsTransport
from requests import Session
from requests.adapters import HTTPAdapter

from secrets_app.azure_client import cancellation
from secrets_app.azure_client.abandoned_sockets import close_abandoned_sockets
from secrets_app.azure_client.timeouts import ClientLimits, max_retry_delay_s

_POOL_SIZE = 32  # as many as gunicorn has threads: none is thrown away after one use
_BLOCK = 32 * 1024  # what azure-core's own adapter asks for

_MAX_RESPONSE_BYTES = 1024 * 1024
"""Bytes; a secret has 25 KB at most, and what Entra says about itself is shorter."""

_OPEN_SOCKETS: ContextVar["_OpenSockets | None"] = ContextVar("opened", default=None)
"""The sockets of the request that this thread is sending."""


class _OpenSockets:
    """The sockets one request uses: the bare one first, then the TLS one made of it."""

    def __init__(self) -> None:
        self._sockets: list[socket.socket] = []
        self._cut = False

    def add(self, opened: socket.socket) -> None:
        self._sockets.append(opened)
        if self._cut:
            self.cut()

    def cut(self) -> None:
        """Wakes up whoever waits for one of them, in whatever thread."""
        self._cut = True
        for opened in self._sockets:
            with suppress(OSError):  # it was closed, or became part of a TLS socket
                # Not SSLSocket's own: that one forgets the TLS layer, and the waiting thread would read the raw bytes.
                socket.socket.shutdown(opened, socket.SHUT_RDWR)


class _TrackedConnection:
    """A connection that tells which socket it uses as soon as there is one: before the tunnel and before TLS."""

    _socket: socket.socket | None = None

    @property
    def sock(self) -> socket.socket | None:
        return self._socket

    @sock.setter
    def sock(self, opened: socket.socket | None) -> None:
        self._socket = opened
        self._note()

    def _note(self) -> None:
        sockets = _OPEN_SOCKETS.get()
        if sockets and self._socket:
            sockets.add(self._socket)

    def request(self, *args: Any, **kwargs: Any) -> None:
        self._note()  # a connection kept from an earlier request
        super().request(*args, **kwargs)  # type: ignore[misc]

    def getresponse(self) -> Any:
        answer = super().getresponse()  # type: ignore[misc]
        if (answer.length_remaining or 0) > _MAX_RESPONSE_BYTES:
            answer.close()
            raise urllib3.exceptions.ProtocolError("The answer is too long to be one of Azure's, so it was not read.")
        return answer


# By the names of urllib3's own: an error's words carry them, and people and the diagnosis know those.
class HTTPConnection(_TrackedConnection, urllib3.connection.HTTPConnection):
    pass


class HTTPSConnection(_TrackedConnection, urllib3.connection.HTTPSConnection):
    def connect(self) -> None:
        try:
            super().connect()
        except OSError as error:
            close_abandoned_sockets(error)
            raise


class HTTPConnectionPool(urllib3.HTTPConnectionPool):
    ConnectionCls = HTTPConnection


class HTTPSConnectionPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = HTTPSConnection


_POOLS = {"http": HTTPConnectionPool, "https": HTTPSConnectionPool}


class _Adapter(HTTPAdapter):
    """Makes those connections, straight to the host and through a proxy."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs, blocksize=_BLOCK)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> urllib3.PoolManager:
        manager: urllib3.PoolManager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager

    def close(self) -> None:
        """urllib3 2 only forgets its pools, and what an error's traceback still refers to would stay open."""
        for manager in (self.poolmanager, *self.proxy_manager.values()):
            for key in manager.pools.keys():  # noqa: SIM118 - it is no mapping to go through
                with suppress(KeyError):
                    manager.pools[key].close()
        super().close()


def _session() -> Session:
    session = Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter(pool_maxsize=_POOL_SIZE))
    return session


# azure-core hides the type of its transport behind a lazy import.
class CutoffTransport(RequestsTransport):  # type: ignore[misc]
    """azure-core's own transport, which the cutoff of a reading ends. Threads and clients may share one.

    Raises GivenUp, which no retry policy takes for a fault of the service, for what begins after the cutoff.
    """

    def __init__(self, limits: ClientLimits) -> None:
        super().__init__(session=_session(), **limits)
        self._longest_pause_s = max_retry_delay_s(limits)

    def open(self) -> None:
        """Once closed it stays closed: azure-core's would open a session of its own if none was used before."""
        if self.session is None:
            raise ValueError("This connection was closed meanwhile.")
        super().open()

    def send(self, request: Any, **kwargs: Any) -> Any:
        sockets = _OpenSockets()
        before = _OPEN_SOCKETS.set(sockets)
        try:
            with cancellation.current().on_cancel(sockets.cut):
                return super().send(request, **kwargs)
        finally:
            _OPEN_SOCKETS.reset(before)

    def sleep(self, duration: float) -> None:
        """The pause before another try: not as long as a service's `Retry-After` may ask for."""
        cancellation.current().sleep(min(duration, self._longest_pause_s))


def with_transport(limits: ClientLimits) -> dict[str, Any]:
    """`limits` as the keyword arguments of an Azure client, on a transport of its own that keeps them."""
    return {**limits, "transport": CutoffTransport(limits)}
