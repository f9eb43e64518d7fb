"""The one port of a world: a proxy for HTTPS by CONNECT and for plain HTTP, and this machine's own token services."""

import asyncio
import socket
import ssl
import struct
from typing import Any, cast

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from localazure.hosts import HEAD_LIMIT, Hosts

IDLE_LIMIT_S = 30.0
"""How long a request may take to come, counted from the last piece of it."""
HANDSHAKE_LIMIT_S = 10
KEEP_ALIVE_S = 120
"""Longer than any client keeps a connection it has stopped using, so that none is closed under its hands."""
CONNECT = b"CONNECT "


class FrontDoor(HttpToolsProtocol):
    """One connection. A tunnel is not a second connection: TLS begins on the same one, where the tunnel would lead."""

    def __init__(self, hosts: Hosts, tls: ssl.SSLContext, config: Config, state: ServerState) -> None:
        ends: dict[str, Any] = {"close": self._close, "reset": self._reset}
        super().__init__(config=config, server_state=state, app_state=ends)
        self._hosts, self._tls = hosts, tls
        self._early = bytearray()
        self._talking = False
        self._in_head, self._head_size = True, 0
        self._heard_at = 0.0
        self._patience: asyncio.TimerHandle | None = None
        self._handshake: asyncio.Task[None] | None = None

    def _close(self) -> None:
        self.transport.close()

    def _reset(self) -> None:
        """Closes with RST in place of FIN: what a client reads as "connection reset by peer"."""
        no_time_to_linger = struct.pack("ii", 1, 0)
        self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_time_to_linger)
        self.transport.abort()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._heard_at = self.loop.time()
        if self._patience is None:
            self._patience = self.loop.call_later(IDLE_LIMIT_S, self._look_after)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._patience is not None:
            self._patience.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._heard_at = self.loop.time()
        if self._talking:
            self._parse(data)
            return
        self._early += data
        if self._handshake is None:
            self._greet()

    def on_headers_complete(self) -> None:
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._in_head, self._head_size = True, 0
        super().on_message_complete()

    def _parse(self, data: bytes) -> None:
        self._head_size += len(data)
        super().data_received(data)
        if self._in_head and self._head_size > HEAD_LIMIT and not self.transport.is_closing():
            self._refuse(b"431 Request Header Fields Too Large", b"")

    def _look_after(self) -> None:
        """Closes a connection whose client has begun a request, or nothing at all, and does not go on."""
        silent_s = self.loop.time() - self._heard_at
        if silent_s >= IDLE_LIMIT_S and self._waits_for_client():
            self.transport.abort()
            return
        self._patience = self.loop.call_later(max(IDLE_LIMIT_S - silent_s, IDLE_LIMIT_S / 2), self._look_after)

    def _waits_for_client(self) -> bool:
        """Not while an answer is being made; between two requests uvicorn's own limit holds."""
        return self.cycle is None or not self._in_head or self._head_size > 0

    def _greet(self) -> None:
        if not self._early.startswith(CONNECT[: len(self._early)]):
            self._talk()
        elif b"\r\n\r\n" in self._early:
            self._connect(bytes(self._early).partition(b"\r\n")[0])
        elif len(self._early) > HEAD_LIMIT:
            self._refuse(b"431 Request Header Fields Too Large", b"")

    def _talk(self) -> None:
        early, self._early, self._talking = bytes(self._early), bytearray(), True
        if early:
            self._parse(early)

    def _connect(self, request_line: bytes) -> None:
        target = request_line.removeprefix(CONNECT).partition(b" ")[0].decode("latin-1").lower()
        if not self._hosts.plays(target):
            self._refuse(b"403 Forbidden", f"Local Azure plays no {target}, and lets nothing out.\n".encode("latin-1"))
            return
        self._early.clear()
        self.transport.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        self._handshake = self.loop.create_task(self._start_tls())

    async def _start_tls(self) -> None:
        try:
            secured = await self.loop.start_tls(
                self.transport, self, self._tls, server_side=True, ssl_handshake_timeout=HANDSHAKE_LIMIT_S
            )
        except OSError:  # the client does not trust the certificate, or went away
            self.transport.abort()
            return
        self.connection_made(cast(asyncio.Transport, secured))
        self._talk()

    def _refuse(self, status: bytes, body: bytes) -> None:
        head = b"HTTP/1.1 %s\r\nContent-Type: text/plain\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
        self.transport.write(head % (status, len(body)) + body)
        self.transport.close()


def settings(hosts: Hosts) -> Config:
    """What every connection of a world shares."""
    return Config(
        hosts,
        http=HttpToolsProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
    )
