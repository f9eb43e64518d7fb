"""Sockets that the ssl module leaves open when a connection is reset before the TLS handshake.

`SSLSocket._create` (Python 3.11, ssl.py) has taken over the descriptor by then, and only its frame has the socket.
"""

import ssl
import traceback


def close_abandoned_sockets(error: BaseException) -> None:
    """Close every socket that a frame in this error's chain of tracebacks still refers to."""
    link: BaseException | None = error
    while link:
        for frame, _ in traceback.walk_tb(link.__traceback__):
            abandoned = frame.f_locals.get("self")
            if isinstance(abandoned, ssl.SSLSocket):
                abandoned.close()
        link = link.__context__
