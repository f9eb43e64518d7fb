"""The protocol of the port: a proxy for HTTPS (CONNECT) and HTTP, and a server for local paths."""

import asyncio
import re
import socket
import ssl
import struct
from typing import Any, cast

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from localazure.server.coalescing_transport import CoalescingTransport
from localazure.server.router import MAX_HEAD_BYTES, CurrentRouter

IDLE_TIMEOUT_S = 30.0
"""Maximum time between two parts of a request."""
HANDSHAKE_TIMEOUT_S = 10
KEEP_ALIVE_S = 120
"""Longer than clients keep idle connections, so that no connection is closed while a client reuses it."""
CONNECT = b"CONNECT "


class ProxyConnection(HttpToolsProtocol):
    """One connection. After CONNECT, TLS starts on the same connection instead of a tunnel to another server."""

    def __init__(self, router: CurrentRouter, tls: ssl.SSLContext, config: Config, server_state: ServerState) -> None:
        app_state: dict[str, Any] = {"close": self._close, "reset": self._reset}
        super().__init__(config=config, server_state=server_state, app_state=app_state)
        self._router, self._tls = router, tls
        self._buffer = bytearray()
        self._is_http = False
        self._in_head, self._head_size = True, 0
        self._last_data_at = 0.0
        self._idle_timer: asyncio.TimerHandle | None = None
        self._handshake: asyncio.Task[None] | None = None

    def _close(self) -> None:
        self.transport.close()

    def _reset(self) -> None:
        """Close with RST instead of FIN; clients report "connection reset by peer"."""
        zero_linger = struct.pack("ii", 1, 0)
        self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, zero_linger)
        self.transport.abort()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._last_data_at = self.loop.time()
        if self._idle_timer is None:
            self._idle_timer = self.loop.call_later(IDLE_TIMEOUT_S, self._check_idle)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._idle_timer is not None:
            self._idle_timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._last_data_at = self.loop.time()
        if self._is_http:
            self._parse(data)
            return
        self._buffer += data
        if self._handshake is None:
            self._start_protocol()

    def on_headers_complete(self) -> None:
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._in_head, self._head_size = True, 0
        super().on_message_complete()

    def _parse(self, data: bytes) -> None:
        self._head_size += len(data)
        super().data_received(data)
        if self._in_head and self._head_size > MAX_HEAD_BYTES and not self.transport.is_closing():
            self._send_error(b"431 Request Header Fields Too Large", b"")

    def _check_idle(self) -> None:
        """Close the connection when the client has not sent a complete request in time."""
        idle_s = self.loop.time() - self._last_data_at
        if idle_s >= IDLE_TIMEOUT_S and self._waits_for_client():
            self.transport.abort()
            return
        self._idle_timer = self.loop.call_later(max(IDLE_TIMEOUT_S - idle_s, IDLE_TIMEOUT_S / 2), self._check_idle)

    def _waits_for_client(self) -> bool:
        """Not while a response is prepared; between requests uvicorn's keep-alive timeout applies."""
        return self.cycle is None or not self._in_head or self._head_size > 0

    def _start_protocol(self) -> None:
        if not self._buffer.startswith(CONNECT[: len(self._buffer)]):
            self._start_http()
        elif b"\r\n\r\n" in self._buffer:
            self._connect(bytes(self._buffer).partition(b"\r\n")[0])
        elif len(self._buffer) > MAX_HEAD_BYTES:
            self._send_error(b"431 Request Header Fields Too Large", b"")

    def _start_http(self) -> None:
        buffered, self._buffer, self._is_http = bytes(self._buffer), bytearray(), True
        self.transport = cast(asyncio.Transport, CoalescingTransport(self.transport, self.loop))
        if buffered:
            self._parse(buffered)

    def _connect(self, request_line: bytes) -> None:
        target = request_line.removeprefix(CONNECT).partition(b" ")[0].decode("latin-1").lower()
        if not self._router.accepts_tunnel(target):
            text = f"Local Azure does not emulate {target} and does not forward requests to the network."
            text += f" {self._router.emulated()}\n"
            host = re.sub(r"[^\x21-\x7e]", "", target)
            reason = f"403 Forbidden: Local Azure does not emulate {host}"  # all that many clients show
            self._send_error(reason.encode(), text.encode("latin-1"))
            return
        self._buffer.clear()
        self.transport.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        if self._router.is_plain(target):
            self._start_http()
            return
        self._handshake = self.loop.create_task(self._start_tls())

    async def _start_tls(self) -> None:
        try:
            tls_transport = await self.loop.start_tls(
                self.transport, self, self._tls, server_side=True, ssl_handshake_timeout=HANDSHAKE_TIMEOUT_S
            )
        except OSError:  # the client does not trust the certificate, or has disconnected
            self.transport.abort()
            return
        self.connection_made(cast(asyncio.Transport, tls_transport))
        self._start_http()

    def _send_error(self, status: bytes, body: bytes) -> None:
        head = b"HTTP/1.1 %s\r\nContent-Type: text/plain\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
        self.transport.write(head % (status, len(body)) + body)
        self.transport.close()


def uvicorn_config(router: CurrentRouter) -> Config:
    """Return the configuration that all connections share."""
    return Config(
        router,
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
