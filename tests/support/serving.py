"""Ports and requests for a server under test."""

import socket
from contextlib import closing
from http.client import HTTPConnection, HTTPException


def free_port() -> int:
    """A port that no process listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def status(host: str, port: int, path: str) -> int:
    """The status of a GET request on a new connection; 0 if the connection was closed without a response."""
    with closing(HTTPConnection(host, port, timeout=20)) as connection:
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
        except (OSError, HTTPException):
            return 0
        return answer.status
