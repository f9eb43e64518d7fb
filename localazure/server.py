"""A world's port, served by a thread of its own."""

import asyncio
import socket
import ssl
import threading

from uvicorn.server import ServerState

from localazure.front_door import FrontDoor, settings
from localazure.hosts import Hosts

LOOPBACK = "127.0.0.1"
BACKLOG = 256
TURNS = 5


class Server:
    """Listens from construction on; answers between `start` and `stop`."""

    def __init__(self) -> None:
        # With the protocol named asyncio turns Nagle's algorithm off; without it every answer may wait 40 ms.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.bind((LOOPBACK, 0))
        self._socket.listen(BACKLOG)
        self.port: int = self._socket.getsockname()[1]
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._started = threading.Event()
        self._stop = asyncio.Event()

    def start(self, hosts: Hosts, tls: ssl.SSLContext) -> None:
        """Returns when connections are taken."""
        serve = self._serve(hosts, tls)
        self._thread = threading.Thread(target=asyncio.run, args=(serve,), name="local-azure", daemon=True)
        self._thread.start()
        self._started.wait()

    def stop(self) -> None:
        """Returns when every connection is closed. May be called before `start` and twice."""
        if self._loop is not None and self._thread is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()
            self._loop = None
        self._socket.close()

    async def _serve(self, hosts: Hosts, tls: ssl.SSLContext) -> None:
        self._loop = asyncio.get_running_loop()
        config, state = settings(hosts), ServerState()
        listening = await self._loop.create_server(lambda: FrontDoor(hosts, tls, config, state), sock=self._socket)
        self._started.set()
        await self._stop.wait()
        listening.close()
        await _turns()  # whoever was just let in becomes a connection
        for connection in list(state.connections):
            connection.transport.abort()
        for task in list(state.tasks):
            task.cancel()
        await asyncio.gather(*state.tasks, return_exceptions=True)
        await _turns()  # what was aborted closes its socket


async def _turns() -> None:
    """Lets the loop do what it has put off: asyncio opens and closes a connection over several of its turns."""
    for _ in range(TURNS):
        await asyncio.sleep(0)
