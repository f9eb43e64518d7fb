"""The HTTP transport of every Azure client: requests and pauses end when the reading is cancelled.

Timeouts alone cannot do that: they restart with every byte received, and a `Retry-After` is slept in full.
It registers the secrets that a request sends to authenticate: the server may repeat them in its response.
"""

import socket
import ssl
import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import urllib3
import urllib3.connection
from azure.core.pipeline.transport import RequestsTransport
from requests import PreparedRequest, Response, Session
from requests.adapters import HTTPAdapter

from secrets_app.azure_client import cancellation
from secrets_app.azure_client.responses import BoundedBody, CountedResponse, check_declared_size, check_json
from secrets_app.azure_client.timeouts import ClientLimits, max_retry_delay_s
from secrets_app.core.known_secrets import known_secrets

_POOL_SIZE = 32  # as many as gunicorn has threads, so that no connection is discarded after one use
_BLOCK_SIZE = 32 * 1024  # as in azure-core's own adapter

_OPEN_SOCKETS: ContextVar["_OpenSockets | None"] = ContextVar("open_sockets", default=None)
"""The sockets of the request that this thread is sending."""


class _OpenSockets:
    """The sockets that one request uses: the plain one first, then the TLS socket that wraps it."""

    def __init__(self) -> None:
        self._sockets: list[socket.socket] = []
        self._is_shut_down = False

    def add(self, sock: socket.socket) -> None:
        self._sockets.append(sock)
        if self._is_shut_down:
            self.shut_down()

    def shut_down(self) -> None:
        """Wake up every thread that waits for one of them."""
        self._is_shut_down = True
        for sock in self._sockets:
            with suppress(OSError):  # already closed, or wrapped in a TLS socket
                # Not SSLSocket.shutdown: it drops the TLS layer, and the waiting thread would read encrypted bytes.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)


@contextmanager
def closed_on_cancel() -> Iterator[None]:
    """The block's requests, on sessions of `new_session`, end when this thread's work is cancelled.

    Raises Cancelled if it already is.
    """
    sockets = _OpenSockets()
    previous = _OPEN_SOCKETS.set(sockets)
    try:
        with cancellation.current().on_cancel(sockets.shut_down):
            yield
    finally:
        _OPEN_SOCKETS.reset(previous)


class _TrackedConnection:
    """A connection that registers its socket as soon as it exists: before the proxy tunnel and before TLS."""

    response_class: Any = CountedResponse
    _socket: socket.socket | None = None

    @property
    def sock(self) -> socket.socket | None:
        return self._socket

    @sock.setter
    def sock(self, sock: socket.socket | None) -> None:
        self._socket = sock
        self._register()

    def _register(self) -> None:
        sockets = _OPEN_SOCKETS.get()
        if sockets and self._socket:
            sockets.add(self._socket)

    def request(self, *args: Any, **kwargs: Any) -> None:
        self._register()  # a pooled connection from an earlier request
        super().request(*args, **kwargs)  # type: ignore[misc]

    def getresponse(self) -> Any:
        response = super().getresponse()  # type: ignore[misc]
        check_declared_size(response)
        return response


# Named like urllib3's own classes: error messages contain these names, and the diagnosis matches them.
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
    """Uses these connections, direct and through a proxy."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs, blocksize=_BLOCK_SIZE)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> urllib3.PoolManager:
        register_login(proxy)
        manager: urllib3.PoolManager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager

    def build_response(self, request: PreparedRequest, response: Any) -> Response:
        bounded = super().build_response(request, BoundedBody(response))
        # Azure's responses are UTF-8. Another charset may be one that Python cannot decode text with, such as `hex`.
        bounded.encoding = "utf-8"
        bounded.headers["Content-Type"] = bounded.headers.get("Content-Type", "").partition(";")[0]
        return bounded

    def close(self) -> None:
        """urllib3 2 only drops its pools; a connection that a traceback still refers to would stay open."""
        for manager in (self.poolmanager, *self.proxy_manager.values()):
            for key in manager.pools.keys():  # noqa: SIM118 - not an iterable mapping
                with suppress(KeyError):
                    manager.pools[key].close()
        super().close()


def new_session() -> Session:
    """A session of requests whose responses are limited, and whose requests `closed_on_cancel` can end."""
    session = Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter(pool_maxsize=_POOL_SIZE))
    return session


# azure-core imports its transport lazily, so its type is unknown to mypy.
class CancellableTransport(RequestsTransport):  # type: ignore[misc]
    """azure-core's transport, cancelled with the reading. Threads and clients may share one.

    A request that starts after the cancellation raises Cancelled, which retry policies do not retry.
    """

    def __init__(self, limits: ClientLimits) -> None:
        super().__init__(session=new_session(), **limits)
        self._max_retry_delay_s = max_retry_delay_s(limits)

    def open(self) -> None:
        """Raises ValueError if it was closed: azure-core's own transport would open a new session."""
        if self.session is None:
            raise ValueError("This connection is already closed.")
        super().open()

    def send(self, request: Any, **kwargs: Any) -> Any:
        register_credentials(request)
        with closed_on_cancel():
            response = super().send(request, **kwargs)
        check_json(response)
        return response

    def sleep(self, duration: float) -> None:
        """The pause before a retry, limited: a service's `Retry-After` may be much longer."""
        cancellation.current().sleep(min(duration, self._max_retry_delay_s))


def with_transport(limits: ClientLimits) -> dict[str, Any]:
    """`limits` as keyword arguments of an Azure client, with a transport that enforces them."""
    return {**limits, "transport": CancellableTransport(limits)}


_HEADERS = frozenset({"authorization", "proxy-authorization", "x-identity-header", "secret", "cookie"})
"""In lower case. `X-IDENTITY-HEADER` and `secret` authenticate a request to App Service's managed identity endpoint."""
_FIELDS = frozenset(
    {
        *("client_secret", "client_assertion", "assertion", "refresh_token", "code", "device_code", "password"),
        "access_token",
    }
)
"""Of a token request: RFC 6749, RFC 7521, RFC 7523, RFC 8628."""


def register_credentials(request: Any) -> None:
    """Register the secrets in the headers and the form of azure-core's request: the response may repeat them."""
    for name, value in request.headers.items():
        if name.lower() in _HEADERS:
            _, _, credentials = value.partition(" ")
            known_secrets().add(credentials or value)
    for name, value in _form(request):
        if name in _FIELDS:
            known_secrets().add(value if isinstance(value, str) else str(value, "latin-1"))


def register_login(proxy: str) -> None:
    """Register the password in a proxy's URL."""
    try:
        password = urlsplit(proxy).password
    except ValueError:  # not a valid URL; the request fails with its own error
        return
    known_secrets().add(password)
    known_secrets().add(unquote(password or ""))


def _form(request: Any) -> Iterable[tuple[Any, Any]]:
    """The fields of a form, which msal passes as a dict and azure-core as text."""
    body = getattr(request, "data", None) or getattr(request, "content", None)
    if isinstance(body, Mapping):
        return body.items()
    is_form = "x-www-form-urlencoded" in request.headers.get("Content-Type", "")
    return parse_qsl(body) if is_form and isinstance(body, str) else ()


def close_abandoned_sockets(error: BaseException) -> None:
    """Close every socket that a frame in this error's chain of tracebacks still refers to.

    The ssl module leaves one open when a connection is reset before the TLS handshake: `SSLSocket._create`
    (Python 3.11, ssl.py) has taken over the descriptor by then, and only its frame has the socket.
    """
    link: BaseException | None = error
    while link:
        for frame, _ in traceback.walk_tb(link.__traceback__):
            abandoned = frame.f_locals.get("self")
            if isinstance(abandoned, ssl.SSLSocket):
                abandoned.close()
        link = link.__context__
