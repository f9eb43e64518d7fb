"""A hostile proxy between the site and Azure: records connections and responds in place of Azure."""

import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Self

from localazure.crypto.tls import certificate_authority, server_tls_context

Respond = Callable[[str], bytes]
"""Request headers -> response."""


def fixed_response(status: str, *headers: str, body: str = "") -> Respond:
    """Return the same response to every request, then close the connection."""
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return lambda _request: "\r\n".join([*head, "", body]).encode()


def challenge(authorization: str, resource: str = "https://vault.azure.net") -> Respond:
    return fixed_response(
        "401 Unauthorized", f'WWW-Authenticate: Bearer authorization="{authorization}", resource="{resource}"'
    )


class HostileServer:
    """An HTTPS proxy: responds for the hosts in `responses`, forwards those in `forwarded`, rejects all others.

    It uses Local Azure's certificate, which is valid only for Azure's host names.
    """

    def __init__(self, responses: Mapping[str, Respond], *, upstream_url: str, forwarded: tuple[str, ...] = ()) -> None:
        self.connected_hosts: list[str] = []
        """The hosts of all CONNECT requests, in order."""
        self.received: list[str] = []
        """All requests to hosts in `responses`: headers and, if received with them, the body."""
        self._responses = responses
        self._forwarded = forwarded
        self._upstream_port = int(upstream_url.rpartition(":")[2])
        self._listener = socket.create_server(("127.0.0.1", 0))

    @property
    def env(self) -> dict[str, str]:
        """The environment variables that make a process use this proxy."""
        url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        return {"HTTPS_PROXY": url, "https_proxy": url}

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=self._serve, args=(self._listener.accept()[0],), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            connect_request = client.recv(65536)
            host = connect_request.split()[1].decode().partition(":")[0]
            self.connected_hosts.append(host)
            if host in self._forwarded:
                self._forward(client, connect_request)
            elif host in self._responses:
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                self._respond(host, client)
            else:
                client.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")

    def _respond(self, host: str, client: socket.socket) -> None:
        with server_tls_context(certificate_authority()).wrap_socket(client, server_side=True) as tls_socket:
            request = tls_socket.recv(65536).decode("latin-1")
            if "Content-Length" in request and not request.partition("\r\n\r\n")[2]:
                request += tls_socket.recv(65536).decode("latin-1")
            self.received.append(request)
            tls_socket.sendall(self._responses[host](request))

    def _forward(self, client: socket.socket, connect_request: bytes) -> None:
        with socket.create_connection(("127.0.0.1", self._upstream_port)) as upstream:
            upstream.sendall(connect_request)
            threading.Thread(target=_copy, args=(upstream, client), daemon=True).start()
            _copy(client, upstream)


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while chunk := source.recv(65536):
            sink.sendall(chunk)
        sink.shutdown(socket.SHUT_WR)
