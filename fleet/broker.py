"""The message broker: its settings, the periods of the scheduler, and its problems as one sentence each."""

import logging
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from celery import Celery, bootsteps
from celery.schedules import schedule

from fleet.problems import ProblemLog

VISIBILITY_TIMEOUT_S = 120
"""Redis returns the messages of a dead worker after this time: as long as the lease of a target."""
_POLLING_S = 0.1
_SENTENCES: Mapping[str, str] = {
    "auth": "It refused the user name or password.",
    "access_refused": "It refused the user name or password.",
    "name or service not known": "The host name in KVSITE_BROKER_URL cannot be resolved.",
    "name resolution": "The host name in KVSITE_BROKER_URL cannot be resolved.",
    "certificate": "Its TLS certificate is not trusted.",
    "timed out": "It did not respond in time.",
    "no space left": "Its disk is full.",
    "maxmemory": "Its memory is full.",
    "misconf": "It cannot write to its disk.",
}
"""Part of the broker's message, in lower case -> the sentence."""
_CONNECTION_LINES = (
    "consumer: Cannot connect", "consumer: Connection to broker lost", "beat: Connection error", "Message Error",
)  # fmt: skip
problem = ProblemLog("Checks wait for the message broker. %s", "The message broker responds again.")


def broker_settings(url: str | None) -> dict[str, Any]:
    """Celery's settings for the broker at `url`. Without one, messages stay in this process.

    The database has what is due, so a message that is lost with its process delays a check by its lease.
    """
    if url is None:
        return {"broker_url": "memory://localhost", "broker_transport_options": {"polling_interval": _POLLING_S}}
    timeout = {"visibility_timeout": VISIBILITY_TIMEOUT_S} if url.startswith("redis") else {}
    return {"broker_url": url, "broker_transport_options": timeout}


_START, _MONOTONIC_START = datetime.now(UTC), time.monotonic()


def _steady_now() -> datetime:
    return _START + timedelta(seconds=time.monotonic() - _MONOTONIC_START)


def every(seconds: float) -> schedule:
    """A period of the scheduler. Celery's own ones stop for two hours if the clock is set back by two hours."""
    return schedule(timedelta(seconds=seconds), nowfun=_steady_now)


def report_problem(error: BaseException) -> None:
    """One line for the first of many equal errors."""
    text = f"{error} {error.__cause__ or ''}".lower()
    problem.set(next((sentence for part, sentence in _SENTENCES.items() if part in text), "It is not reachable."))


class _Connected(bootsteps.StartStopStep):  # type: ignore[misc]
    """Celery starts the steps of its consumer after each connection to the broker."""

    requires = ("celery.worker.consumer.connection:Connection",)

    def start(self, _consumer: Any) -> None:
        """The broker responds."""
        problem.set("")


def is_reported(record: logging.LogRecord) -> bool:
    """Whether Celery's own line appears. Those on the connection are one sentence in place of many tracebacks."""
    if not record.getMessage().startswith(_CONNECTION_LINES):
        return True
    errors = [argument for argument in record.args or () if isinstance(argument, BaseException)]
    if record.exc_info and record.exc_info[1]:
        errors.append(record.exc_info[1])
    report_problem(errors[-1] if errors else ConnectionError())
    return False


def report_problems_of(app: Celery) -> None:
    """Replace Celery's lines on a broker that is not reachable."""
    app.steps["consumer"].add(_Connected)
    for name in ("celery.worker.consumer.consumer", "celery.beat"):
        logging.getLogger(name).addFilter(is_reported)
