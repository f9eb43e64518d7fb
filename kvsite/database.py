"""Django's DATABASES setting for the optional history. Without it, the site has no database."""

from contextlib import suppress
from pathlib import Path
from typing import Any

CONNECT_TIMEOUT_S = 3
"""Seconds to wait for a database or a free connection: a page must not wait longer for its history."""
_SILENCE_S = 10
"""Seconds after which a connection over which nothing arrives any more is closed, as after a failover."""
_POOL_SIZE = 8
"""Connections of one process. Its threads share them: PostgreSQL allows 100 by default."""


def databases(url: str | None, folder: Path) -> dict[str, dict[str, Any]]:
    """The setting for `url`; without one, a SQLite file in `folder`, which is created. Sends no request."""
    if url is None:
        with suppress(OSError):  # a read-only file system: the first use of the database reports it
            folder.mkdir(mode=0o700, exist_ok=True)
        return {"default": _sqlite({"ENGINE": "django.db.backends.sqlite3", "NAME": str(folder / "history.sqlite3")})}
    import dj_database_url  # only this setting needs the package

    settings: dict[str, Any] = dict(dj_database_url.parse(url))
    return {"default": _sqlite(settings) if "sqlite" in settings["ENGINE"] else _postgresql(settings)}


def _sqlite(settings: dict[str, Any]) -> dict[str, Any]:
    """WAL: readers do not wait for the writer. IMMEDIATE: a transaction that writes waits at its start, not midway."""
    options = {
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        "timeout": 20,
    }
    return {**settings, "OPTIONS": options}


def _postgresql(settings: dict[str, Any]) -> dict[str, Any]:
    pool = {"min_size": 1, "max_size": _POOL_SIZE, "timeout": CONNECT_TIMEOUT_S}
    # https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
    limits = {
        "connect_timeout": CONNECT_TIMEOUT_S, "tcp_user_timeout": _SILENCE_S * 1000,
        "keepalives_idle": _SILENCE_S // 2, "keepalives_interval": _SILENCE_S // 2,
    }  # fmt: skip
    options = {**limits, **settings.get("OPTIONS", {}), "pool": pool}
    return {**settings, "OPTIONS": options, "CONN_HEALTH_CHECKS": True}
