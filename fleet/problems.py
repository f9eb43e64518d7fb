"""Why the history cannot be used: errors of the database as one sentence each. The only place that catches them."""

import errno
import logging
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from django.db import DataError, Error, IntegrityError, connection

log = logging.getLogger(__name__)
T = TypeVar("T")

RETRY_S = 15.0
"""Seconds for which an unreachable database is not tried again: pages must not wait for it each time."""
_FULL = "The disk of the history's database is full."
_READ_ONLY = "The file system of the history's database is read-only."
_NOT_WRITABLE = "The folder of the history's database is not writable for this site."
_NEWER = "The database of the history has the schema of a newer version of this site. Update this one."
_MIN_FREE_BYTES = 64 * 1024
_MIGRATE = "The database of the history has an older schema, or no tables yet. Run: python manage.py migrate"
_SENTENCES: tuple[tuple[str, str], ...] = (
    ("no such table", _MIGRATE),
    ("no such column", _MIGRATE),
    ("has no column", _MIGRATE),
    ("does not exist", _MIGRATE),
    ("is full", _FULL),
    ("no space left", _FULL),
    ("readonly", "The database of the history is read-only: its folder must be writable for this site."),
    ("read-only", "The database of the history is read-only."),
    ("unable to open", "The file of the history's database cannot be opened: its folder must exist and be writable."),
    ("disk i/o error", "The file of the history's database cannot be read or written (disk I/O error)."),
    ("is locked", "Another process has locked the database of the history."),
    ("malformed", "The file of the history's database is damaged. Restore it from a backup, or delete it."),
    ("not a database", "The file of the history's database is not an SQLite database."),
    ("password authentication", "The database of the history refused the user name or password."),
    ("timeout", "The database of the history did not respond in time."),
    ("couldn't get a connection", "The database of the history did not respond in time."),
)  # fmt: skip
"""Part of the database's message, in lower case -> the sentence. Sources: SQLite's and PostgreSQL's messages."""
_UNREACHABLE = "The database of the history is not reachable."
_OS_ERRORS = {
    errno.ENOSPC: _FULL,
    errno.EROFS: _READ_ONLY,
    errno.EACCES: _NOT_WRITABLE,
}


class HistoryUnavailableError(Exception):
    """The history cannot be used now; the message is one sentence."""


def sentence_of(error: Exception) -> str:
    """The sentence for an error of the database."""
    if isinstance(error, OSError) and error.errno in _OS_ERRORS:
        return _OS_ERRORS[error.errno]
    text = "timeout" if isinstance(error, TimeoutError) else str(error).lower()
    sentence = next((sentence for part, sentence in _SENTENCES if part in text), _UNREACHABLE)
    if sentence == _MIGRATE:
        return _NEWER if _is_newer() else _MIGRATE
    names_no_reason = any(part in text for part in _SQLITE_FILE_ERRORS)
    return (names_no_reason and _problem_of_file()) or sentence


_SQLITE_FILE_ERRORS = ("disk i/o error", "unable to open", "readonly")
"""Messages of SQLite that name no reason."""


def _problem_of_file() -> str:
    """What the folder of the file shows; empty if nothing."""
    folder = Path(connection.settings_dict["NAME"]).parent
    with suppress(OSError):
        if hasattr(os, "statvfs") and os.statvfs(folder).f_flag & os.ST_RDONLY:
            return _READ_ONLY
        if shutil.disk_usage(folder).free < _MIN_FREE_BYTES:
            return _FULL
        if not os.access(folder, os.W_OK):
            return _NOT_WRITABLE
    return ""


def _is_newer() -> bool:
    """Whether a newer version of the site has migrated the database."""
    from django.db.migrations.loader import MigrationLoader  # only errors need the migrations
    from django.db.migrations.recorder import MigrationRecorder

    try:
        applied = MigrationRecorder(connection).applied_migrations()
        known = MigrationLoader(None).disk_migrations or {}
        return any(app == "fleet" and (app, name) not in known for app, name in applied)
    except Error:
        return False


@contextmanager
def database() -> Iterator[None]:
    """Raises HistoryUnavailableError in place of an error of the database, whose message may name hosts and users.

    An error of the data is unexpected and stays what it is, unless a newer schema has a column that this one does not.
    """
    try:
        yield
    except (DataError, IntegrityError):
        _close_broken_connection()
        if not _is_newer():
            raise
        raise HistoryUnavailableError(_NEWER) from None
    except (Error, OSError) as error:
        log.debug("history: %s", type(error).__name__)
        _close_broken_connection()
        raise HistoryUnavailableError(sentence_of(error)) from None


def _close_broken_connection() -> None:
    if not connection.in_atomic_block:
        connection.close()


class ProblemLog:
    """Logs one line when a problem begins or becomes another one, and one when it is over."""

    def __init__(self, begins: str, ends: str) -> None:
        self._begins, self._ends, self._lock = begins, ends, threading.Lock()
        self.sentence = ""
        """The present problem; empty if there is none."""

    def set(self, sentence: str) -> None:
        """Log what differs from before."""
        with self._lock:
            before, self.sentence = self.sentence, sentence
        if sentence and sentence != before:
            log.warning(self._begins, sentence)
        elif before and not sentence:
            log.warning(self._ends)


class Breaker:
    """Stops using a database that fails, for `retry_s` seconds. The log gets a line when it fails or works again."""

    def __init__(self, retry_s: float = RETRY_S, clock: Callable[[], float] = time.monotonic) -> None:
        self.retry_s = retry_s
        self._clock, self._retry_at = clock, 0.0
        self._problem = ProblemLog(
            "Readings go on, but their history is not recorded. %s", "The history is recorded again."
        )

    @property
    def sentence(self) -> str:
        """Why the history was not available the last time; empty if it was."""
        return self._problem.sentence

    def run(self, work: Callable[[], T]) -> T:
        """What `work` returns. Raises HistoryUnavailableError."""
        if self.sentence and self._clock() < self._retry_at:
            raise HistoryUnavailableError(self.sentence)
        try:
            with database():
                result = work()
        except HistoryUnavailableError as error:
            self._retry_at = self._clock() + self.retry_s
            self._problem.set(str(error))
            raise
        self._problem.set("")
        return result
