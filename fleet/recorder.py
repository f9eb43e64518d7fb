"""Records the site's own readings in the background, and looks up when its secret was last read."""

import atexit
import logging
import threading
import time
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import NamedTuple

from cachetools import TTLCache
from django.db import connection

from fleet.changes import changed_properties, properties
from fleet.models import Observation, Target
from fleet.observed import STORED, Observed, observed, principal_label
from fleet.problems import RETRY_S, Breaker, HistoryUnavailableError
from fleet.recording import record
from fleet.retention import prune
from secrets_app import conf
from secrets_app.core.caching import SingleFlight
from secrets_app.core.formatting import plural
from secrets_app.core.reading import ChangeKind, Diagnosis, LastReadable, Reading

log = logging.getLogger(__name__)

MAX_WAITING = 1000
"""Readings that wait to be written, equal neighbours as one. While the database fails, the oldest are dropped."""
_PRUNE_INTERVAL = timedelta(hours=6)
_MAX_NAME = 200
WINDOW_S = 1.0
"""Readings of this time are written together."""
EXIT_S = 2.0
"""How long a process that ends waits until its last readings are written."""
LOOKUP_S = 3.0
"""A page does not wait longer for the last success: the database may accept connections and answer nothing."""
CACHE_S = 2.0
"""How long the last success is not looked up again: a page that fails is often requested again."""
_LastSuccess = tuple[Observation, datetime | None]
"""The last observation of a success, and when the first failure after it was."""


class _Waiting(NamedTuple):
    """A reading to be written."""

    vault_url: str
    secret_name: str
    observed: Observed


class Recorder:
    """The History of `secrets_app.core.history`: writes in one thread of its own, started by the first reading."""

    def __init__(
        self, window_s: float = WINDOW_S, cache_s: float = CACHE_S, lookup_s: float = LOOKUP_S, retry_s: float = RETRY_S
    ) -> None:
        self._window_s, self._lookup_s = window_s, lookup_s
        self._lookups: SingleFlight[str, _LastSuccess | None] = SingleFlight()
        self._breaker = Breaker(retry_s)
        self._waiting: deque[_Waiting] = deque(maxlen=MAX_WAITING)
        self._unwritten: list[_Waiting] = []  # of the thread: those that the database did not take
        self._lock = threading.Lock()
        self._wake, self._hurry, self._idle = threading.Event(), threading.Event(), threading.Event()
        self._idle.set()
        self._thread: threading.Thread | None = None
        self._last: TTLCache[str, _LastSuccess | None] = TTLCache(16, cache_s, time.monotonic)
        self._next_prune = datetime.min.replace(tzinfo=UTC)

    @property
    def problem(self) -> str:
        """Why readings are not recorded; empty if they are."""
        return self._breaker.sentence

    def last_readable(self, reading: Reading) -> LastReadable | None:
        """When this secret was last read, and what has changed since; None if it never was, or without a database."""
        if not reading.vault_url or not reading.secret_name:
            return None
        name = own_name(reading.vault_url, reading.secret_name)
        try:
            found = self._last[name]
        except KeyError:
            try:
                found = self._last[name] = self._breaker.run(lambda: self._looked_up(name))
            except HistoryUnavailableError:
                return None
        return _compared(*found, reading) if found else None

    def _looked_up(self, name: str) -> _LastSuccess | None:
        """The last success, looked up in another thread. Raises django.db.Error, or TimeoutError after LOOKUP_S."""

        def look_up() -> _LastSuccess | None:
            try:
                return _last_success(name)
            finally:
                connection.close()

        return self._lookups.start(name, look_up, life_s=0).result(self._lookup_s)

    def record(self, reading: Reading, diagnosis: Diagnosis) -> None:
        """Record a reading of a secret that the settings name. Returns at once."""
        if not reading.vault_url or not reading.secret_name:
            return
        waiting = _Waiting(reading.vault_url, reading.secret_name, observed(reading, diagnosis))
        with self._lock:
            self._idle.clear()
            self._waiting.append(waiting)
            self._start()
        self._wake.set()

    def flush(self, seconds: float) -> bool:
        """Write everything now, as far as the database takes it; whether that ended within `seconds`."""
        self._hurry.set()
        return self._idle.wait(seconds)

    def _start(self) -> None:
        if self._thread is None or not self._thread.is_alive():  # after a fork there is no thread
            thread = threading.Thread(target=self._write, name="history", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # the system has no more threads for this process: the next reading tries again
                return
            self._thread = thread
            atexit.register(self.flush, EXIT_S)

    def _write(self) -> None:
        while True:
            self._wake.wait(self._breaker.retry_s if self._unwritten else None)
            self._hurry.wait(self._window_s)
            self._wake.clear()
            with self._lock:
                batch = list(self._waiting)
                self._waiting.clear()
            rows = merged([*self._unwritten, *batch])
            self._unwritten = [row for row in rows if not self._is_written(row)][-MAX_WAITING:]
            with self._lock:
                if not self._waiting:
                    self._hurry.clear()
                    self._idle.set()

    def _is_written(self, waiting: _Waiting) -> bool:
        """Whether this reading is done with. While the database cannot be used, it waits."""
        now = waiting.observed
        try:
            try:
                self._breaker.run(lambda: record(own_target(waiting.vault_url, waiting.secret_name).pk, now))
                self._prune(now.at)
            finally:
                if connection.vendor != "sqlite":  # back to the pool; a file stays open
                    connection.close()
        except HistoryUnavailableError:
            return False  # logged by the breaker
        except Exception:  # the one place that catches: otherwise the thread ends, and nothing is written any more
            log.exception("%s is not in the history, because of an unexpected error.", plural(now.count, "reading"))
        return True

    def _prune(self, now: datetime) -> None:
        if now >= self._next_prune:
            self._next_prune = now + _PRUNE_INTERVAL
            self._breaker.run(lambda: prune(now, conf.current().history_days))


def merged(batch: Iterable[_Waiting]) -> list[_Waiting]:
    """Equal neighbours of the same hour as one, so that a busy page costs one transaction a second."""
    runs: list[list[_Waiting]] = []
    last_key: tuple[object, ...] = ()
    for waiting in batch:
        key = _merge_key(waiting)
        if key == last_key and runs[-1][-1].observed.at <= waiting.observed.at:  # otherwise the clock was set back
            runs[-1].append(waiting)
        else:
            runs.append([waiting])
        last_key = key
    return [_sum(run) for run in runs]


_stored_values = attrgetter(*STORED)


def _merge_key(waiting: _Waiting) -> tuple[object, ...]:
    at = waiting.observed.at
    return waiting.vault_url, waiting.secret_name, at.date(), at.hour, _stored_values(waiting.observed)


def _sum(run: Sequence[_Waiting]) -> _Waiting:
    """One reading for equal ones. Once for all of them: a copy of an observation costs more than the comparison."""
    if len(run) == 1:
        return run[0]
    rows = [waiting.observed for waiting in run]
    total = replace(
        rows[-1],
        count=sum(row.count for row in rows),
        token_ms=sum(row.token_ms for row in rows),
        vault_ms=sum(row.vault_ms for row in rows),
        total_ms=max(row.total_ms for row in rows),
    )
    return run[-1]._replace(observed=total)


def own_name(vault_url: str, secret_name: str) -> str:
    """The name of the site's own target: `this site: contoso.vault.azure.net/demo`."""
    return f"this site: {vault_url.removeprefix('https://')}/{secret_name}"[:_MAX_NAME]


def own_target(vault_url: str, secret_name: str) -> Target:
    """The target of the site's own secret, created on first use. Raises django.db.Error."""
    values = {"kind": Target.Kind.OWN, "vault_url": vault_url, "secret_name": secret_name}
    target, _ = Target.objects.get_or_create(name=own_name(vault_url, secret_name), defaults=values)
    return target


def _last_success(name: str) -> _LastSuccess | None:
    """None without a success."""
    observations = Observation.objects.filter(target__name=name)
    last = observations.filter(ok=True).order_by("-last_at").first()
    if last is None:
        return None
    failed = observations.filter(ok=False, first_at__gt=last.last_at).order_by("first_at").first()
    return last, failed.first_at if failed else None


def _compared(last: Observation, failing_since: datetime | None, reading: Reading) -> LastReadable:
    before, now = properties(last), properties(observed(reading, Diagnosis()))
    return LastReadable(
        at=last.last_at,
        principal=principal_label(last) or None,
        failing_since=failing_since,
        same_principal=_is_same(ChangeKind.PRINCIPAL, before, now),
        same_address=_is_same(ChangeKind.ADDRESS, before, now),
        changes=tuple(changed_properties(before, now, with_address=True)),
    )


def _is_same(kind: ChangeKind, before: Mapping[str, str], now: Mapping[str, str]) -> bool:
    return kind in before and before[kind] == now.get(kind)
