"""A hostile proxy between the site and Azure: records connections and responds in place of Azure."""

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
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


class InterceptingProxy:
    """A proxy on a port of its own, which answers some requests itself and passes the others to `upstream_url`.

    It uses Local Azure's certificate, which is valid only for Azure's host names. A subclass defines `serve`.
    """

    def __init__(self, upstream_url: str) -> None:
        self._upstream_port = int(upstream_url.rpartition(":")[2])
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self._open: set[socket.socket] = set()

    def serve(self, client: socket.socket, head: bytes) -> None:
        """Handle one connection, whose first bytes are `head`: CONNECT, or a request without TLS."""
        raise NotImplementedError

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in tuple(self._open):
            with suppress(OSError):
                socket.socket.shutdown(connection, socket.SHUT_RDWR)

    @contextmanager
    def tls(self, client: socket.socket) -> Iterator[socket.socket]:
        """Accept the tunnel; the block gets the decrypted connection."""
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with server_tls_context(certificate_authority()).wrap_socket(client, server_side=True) as decrypted:
            self._open.add(decrypted)
            try:
                yield decrypted
            finally:
                self._open.discard(decrypted)

    def forward(self, client: socket.socket, head: bytes) -> None:
        """Pass the connection to the upstream proxy."""
        with socket.create_connection(("127.0.0.1", self._upstream_port)) as upstream:
            upstream.sendall(head)
            threading.Thread(target=_copy, args=(upstream, client), daemon=True).start()
            _copy(client, upstream)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=self._serve, args=(self._listener.accept()[0],), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        self._open.add(client)
        with client, suppress(OSError, ValueError):
            head = client.recv(65536)
            if head:
                self.serve(client, head)
        self._open.discard(client)


class HostileServer(InterceptingProxy):
    """Responds for the hosts in `responses`, forwards those in `forwarded`, and rejects all others."""

    def __init__(self, responses: Mapping[str, Respond], *, upstream_url: str, forwarded: tuple[str, ...] = ()) -> None:
        super().__init__(upstream_url)
        self.connected_hosts: list[str] = []
        """The hosts of all CONNECT requests, in order."""
        self.received: list[str] = []
        """All requests to hosts in `responses`: headers and, if received with them, the body."""
        self._responses = responses
        self._forwarded = forwarded

    @property
    def env(self) -> dict[str, str]:
        """The environment variables that make a process use this proxy."""
        return {"HTTPS_PROXY": self.url, "https_proxy": self.url}

    def serve(self, client: socket.socket, head: bytes) -> None:
        host = head.split()[1].decode().partition(":")[0]
        self.connected_hosts.append(host)
        if host in self._forwarded:
            self.forward(client, head)
        elif host in self._responses:
            self._respond(host, client)
        else:
            client.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")

    def _respond(self, host: str, client: socket.socket) -> None:
        with self.tls(client) as decrypted:
            request = decrypted.recv(65536).decode("latin-1")
            if "Content-Length" in request and not request.partition("\r\n\r\n")[2]:
                request += decrypted.recv(65536).decode("latin-1")
            self.received.append(request)
            decrypted.sendall(self._responses[host](request))


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while chunk := source.recv(65536):
            sink.sendall(chunk)
        sink.shutdown(socket.SHUT_WR)
