"""Cached connections, one for each credential and vault: separate pools for the site and for visitors' choices."""

import threading
import time
from collections.abc import Callable

from cachetools import LRUCache, TTLCache

from secrets_app.conf.request import ReadRequest
from secrets_app.core.runtime import shared
from secrets_app.keyvault.client import Connection, SharedCredential

POOL_SIZE = 8


class ConnectionPool:
    """The last few connections. One that is evicted closes when no reading uses it any more."""

    size = POOL_SIZE

    def __init__(self) -> None:
        self._connections: LRUCache[object, Connection] = _Connections(self.size)
        self._lock = threading.Lock()

    def acquire(self, request: ReadRequest) -> Connection:
        """The connection for this request, created on first use. The caller must call its `release`.

        Raises what a credential's constructor raises.
        """
        outdated = None
        with self._lock:
            connection = self._connections.get(request.connection_key)
            if connection and connection.is_outdated:
                outdated, connection = connection, None
            if connection is None:
                connection = self._connections[request.connection_key] = self.create(request)
            connection.acquire()
        if outdated:
            outdated.close_when_idle()
        try:
            # Outside the lock: a constructor reads files, and one that blocks must not block other readings.
            connection.open()
        except Exception:
            connection.release()
            self.discard(request)
            raise
        return connection

    def create(self, request: ReadRequest) -> Connection:
        """A new connection. Must be quick: other readings wait."""
        return Connection(request)

    def discard(self, request: ReadRequest) -> None:
        """Drop the connection. Running readings continue to use it, and the last one closes it."""
        with self._lock:
            connection = self._connections.pop(request.connection_key, None)
        if connection:
            connection.close_when_idle()

    def close(self) -> None:
        """Close every connection."""
        with self._lock:
            connections, self._connections = list(self._connections.values()), _Connections(self.size)
        for connection in connections:
            connection.close()


class _Connections(LRUCache[object, Connection]):
    def popitem(self) -> tuple[object, Connection]:
        """Evict the least recently used one; cachetools calls this."""
        key, connection = super().popitem()
        connection.close_when_idle()
        return key, connection


class _VisitorPool(ConnectionPool):
    """A visitor who tries thousands of identities evicts other visitors' connections, never the site's own."""


_CREDENTIAL_LIFE_S = 3600.0


class FleetPool(ConnectionPool):
    """Connections of checks of many vaults. Those with the same settings share a credential.

    A chain keeps the member that succeeded, so a credential is replaced after _CREDENTIAL_LIFE_S: what is fixed in the
    environment takes effect then. It closes with the last connection that uses it.
    """

    size = 200  # each holds a socket; the usual limit of a process is 1,024 files

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._credentials = _Credentials(64, _CREDENTIAL_LIFE_S, clock)

    def acquire(self, request: ReadRequest) -> Connection:
        """As of every pool; a connection whose credential is replaced is replaced too."""
        with self._lock:
            self._credentials.expire()
        return super().acquire(request)

    def create(self, request: ReadRequest) -> Connection:
        key = request.config.credential, request.config.deadline_s
        shared_credential = self._credentials.get(key)
        if shared_credential is None:
            shared_credential = self._credentials[key] = SharedCredential(request.config)
        return Connection(request, shared_credential)

    def close(self) -> None:
        super().close()
        with self._lock:
            retired = list(self._credentials.values())
            self._credentials.clear()
        for credential in retired:
            credential.close_when_idle()


class _Credentials(TTLCache[object, SharedCredential]):
    """Those that expire or are evicted close when no connection uses them."""

    def expire(self, time: float | None = None) -> list[tuple[object, SharedCredential]]:
        expired = super().expire(time)
        for _, credential in expired:
            credential.close_when_idle()
        return expired

    def popitem(self) -> tuple[object, SharedCredential]:
        """Evict one; cachetools calls this."""
        key, credential = super().popitem()
        credential.close_when_idle()
        return key, credential


def pooled_connection(request: ReadRequest) -> Connection:
    """The shared connection for this request, to be released. Raises what a credential's constructor raises."""
    return pool_for(request).acquire(request)


def dedicated_connection(request: ReadRequest) -> Connection:
    """A connection for one reading, which closes when it is released. Raises what a credential's constructor raises."""
    connection = Connection(request)
    connection.acquire()
    connection.close_when_idle()
    connection.open()
    return connection


def pool_for(request: ReadRequest) -> ConnectionPool:
    """The pool that this request's connection belongs to."""
    if request.one_of_many:
        return shared(FleetPool)
    return shared(_VisitorPool if request.from_visitor else ConnectionPool)
