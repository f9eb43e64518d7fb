"""A port that takes no connection and refuses none, as an address whose packets are dropped on the way."""

import socket
from contextlib import suppress

LOOPBACK = "127.0.0.1"
HELD = 3
"""Enough connections to fill the queue of a listener that accepts nobody; the kernel then drops what comes."""


class SilentPort:
    def __init__(self) -> None:
        self._listening = socket.socket()
        self._listening.bind((LOOPBACK, 0))
        self._listening.listen(0)
        self.port: int = self._listening.getsockname()[1]
        self._held = [self._knock() for _ in range(HELD)]

    def close(self) -> None:
        for held in (*self._held, self._listening):
            held.close()

    def _knock(self) -> socket.socket:
        knocking = socket.socket()
        knocking.setblocking(False)  # noqa: FBT003 - the standard library's own signature
        with suppress(BlockingIOError):
            knocking.connect((LOOPBACK, self.port))
        return knocking
