"""gunicorn's threaded worker, with limits for clients that send partial requests or never close the connection."""

import socket
import struct
import time
from contextlib import suppress
from typing import Any

from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

READ_TIMEOUT_S = 5
"""Read timeout within a request, in seconds. Restarts with every byte: a public site needs a proxy in front that
buffers requests, as App Service has."""
_DRAIN_TIMEOUT_S = 1.0
_MAX_DRAIN_BYTES = 64 * 1024


class Worker(ThreadWorker):  # type: ignore[misc]
    """gunicorn 27 has no read timeout, and waits for the peer to close on the thread that accepts connections."""

    def handle(self, conn: Any) -> Any:
        """Handle one request of a connection, in a worker thread."""
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", READ_TIMEOUT_S, 0))
        keep_alive = super().handle(conn)
        if not keep_alive:
            _close_gracefully(conn.sock)
        return keep_alive


def _close_gracefully(connection: socket.socket) -> None:
    """Send FIN and drain the connection until the peer closes: an immediate close may truncate the response.

    gunicorn does the same for up to 2 s on its accepting thread; afterwards it does not have to wait.
    https://www.rfc-editor.org/rfc/rfc9112#section-9.6
    """
    with suppress(OSError):
        connection.shutdown(socket.SHUT_WR)
        deadline, drained = time.monotonic() + _DRAIN_TIMEOUT_S, 0
        while drained < _MAX_DRAIN_BYTES and (remaining_s := deadline - time.monotonic()) > 0:
            connection.settimeout(remaining_s)
            received = len(connection.recv(4096))
            if not received:
                break
            drained += received
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
