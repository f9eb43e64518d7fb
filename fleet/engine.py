"""The Celery app: `tick` leases the targets that are due, `check` reads some of them, `alert` reports what changed.

The database is the truth. A message that is lost or delivered twice, a worker that is killed, or two schedulers at the
same time delay a check by one lease at most, and never run one twice at once.
"""

import logging
import os
import signal
import time
import warnings
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from celery import Celery
from celery.beat import EmbeddedService
from celery.exceptions import CPendingDeprecationWarning
from celery.platforms import SecurityWarning
from celery.signals import worker_ready, worker_shutting_down
from django.db import connection
from kombu.exceptions import OperationalError

from fleet import alerts, broker, checking, schedule
from fleet.models import Target
from fleet.problems import HistoryUnavailableError, ProblemLog, database
from fleet.recording import Result, record_all
from fleet.retention import prune
from fleet.schedule import Claim
from secrets_app import conf

log = logging.getLogger(__name__)

ALERT_S, PRUNE_S = 15.0, 6 * 3600.0
BATCH = 20
"""Targets in one message: a message and its transactions cost as much as a check."""
SLOW_S, BATCH_S = 1.0, 30.0
"""After a failed check that took longer, or after this time, the rest of a batch is sent as a message for each target:
idle threads check them meanwhile, and the last check ends within the lease. A machine that is busy is no reason."""
WRITE_S = 2.0
"""Results wait this long for others, to be stored in one transaction. A worker that is killed loses them."""

app = Celery("fleet", set_as_current=False)
app.conf.update(
    **broker.broker_settings(conf.current().broker_url),
    task_default_queue="principal-used",
    task_ignore_result=True,
    task_acks_late=True,
    task_serializer="json",
    accept_content=["json"],
    worker_prefetch_multiplier=1,
    db_reuse_max=1_000,  # tasks after which Celery closes the connections of the database; the default is one
    worker_hijack_root_logger=False,  # the site's handlers redact
    worker_redirect_stdouts=False,
    worker_enable_remote_control=False,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    beat_schedule={
        "tick": {
            "task": "fleet.tick",
            "schedule": broker.every(schedule.TICK_S),
            "options": {"expires": schedule.TICK_S},
        },
        "alert": {"task": "fleet.alert", "schedule": broker.every(ALERT_S), "options": {"expires": ALERT_S}},
        "prune": {"task": "fleet.prune", "schedule": broker.every(PRUNE_S), "options": {"expires": PRUNE_S}},
    },
)


@app.task(name="fleet.tick")
def tick() -> int:
    """Lease the targets that are due and request their checks; returns how many."""
    with _database_problems():
        claimed = schedule.claim(datetime.now(UTC))
        _send(claimed.batches(BATCH))
        return len(claimed.targets)
    return 0


def _send(batches: Iterable[Claim]) -> None:
    with app.producer_or_acquire() as producer:
        for batch in batches:
            check.apply_async((batch.targets, batch.lease.isoformat()), producer=producer)


@app.task(name="fleet.check")
def check(targets: list[int], lease: str) -> int:
    """Read these targets one after the other, if this message still holds their lease; returns how many were read."""
    with _database_problems():
        begun, renewed = schedule.begin(Claim(targets, datetime.fromisoformat(lease)), datetime.now(UTC))
        _release_connection()
        return _check_batch(deque(begun), renewed)
    return 0


def _check_batch(waiting: deque[Target], lease: datetime) -> int:
    """Check the targets one after the other, unless they are slow; returns how many. Raises django.db.Error.

    Those that are left when the worker stops, or because of an error, are due again at once.
    """
    count, results, end = 0, _Results(), time.monotonic() + BATCH_S
    try:
        while waiting and not _scheduler.is_stopping:
            target, slow = waiting.popleft(), time.monotonic() + SLOW_S
            now = checking.check(target, os.environ)
            results.add(Result(target.pk, now, lease))
            count += 1
            if time.monotonic() > (end if now.ok else slow):
                _send(_claim_of(waiting, lease).batches(1))
                waiting.clear()
    finally:
        results.write()
        schedule.release(_claim_of(waiting, lease))
        _release_connection()
    return count


def _claim_of(targets: Iterable[Target], lease: datetime) -> Claim:
    return Claim([target.pk for target in targets], lease)


class _Results:
    """Results of a batch, written together every WRITE_S seconds."""

    def __init__(self) -> None:
        self._results: list[Result] = []
        self._written = time.monotonic()

    def add(self, result: Result) -> None:
        """Raises django.db.Error."""
        self._results.append(result)
        if time.monotonic() - self._written >= WRITE_S:
            self.write()

    def write(self) -> None:
        """Raises django.db.Error; what could not be written is checked again when its lease has ended."""
        results, self._results, self._written = self._results, [], time.monotonic()
        if results:
            for change in record_all(results):
                log.info("%s: %s", change.target.name, change.sentence)
            _release_connection()


def _release_connection() -> None:
    """Back to the pool. The last connection that closes a SQLite file writes it to the disk, which takes 15 ms."""
    if connection.vendor != "sqlite":
        connection.close()


@app.task(name="fleet.alert")
def alert() -> int:
    """Store messages on the changes that have lasted, and request that those which wait are sent; how many targets."""
    config, now = conf.current(), datetime.now(UTC)
    services = list(alerts.named(config.alert_urls))
    with _database_problems():
        count = alerts.store_alerts(now, services, config.alert_after_s)
        for service in alerts.due_services(now, services):
            deliver.apply_async((service,), expires=ALERT_S)
        return count
    return 0


@app.task(name="fleet.deliver")
def deliver(service: str) -> bool:
    """Send what waits for one service, which delays no other one; whether it was accepted."""
    url = alerts.named(conf.current().alert_urls).get(service)
    if url is None:
        return False
    with _database_problems():
        claimed = alerts.claim(service, datetime.now(UTC))
        if not claimed:
            return False
        _release_connection()
        accepted = alerts.send(url, claimed)
        alerts.finish(claimed, datetime.now(UTC), accepted=accepted)
        return accepted
    return False


@app.task(name="fleet.prune")
def prune_history() -> int:
    """Delete what is too old; returns how many rows."""
    with _database_problems():
        return prune(datetime.now(UTC), conf.current().history_days)
    return 0


@contextmanager
def _database_problems() -> Iterator[None]:
    """An error of the database or the broker is one line in the log: the next tick tries again."""
    try:
        with database():
            yield
    except HistoryUnavailableError as error:
        _database_problem.set(str(error))
    except OperationalError as error:
        broker.report_problem(error)
    else:
        _database_problem.set("")


_database_problem = ProblemLog("Checks wait for the database. %s", "The database of the history can be used again.")


class _Scheduler:
    """The scheduler in a thread of the worker: a process of its own would survive a worker that is killed."""

    def __init__(self) -> None:
        self._service: Any = None
        self.is_stopping = False
        """The worker ends: checks that have begun finish, no others begin."""
        self.is_interrupted = False
        """It ends because of Ctrl+C."""

    def start(self, **_signal: Any) -> None:
        """Begin to send the periodic tasks."""
        tick.apply_async(expires=schedule.TICK_S)  # not only after the first period
        self._service = EmbeddedService(app, thread=True, scheduler_cls="celery.beat:Scheduler")
        self._service.start()

    def stop(self, *, sig: str = "", **_signal: Any) -> None:
        """Send no more tasks."""
        self.is_stopping, self.is_interrupted = True, sig == "SIGINT"
        if self._service:
            self._service.stop()


_scheduler = _Scheduler()


def run_worker(threads: int) -> int:
    """Work until SIGINT or SIGTERM, which let running checks finish; returns the exit code: 130 or 0."""
    warnings.filterwarnings("ignore", category=SecurityWarning)  # root in a container: messages are JSON, never pickle
    broker.report_problems_of(app)
    worker_ready.connect(_scheduler.start)
    worker_shutting_down.connect(_scheduler.stop)
    worker = app.Worker(
        pool="threads", concurrency=threads, loglevel="WARNING", without_gossip=True, without_mingle=True,
        without_heartbeat=True, optimization="fair", quiet=True,
    )  # fmt: skip
    # After Celery's own filter. The warning is on checks that go on while the broker is away.
    warnings.filterwarnings("ignore", category=CPendingDeprecationWarning)
    worker.start()
    return 128 + signal.SIGINT if _scheduler.is_interrupted else int(worker.exitcode or 0)
