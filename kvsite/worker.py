"""gunicorn's threaded worker, with limits for clients that do not send, do not read or never close the connection.

A connection gets a thread when the headers of a request have arrived. Until then it waits in the worker's event loop,
where it costs one descriptor. gunicorn 27 gives it a thread or an event loop of its own at once.
"""

import errno
import logging
import os
import selectors
import socket
import struct
import time
from concurrent import futures
from contextlib import suppress
from functools import partial
from typing import Any

from gunicorn.http.errors import LimitRequestHeaders  # type: ignore[import-untyped]
from gunicorn.workers.gthread import TConn, ThreadWorker  # type: ignore[import-untyped]

from secrets_app.conf.server import WORKER_VARIABLE
from secrets_app.core.security_headers import SECURITY_HEADERS

IDLE_TIMEOUT_S = 5
"""Within a request: how long a thread waits for the next byte to arrive, or for the client to read one."""
HEAD_TIMEOUT_S = 10.0
"""From the start of a connection, or the first byte of a further request, until its headers have arrived."""
REQUEST_TIMEOUT_S = 15.0
"""For a whole request, in addition to the time that a stop waits for requests: `graceful_timeout`."""
PROBE_THREADS = 2
"""For probes only, so that no other request can delay them."""
PIPELINED_THREADS = 2
"""For requests sent before the previous response was received: a client that reads nothing can send thousands."""
_STOP_TIMEOUT_S = 2.0
"""A worker that stops waits this long for the headers of a request."""
_DRAIN_TIMEOUT_S = 1.0
_MAX_DRAIN_BYTES = 2 * 1024 * 1024
"""The unread rest of a request, so that the client gets the response instead of a reset connection."""
_UNREAD_BODY_TIMEOUT_S = 0.1
_MAX_HEAD_BYTES = 32 * 1024
"""Of a request's headers, which are received before it gets a thread. Longer ones are refused with 431."""
_OUT_OF_RESOURCES = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_NOT_ACCEPTED = frozenset({errno.EAGAIN, errno.EWOULDBLOCK, errno.ECONNABORTED})
_HEADERS = "".join(f"{name}: {value}\r\n" for name, value in SECURITY_HEADERS.items()).encode()


class Worker(ThreadWorker):  # type: ignore[misc]
    """gunicorn's worker with timeouts in both directions, and a thread only for requests that have arrived."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._probe_threads = futures.ThreadPoolExecutor(PROBE_THREADS, thread_name_prefix="probe")
        self._pipelined_threads = futures.ThreadPoolExecutor(PIPELINED_THREADS, thread_name_prefix="pipelined")
        self._in_progress: dict[Any, float] = {}
        """When each connection with a request in progress is closed."""
        self._next_check = 0.0

    def init_process(self) -> None:
        """Run the worker, without a traceback in the log for each client that stops sending or reading."""
        self.log.error_log.addFilter(_is_no_timeout)
        os.environ[WORKER_VARIABLE] = f"{self.cfg.threads} threads, timeout {self.cfg.timeout} s"
        super().init_process()

    # In the event loop

    def accept(self, listener: Any) -> None:
        """Accept a connection, and let it wait for a request. Idle connections make room if there are too many."""
        if self.cfg.is_ssl:  # TLS is decrypted by a thread
            super().accept(listener)
            return
        if self.nr_conns >= self.worker_connections - 1:
            self._close_oldest_idle()
        try:
            client, address = listener.accept()
        except OSError as error:
            if error.errno in _OUT_OF_RESOURCES:
                if not self._close_oldest_idle():
                    time.sleep(0.05)
            elif error.errno not in _NOT_ACCEPTED:
                raise
            return
        limit = struct.pack("ll", IDLE_TIMEOUT_S, 0)
        for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            client.setsockopt(socket.SOL_SOCKET, option, limit)
        self.nr_conns += 1
        conn = TConn(self.cfg, client, address, listener.getsockname())
        conn.head = b""  # received, but not parsed
        self._wait_for_head(conn)

    def on_pending_socket_readable(self, conn: Any, client: socket.socket) -> None:
        """Handle the request if its headers are complete."""
        if self.cfg.is_ssl:
            super().on_pending_socket_readable(conn, client)
        elif self._has_arrived(conn):
            self.poller.unregister(client)
            self.pending_conns.remove(conn)
            self._handle_or_close(conn)

    def on_client_socket_readable(self, conn: Any, client: socket.socket) -> None:
        """The same for a further request on a connection."""
        if self.cfg.is_ssl:
            super().on_client_socket_readable(conn, client)
            return
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        if self._has_arrived(conn):
            self._handle_or_close(conn)
        else:
            self._wait_for_head(conn)

    def enqueue_req(self, conn: Any) -> None:
        """Handle the request in a thread. Probes and pipelined requests have threads of their own."""
        self._in_progress[conn] = time.monotonic() + self.cfg.graceful_timeout + REQUEST_TIMEOUT_S
        conn.is_probe = self._is_probe(conn)
        try:
            handled = self._threads_for(conn).submit(self.handle, conn)
        except RuntimeError:  # the system has no more threads for this process
            self._forget(conn)
            return
        handled.add_done_callback(lambda future: self.method_queue.defer(self.finish_request, conn, future))

    def finish_request(self, conn: Any, fs: Any) -> None:
        """Wait for the next request of the connection, or close it."""
        self._in_progress.pop(conn, None)
        super().finish_request(conn, fs)

    def murder_pending(self) -> None:
        """Close connections that have waited too long; gunicorn calls this after each wait for events."""
        now = time.monotonic()
        if not self.alive:
            for conn in self.pending_conns:
                conn.timeout = min(conn.timeout, now + _STOP_TIMEOUT_S)
        super().murder_pending()
        if now < self._next_check:
            return
        self._next_check = now + 1
        for conn in [conn for conn, until in self._in_progress.items() if until < now]:
            with suppress(OSError):
                conn.sock.shutdown(socket.SHUT_RDWR)  # wakes up the thread

    def _wait_for_head(self, conn: Any) -> None:
        conn.timeout = time.monotonic() + HEAD_TIMEOUT_S
        conn.sock.settimeout(0)
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self.on_pending_socket_readable, conn))

    def _has_arrived(self, conn: Any) -> bool:
        """Receive; whether the headers of a request, more than are allowed, or the end of the connection arrived."""
        try:
            received = conn.sock.recv(_MAX_HEAD_BYTES - len(conn.head))
        except BlockingIOError:
            return False
        except OSError:
            received = b""
        conn.head = conn.head + received if received else b""
        return not received or len(conn.head) == _MAX_HEAD_BYTES or _is_complete(conn.head)

    def _handle_or_close(self, conn: Any) -> None:
        if not conn.head:
            self._forget(conn)
            return
        conn.data_ready = True
        self.enqueue_req(conn)

    def _threads_for(self, conn: Any) -> futures.ThreadPoolExecutor:
        if conn.is_probe:
            return self._probe_threads
        is_pipelined = conn.initialized and not self.cfg.is_ssl and conn.parser.unreader.buf.getvalue()
        threads: futures.ThreadPoolExecutor = self._pipelined_threads if is_pipelined else self.tpool
        return threads

    def _is_probe(self, conn: Any) -> bool:
        """Only the first request: its response always fits into the empty send buffer, so no thread waits for it."""
        is_first = not conn.initialized and not self.cfg.is_ssl
        return is_first and conn.head.startswith((b"GET /healthz ", b"HEAD /healthz "))

    def _forget(self, conn: Any) -> None:
        self._in_progress.pop(conn, None)
        self.nr_conns -= 1
        conn.close()

    def _close_oldest_idle(self) -> bool:
        for waiting in (self.pending_conns, self.keepalived_conns):
            if waiting:
                conn = waiting.popleft()
                with suppress(OSError, KeyError, ValueError):
                    self.poller.unregister(conn.sock)
                self._forget(conn)
                return True
        return False

    # In a thread

    def handle(self, conn: Any) -> Any:
        """Handle one request of a connection."""
        keep_alive = self._parse_head(conn) and super().handle(conn)
        if not keep_alive:
            # A probe's thread does not wait for its client. The request was read completely, so nothing is truncated.
            _close_gracefully(conn.sock, 0 if conn.is_probe else _DRAIN_TIMEOUT_S)
        return keep_alive

    def _parse_head(self, conn: Any) -> bool:
        """Give the parser what the event loop has received. False after a refusal of headers that are too long."""
        head = getattr(conn, "head", b"")  # TLS: a thread receives and decrypts it
        if not head:
            return True
        conn.init()
        if not _is_complete(head):
            conn.sock.settimeout(None)
            self.handle_error(None, conn.sock, conn.client, LimitRequestHeaders("limit request headers size"))
            return False
        conn.parser.unreader.unread(head)
        conn.head = b""
        return True

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Any) -> None:
        """gunicorn's own error response, with the headers of every response of the site."""
        super().handle_error(req, _WithHeaders(client), addr, exc)

    def _keepalive_after(self, conn: Any, keepalive: bool) -> bool:  # noqa: FBT001 - gunicorn's signature
        """Whether the connection can be reused: not if the site refused the body without reading it."""
        if keepalive and not _has_body(conn.parser.mesg):
            return True
        return bool(keepalive and conn.parser.finish_body(deadline=time.monotonic() + _UNREAD_BODY_TIMEOUT_S))


def _is_complete(head: bytes) -> bool:
    return b"\r\n\r\n" in head or b"\n\n" in head  # gunicorn reports bare line feeds, which are malformed


def _has_body(request: Any) -> bool:
    return any(name in {"CONTENT-LENGTH", "TRANSFER-ENCODING"} for name, _ in request.headers)


class _WithHeaders:
    """A socket that adds the security headers to the response that gunicorn sends."""

    def __init__(self, client: socket.socket) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def sendall(self, data: bytes) -> None:
        status, separator, rest = data.partition(b"\r\n")
        self._client.sendall(status + separator + _HEADERS + b"Cache-Control: no-store\r\n" + rest)


def _is_no_timeout(record: logging.LogRecord) -> bool:
    """Whether a log record is about something else than a client that stopped sending or reading."""
    return not (record.exc_info and isinstance(record.exc_info[1], BlockingIOError))


def _close_gracefully(connection: socket.socket, timeout_s: float) -> None:
    """Send FIN and drain the connection until the peer closes: an immediate close may truncate the response.

    gunicorn does the same for up to 2 s on its accepting thread; afterwards it does not have to wait.
    https://www.rfc-editor.org/rfc/rfc9112#section-9.6
    """
    with suppress(OSError):
        connection.shutdown(socket.SHUT_WR)
        deadline, drained = time.monotonic() + timeout_s, 0
        while drained < _MAX_DRAIN_BYTES and (remaining_s := deadline - time.monotonic()) > 0:
            connection.settimeout(remaining_s)
            received = len(connection.recv(65536))
            if not received:
                break
            drained += received
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
