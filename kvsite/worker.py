"""gunicorn's threaded worker, with limits for clients that send partial requests or never close the connection."""

import socket
import struct
import time
from contextlib import suppress
from typing import Any

from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

PAUSE_S = 5
"""Longest pause within a request, in seconds. Restarts with every byte: a public site needs a proxy in front that
buffers requests, as App Service has."""
_HANGS_UP_S = 1.0
_MOST_UNREAD = 64 * 1024


class Worker(ThreadWorker):  # type: ignore[misc]
    """gunicorn 27 has no read timeout, and waits for the peer to close on the thread that accepts connections."""

    def handle(self, conn: Any) -> Any:
        """Handle one request of a connection, in a worker thread."""
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", PAUSE_S, 0))
        keeps_open = super().handle(conn)
        if not keeps_open:
            _hang_up(conn.sock)
        return keeps_open


def _hang_up(connection: socket.socket) -> None:
    """Send FIN and drain the connection until the peer closes: an immediate close may truncate the response.

    gunicorn does the same for up to 2 s on its accepting thread; afterwards it has nothing left to wait for.
    https://www.rfc-editor.org/rfc/rfc9112#section-9.6
    """
    with suppress(OSError):
        connection.shutdown(socket.SHUT_WR)
        ends, unread = time.monotonic() + _HANGS_UP_S, 0
        while unread < _MOST_UNREAD and (left_s := ends - time.monotonic()) > 0:
            connection.settimeout(left_s)
            received = len(connection.recv(4096))
            if not received:
                break
            unread += received
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
