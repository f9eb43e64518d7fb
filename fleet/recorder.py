"""Records the site's own readings in the background, and looks up when its secret was last read."""

import threading
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from django.db import connection

from fleet.changes import changed_properties, properties
from fleet.models import Observation, Target
from fleet.observed import Observed, observed, principal_label
from fleet.problems import Breaker, HistoryUnavailableError
from fleet.recording import record
from fleet.retention import prune
from secrets_app import conf
from secrets_app.core.reading import ChangeKind, Diagnosis, LastReadable, Reading

MAX_WAITING = 1000
"""Readings that wait to be written; the oldest are dropped while the database cannot be used."""
_PRUNE_INTERVAL = timedelta(hours=6)


class Recorder:
    """The History of `secrets_app.core.history`: writes in one thread of its own, started by the first reading."""

    def __init__(self) -> None:
        self._breaker = Breaker()
        self._waiting: deque[tuple[str, str, Observed]] = deque(maxlen=MAX_WAITING)
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._idle = threading.Event()
        self._idle.set()
        self._thread: threading.Thread | None = None
        self._next_prune = datetime.min.replace(tzinfo=UTC)

    @property
    def problem(self) -> str:
        """Why readings are not recorded; empty if they are."""
        return self._breaker.sentence

    def last_readable(self, reading: Reading) -> LastReadable | None:
        """When this secret was last read, and what has changed since; None if it never was, or without a database."""
        vault_url, name = reading.vault_url, reading.secret_name
        if not vault_url or not name:
            return None
        try:
            return self._breaker.run(lambda: _last_readable(own_name(vault_url, name), reading))
        except HistoryUnavailableError:
            return None

    def record(self, reading: Reading, diagnosis: Diagnosis) -> None:
        """Record a reading of a secret that the settings name. Returns at once."""
        if not reading.vault_url or not reading.secret_name:
            return
        self._idle.clear()
        self._waiting.append((reading.vault_url, reading.secret_name, observed(reading, diagnosis)))
        self._start()
        self._wake.set()

    def flush(self, seconds: float) -> bool:
        """Wait until everything is written; whether it was within `seconds`."""
        return self._idle.wait(seconds)

    def _start(self) -> None:
        with self._lock:
            if self._thread is None or not self._thread.is_alive():  # after a fork there is no thread
                thread = threading.Thread(target=self._write, name="history", daemon=True)
                try:
                    thread.start()
                except RuntimeError:  # the system has no more threads for this process: the next reading tries again
                    return
                self._thread = thread

    def _write(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            while self._waiting:
                self._write_one(*self._waiting.popleft())
            if not self._waiting:
                self._idle.set()

    def _write_one(self, vault_url: str, secret_name: str, now: Observed) -> None:
        try:
            self._breaker.run(lambda: record(own_target(vault_url, secret_name).pk, now))
            self._prune(now.at)
        except HistoryUnavailableError:
            return  # logged by the breaker; this reading is not recorded
        finally:
            connection.close()

    def _prune(self, now: datetime) -> None:
        if now >= self._next_prune:
            self._next_prune = now + _PRUNE_INTERVAL
            self._breaker.run(lambda: prune(now, conf.current().history_days))


def own_name(vault_url: str, secret_name: str) -> str:
    """The name of the site's own target: `this site: contoso.vault.azure.net/demo`."""
    return f"this site: {vault_url.removeprefix('https://')}/{secret_name}"


def own_target(vault_url: str, secret_name: str) -> Target:
    """The target of the site's own secret, created on first use. Raises django.db.Error."""
    values = {"kind": Target.Kind.OWN, "vault_url": vault_url, "secret_name": secret_name}
    target, _ = Target.objects.get_or_create(name=own_name(vault_url, secret_name)[:200], defaults=values)
    return target


def _last_readable(name: str, reading: Reading) -> LastReadable | None:
    observations = Observation.objects.filter(target__name=name)
    last = observations.filter(ok=True).order_by("-last_at").first()
    if last is None:
        return None
    failed = observations.filter(ok=False, first_at__gt=last.last_at).order_by("first_at").first()
    before, now = properties(last), properties(observed(reading, Diagnosis()))
    return LastReadable(
        at=last.last_at,
        principal=principal_label(last) or None,
        failing_since=failed.first_at if failed else None,
        same_principal=_is_same(ChangeKind.PRINCIPAL, before, now),
        same_address=_is_same(ChangeKind.ADDRESS, before, now),
        changes=tuple(changed_properties(before, now, with_address=True)),
    )


def _is_same(kind: ChangeKind, before: Mapping[str, str], now: Mapping[str, str]) -> bool:
    return kind in before and before[kind] == now.get(kind)
