"""Cached connections, one for each configuration: separate caches for the site's own and for visitors' choices."""

import atexit
import threading
from collections import OrderedDict

from secrets_app.conf import Config
from secrets_app.keyvault.client import Connection

POOL_SIZE = 8

# A visitor who tries thousands of identities evicts other visitors' connections, never those of the site itself.
_site_connections: OrderedDict[object, Connection] = OrderedDict()
_visitor_connections: OrderedDict[object, Connection] = OrderedDict()
_lock = threading.Lock()


def _connections_for(config: Config) -> OrderedDict[object, Connection]:
    return _visitor_connections if config.from_visitor else _site_connections


def _key(config: Config) -> object:
    """The settings that select the credential and the vault: readings with the same ones share a connection."""
    return config.vault_url, config.deadline_s, config.scope, config.sign_in


def connection_for(config: Config) -> Connection:
    """The connection for this configuration, created on first use. The caller must call `give_back`.

    Raises what a credential's constructor raises.
    """
    connection = _acquire(config)
    try:
        # Outside the lock: a constructor reads files, and one that blocks must not block other readings.
        connection.open()
    except Exception:
        connection.release()
        forget(config)
        raise
    return connection


def _acquire(config: Config) -> Connection:
    with _lock:
        kept = _connections_for(config)
        connection = kept.setdefault(_key(config), Connection(config))
        kept.move_to_end(_key(config))
        connection.acquire()
        too_many = [kept.popitem(last=False)[1] for _ in range(len(kept) - POOL_SIZE)]
    for pushed_out in too_many:
        pushed_out.close_when_idle()
    return connection


def forget(config: Config) -> None:
    """Drop the connection. Running readings continue to use it, and the last one closes it."""
    with _lock:
        connection = _connections_for(config).pop(_key(config), None)
    if connection:
        connection.close_when_idle()


def close() -> None:
    """Close every connection; also called at process exit."""
    with _lock:
        for kept in (_site_connections, _visitor_connections):
            while kept:
                kept.popitem()[1].close()


atexit.register(close)
