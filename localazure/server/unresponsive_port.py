"""A port that neither accepts nor refuses connections, like an address whose packets are dropped."""

import socket
from contextlib import suppress

LOOPBACK = "127.0.0.1"
FILLING_CONNECTIONS = 3
"""Fill the listen queue, which is never accepted from, so that the kernel drops further connections."""


class UnresponsivePort:
    def __init__(self) -> None:
        self._listener = socket.socket()
        self._listener.bind((LOOPBACK, 0))
        self._listener.listen(0)
        self.port: int = self._listener.getsockname()[1]
        self._connections = [self._connect() for _ in range(FILLING_CONNECTIONS)]

    def close(self) -> None:
        for opened in (*self._connections, self._listener):
            opened.close()

    def _connect(self) -> socket.socket:
        connection = socket.socket()
        connection.setblocking(False)  # noqa: FBT003 - the standard library's own signature
        with suppress(BlockingIOError):
            connection.connect((LOOPBACK, self.port))
        return connection
