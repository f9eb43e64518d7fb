"""Why the history cannot be used: errors of the database as one sentence each. The only place that catches them."""

import errno
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from django.db import DataError, Error, IntegrityError, connection

log = logging.getLogger(__name__)
T = TypeVar("T")

RETRY_S = 15.0
"""Seconds for which an unreachable database is not tried again: pages must not wait for it each time."""
_MIGRATE = "The database of the history has an older schema, or no tables yet. Run: python manage.py migrate"
_SENTENCES: tuple[tuple[str, str], ...] = (
    ("no such table", _MIGRATE),
    ("no such column", _MIGRATE),
    ("has no column", _MIGRATE),
    ("does not exist", _MIGRATE),
    ("is full", "The disk of the history's database is full."),
    ("no space left", "The disk of the history's database is full."),
    ("readonly", "The database of the history is read-only: its folder must be writable for this site."),
    ("read-only", "The database of the history is read-only."),
    ("unable to open", "The file of the history's database cannot be opened: its folder must exist and be writable."),
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
    errno.ENOSPC: "The disk of the history's database is full.",
    errno.EROFS: "The file system of the history's database is read-only.",
    errno.EACCES: "The folder of the history's database is not writable for this site.",
}


class HistoryUnavailableError(Exception):
    """The history cannot be used now; the message is one sentence."""


def sentence_of(error: Exception) -> str:
    """The sentence for an error of the database."""
    if isinstance(error, OSError) and error.errno in _OS_ERRORS:
        return _OS_ERRORS[error.errno]
    text = "timeout" if isinstance(error, TimeoutError) else str(error).lower()
    return next((sentence for part, sentence in _SENTENCES if part in text), _UNREACHABLE)


@contextmanager
def database() -> Iterator[None]:
    """Raises HistoryUnavailableError in place of an error of the database, whose message may name hosts and users.

    An error of the data is unexpected and stays what it is.
    """
    try:
        yield
    except (DataError, IntegrityError):
        _close_broken_connection()
        raise
    except (Error, OSError) as error:
        log.debug("history: %s", type(error).__name__)
        _close_broken_connection()
        raise HistoryUnavailableError(sentence_of(error)) from None


def _close_broken_connection() -> None:
    if not connection.in_atomic_block:
        connection.close()


@dataclass
class _State:
    sentence: str = ""
    retry_at: float = 0.0


class Breaker:
    """Stops using a database that fails, for `retry_s` seconds. The log gets a line when it fails or works again."""

    def __init__(self, retry_s: float = RETRY_S, clock: Callable[[], float] = time.monotonic) -> None:
        self.retry_s = retry_s
        self._clock, self._lock, self._state = clock, threading.Lock(), _State()

    @property
    def sentence(self) -> str:
        """Why the history was not available the last time; empty if it was."""
        return self._state.sentence

    def run(self, work: Callable[[], T]) -> T:
        """What `work` returns. Raises HistoryUnavailableError."""
        if self._state.sentence and self._clock() < self._state.retry_at:
            raise HistoryUnavailableError(self._state.sentence)
        try:
            with database():
                result = work()
        except HistoryUnavailableError as error:
            self._set(str(error))
            raise
        self._set("")
        return result

    def _set(self, sentence: str) -> None:
        with self._lock:
            changed = sentence != self._state.sentence
            self._state = _State(sentence, self._clock() + self.retry_s)
        if changed and sentence:
            log.warning("Readings go on, but their history is not recorded. %s", sentence)
        elif changed:
            log.warning("The history is recorded again.")
