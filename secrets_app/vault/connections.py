"""The connections that are kept, one for each configuration: some of the site's own, some of what visitors chose."""

import atexit
import threading
from collections import OrderedDict

from secrets_app.conf import Config
from secrets_app.vault.connection import Connection

_KEPT = 8

# Whoever asks as ten thousand identities in turn pushes out what other visitors chose, never what the site itself uses.
_of_the_site: OrderedDict[object, Connection] = OrderedDict()
_of_visitors: OrderedDict[object, Connection] = OrderedDict()
_lock = threading.Lock()


def _kept_for(config: Config) -> OrderedDict[object, Connection]:
    return _of_visitors if config.visitors_choice else _of_the_site


def _key(config: Config) -> object:
    """All of the configuration that decides who asks and whom: readings that agree in it share a connection."""
    return config.vault_url, config.deadline_s, config.scope, config.sign_in


def connection_for(config: Config) -> Connection:
    """The connection for this configuration, made at its first reading and borrowed: give it back.

    Raises what a credential's constructor does.
    """
    connection = _borrowed(config)
    try:
        # Outside the lock: a constructor reads files, and one that hangs on a pipe may hold up nobody else.
        connection.open()
    except Exception:
        connection.give_back()
        forget(config)
        raise
    return connection


def _borrowed(config: Config) -> Connection:
    with _lock:
        kept = _kept_for(config)
        connection = kept.setdefault(_key(config), Connection(config))
        kept.move_to_end(_key(config))
        connection.borrow()
        too_many = [kept.popitem(last=False)[1] for _ in range(len(kept) - _KEPT)]
    for pushed_out in too_many:
        pushed_out.retire()
    return connection


def forget(config: Config) -> None:
    """Drop the connection; readings under way still use theirs to the end, and the last of them closes it."""
    with _lock:
        connection = _kept_for(config).pop(_key(config), None)
    if connection:
        connection.retire()


def close() -> None:
    """Close every connection, as at the end of the process."""
    with _lock:
        for kept in (_of_the_site, _of_visitors):
            while kept:
                kept.popitem()[1].close()


atexit.register(close)
