"""Somebody between the site and Azure who notes whom the site calls and answers in Azure's place."""

import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Self

from localazure.keys import authority, server_tls

Answer = Callable[[str], bytes]
"""The head of a request -> the answer to it."""


def answer_of(status: str, *headers: str, body: str = "") -> Answer:
    """The same answer to whatever is asked; the connection ends with it."""
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return lambda _request: "\r\n".join([*head, "", body]).encode()


class Impostor:
    """A proxy for HTTPS: answers for the hosts in `answers`, passes those in `passes` on, and refuses all others.

    It shows Local Azure's certificate, which names Azure's hosts alone.
    """

    def __init__(self, answers: Mapping[str, Answer], *, otherwise: str, passes: tuple[str, ...] = ()) -> None:
        self.called: list[str] = []
        """The hosts that a connection was asked for, in order."""
        self.received: list[str] = []
        """Every request that came to a host in `answers`: its head, and what of its body came with it."""
        self._answers = answers
        self._passes = passes
        self._upstream = int(otherwise.rpartition(":")[2])
        self._listening = socket.create_server(("127.0.0.1", 0))

    @property
    def env(self) -> dict[str, str]:
        """The variables that lead a program here."""
        address = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        return {"HTTPS_PROXY": address, "https_proxy": address}

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=self._serve, args=(self._listening.accept()[0],), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            asked = client.recv(65536)
            host = asked.split()[1].decode().partition(":")[0]
            self.called.append(host)
            if host in self._passes:
                self._pass_on(client, asked)
            elif host in self._answers:
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                self._answer(host, client)
            else:
                client.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")

    def _answer(self, host: str, client: socket.socket) -> None:
        with server_tls(authority()).wrap_socket(client, server_side=True) as secured:
            request = secured.recv(65536).decode("latin-1")
            if "Content-Length" in request and not request.partition("\r\n\r\n")[2]:
                request += secured.recv(65536).decode("latin-1")
            self.received.append(request)
            secured.sendall(self._answers[host](request))

    def _pass_on(self, client: socket.socket, asked: bytes) -> None:
        with socket.create_connection(("127.0.0.1", self._upstream)) as azure:
            azure.sendall(asked)
            threading.Thread(target=_pump, args=(azure, client), daemon=True).start()
            _pump(client, azure)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(65536):
            sink.sendall(piece)
        sink.shutdown(socket.SHUT_WR)
