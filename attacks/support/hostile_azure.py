"""A hostile Azure: a proxy with certificates that the site trusts, which answers for one hop with any bytes."""

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from localazure import LocalAzure
from localazure.crypto.tls import certificate_authority, server_tls_context

Answer = Callable[[socket.socket, str], None]
"""Sends the response to a request (head and, if it arrived with it, body); returns when the connection may close."""


@dataclass(frozen=True, kw_only=True)
class Hop:
    """One service that the site calls for a reading."""

    scenario: str
    """The scenario of Local Azure in which the site calls it."""
    host: str
    """The host of its requests."""


HOPS = {
    "vault": Hop(scenario="app-service", host="contoso.vault.azure.net"),
    "Entra ID": Hop(scenario="service-principal-secret", host="login.microsoftonline.com"),
    "identity endpoint": Hop(scenario="app-service", host="127.0.0.1"),
    "metadata service": Hop(scenario="vm", host="169.254.169.254"),
}


class HostileAzure:
    """Answers for `host` with `answer`; every other request reaches Local Azure.

    `tunnel` answers the CONNECT request instead, as a hostile proxy does.
    """

    def __init__(self, azure: LocalAzure, host: str, answer: Answer | None, *, tunnel: Answer | None = None) -> None:
        self._host, self.answer, self._tunnel = host, answer, tunnel
        self._env, self._upstream = azure.env, urlsplit(azure.env["HTTPS_PROXY"]).port
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self._open: set[socket.socket] = set()
        self.requests: list[str] = []
        """The heads of all requests to the attacked host."""

    def heal(self) -> None:
        """Every request reaches Local Azure from now on."""
        self._host = ""

    @property
    def env(self) -> Mapping[str, str]:
        """The environment of a process whose Azure is hostile."""
        url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        proxies = dict.fromkeys(("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"), url)
        endpoint = self._env.get("IDENTITY_ENDPOINT")
        path = urlsplit(endpoint).path if endpoint else ""
        return {**self._env, **proxies, **({"IDENTITY_ENDPOINT": url + path} if endpoint else {})}

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

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=self._serve, args=(self._listener.accept()[0],), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        self._open.add(client)
        with client, suppress(OSError, ValueError):
            head = client.recv(65536)
            if head.startswith(b"CONNECT "):
                self._serve_tunnel(client, head)
            elif head:
                self._serve_plain(client, head)
        self._open.discard(client)

    def _serve_tunnel(self, client: socket.socket, head: bytes) -> None:
        host = head.split()[1].decode().partition(":")[0]
        if host != self._host:
            self._forward(client, head)
            return
        if self._tunnel:
            self._tunnel(client, head.decode("latin-1"))
            return
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with server_tls_context(certificate_authority()).wrap_socket(client, server_side=True) as tls:
            self._open.add(tls)
            self._respond(tls, tls.recv(65536))
            self._open.discard(tls)

    def _serve_plain(self, client: socket.socket, head: bytes) -> None:
        target = head.split()[1].decode()
        host = urlsplit(target).hostname or "127.0.0.1"
        if host == self._host:
            self._respond(client, head)
        else:
            self._forward(client, head)

    def _respond(self, client: socket.socket, request: bytes) -> None:
        while request and self.answer:
            text = request.decode("latin-1")
            self.requests.append(text)
            if "content-length" in text.lower() and not text.partition("\r\n\r\n")[2]:
                text += client.recv(65536).decode("latin-1")
            self.answer(client, text)
            request = client.recv(65536)

    def _forward(self, client: socket.socket, head: bytes) -> None:
        with socket.create_connection(("127.0.0.1", self._upstream or 0)) as upstream:
            upstream.sendall(head)
            threading.Thread(target=_copy, args=(upstream, client), daemon=True).start()
            _copy(client, upstream)


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while chunk := source.recv(65536):
            sink.sendall(chunk)
        sink.shutdown(socket.SHUT_WR)


def reset(client: socket.socket) -> None:
    """Close with RST instead of FIN."""
    with suppress(OSError):
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    (ssl.SSLSocket.close if isinstance(client, ssl.SSLSocket) else socket.socket.close)(client)
