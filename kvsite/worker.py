"""gunicorn's threaded worker, which no visitor who sends half or never hangs up can hold up for the others."""

import socket
import struct
import time
from contextlib import suppress
from typing import Any

from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

PAUSE_S = 5
"""In the middle of a request, at most. Counted anew from every byte: a site that strangers reach has a proxy in front
that reads requests whole, as App Service's does."""
_HANGS_UP_S = 1.0
_MOST_UNREAD = 64 * 1024


class Worker(ThreadWorker):  # type: ignore[misc]
    """gunicorn 27 reads a request without any limit, and waits for the other side to hang up where it accepts all."""

    def handle(self, conn: Any) -> Any:
        """One request of one connection, in a thread of its own."""
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", PAUSE_S, 0))
        keeps_open = super().handle(conn)
        if not keeps_open:
            _hang_up(conn.sock)
        return keeps_open


def _hang_up(connection: socket.socket) -> None:
    """Say that this was all, and let the other side say so too: one that is cut off at once may lose the answer's end.

    Afterwards gunicorn, which does the same for 2 s on its one accepting thread, finds nothing to wait for.
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
