"""Serves the port of a scenario from a background thread."""

import asyncio
import os
import socket
import ssl
import threading
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from uvicorn.server import ServerState

from localazure.server.proxy import ProxyConnection, uvicorn_config
from localazure.server.router import CurrentRouter

LOOPBACK = "127.0.0.1"
BACKLOG = 256
LOOP_ITERATIONS = 5
T = TypeVar("T")


class ListenError(OSError):
    """The address cannot be listened on; the message contains it and the reason."""


class BackgroundServer:
    """Listens from construction on; responds between `start` and `stop`."""

    def __init__(self, host: str = LOOPBACK, port: int = 0) -> None:
        """`host` is an IPv4 address or a name of this machine. Raises ListenError."""
        # asyncio disables Nagle's algorithm only with an explicit protocol; otherwise responses can take 40 ms longer.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            if os.name == "posix":  # a port of connections that have just ended can be used again
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.bind((host, port))
            self._socket.listen(BACKLOG)
        except (OSError, UnicodeError) as error:
            self._socket.close()
            reason = getattr(error, "strerror", None) or "not a host name"
            raise ListenError(f"cannot listen on {host}:{port}: {reason}") from None
        self.port: int = self._socket.getsockname()[1]
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._started = threading.Event()
        self._server_state = ServerState()
        self._stop = asyncio.Event()

    def start(self, router: CurrentRouter, tls: ssl.SSLContext) -> None:
        """Return when connections are accepted."""
        self._tls = tls
        serve = self._serve(router)
        self._thread = threading.Thread(target=asyncio.run, args=(serve,), name="local-azure", daemon=True)
        self._thread.start()
        self._started.wait()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the server's thread and return its result. The server must be running."""
        assert self._loop is not None  # noqa: S101 - called between start and stop
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    def close_connections(self, tls: ssl.SSLContext) -> None:
        """Close all connections, and use another TLS context for new ones."""

        async def close() -> None:
            self._tls = tls
            for connection in list(self._server_state.connections):
                connection.transport.abort()

        self.run(close())

    def stop(self) -> None:
        """Return when all connections are closed. Can be called before `start` and more than once."""
        if self._loop is not None and self._thread is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()
            self._loop = None
        self._socket.close()

    async def _serve(self, router: CurrentRouter) -> None:
        self._loop = asyncio.get_running_loop()
        config, server_state = uvicorn_config(router), self._server_state
        listener = await self._loop.create_server(
            lambda: ProxyConnection(router, self._tls, config, server_state), sock=self._socket
        )
        self._started.set()
        await self._stop.wait()
        with suppress(NotImplementedError):  # asyncio on Windows
            self._loop.remove_reader(self._socket)
        await _run_pending()  # just accepted sockets become connections; after close(), asyncio would leave them open
        listener.close()
        for connection in list(server_state.connections):
            connection.transport.abort()
        for task in list(server_state.tasks):
            task.cancel()
        await asyncio.gather(*server_state.tasks, return_exceptions=True)
        await _run_pending()  # aborted transports close their sockets


async def _run_pending() -> None:
    """asyncio opens and closes a connection over several iterations of its loop."""
    for _ in range(LOOP_ITERATIONS):
        await asyncio.sleep(0)
