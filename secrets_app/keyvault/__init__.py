"""ReadRequest -> Reading: calls Azure and converts its exceptions to failures."""

from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from secrets_app.conf.request import ReadRequest, SecretTarget, Target, TokenTarget, TokenVaultTarget
from secrets_app.core.budget import VisitorBudget
from secrets_app.core.caching import SingleFlight
from secrets_app.core.reading import Reading, Stage
from secrets_app.core.runtime import shared
from secrets_app.keyvault.client import Connection
from secrets_app.keyvault.operation import Progress, ReadOperation
from secrets_app.keyvault.pool import dedicated_connection, pool_for
from secrets_app.keyvault.secret import ReadingWithValue, ReadSecretOperation, ReadValueOperation
from secrets_app.keyvault.token_vault import TokenVaultOperation

__all__ = [
    "Connection",
    "PendingReading",
    "Progress",
    "ReadOperation",
    "ReadingWithValue",
    "isolated_read",
    "progress",
    "read",
    "read_value",
    "run",
    "start_read",
]

MIN_REFRESH_INTERVAL_S = 1.0
"""Seconds. Each new token costs a request to the token endpoint, or a run of az."""
_UNAUTHORIZED = 401
_OPERATIONS: Mapping[type[Target], type[ReadOperation]] = {
    SecretTarget: ReadSecretOperation,
    TokenTarget: ReadOperation,
    TokenVaultTarget: TokenVaultOperation,
}


class _SiteReads(SingleFlight[object, Reading]):
    """The site's own readings."""


class _VisitorReads(SingleFlight[object, Reading]):
    """Readings of what visitors requested: they never evict the site's own."""

    def admit(self) -> None:
        """Raises BudgetExceededError."""
        shared(VisitorBudget).take()


class _InProgress(dict[object, ReadOperation]):
    """The readings in progress in this process."""


def progress(request: ReadRequest) -> Progress | None:
    """What the reading of `request` that is in progress waits for; None when there is none."""
    operation = shared(_InProgress).get(request.key)
    return operation.progress() if operation else None


def read(request: ReadRequest, *, refresh: bool = False) -> Reading:
    """One reading: the secret or the failure, and the principal in both cases.

    Ends by `config.deadline_s`. Raises BudgetExceededError where visitors have started too many; nothing else.
    Callers share a reading that is in progress, or that ended less than `config.result_life_s` seconds ago.
    `refresh` reads again with a new token and a new run of the credential chain. Within a second (or the result's
    life, if that is longer) of such a reading, it returns that reading with its age.
    """
    requested_at, reads = datetime.now(UTC), _reads(request)
    reading = reads.get(
        request.key, partial(_read, request, refresh=refresh), refresh=refresh, **_lives(request.config.result_life_s)
    )
    return _with_age(reading, requested_at) if refresh else reading


def start_read(request: ReadRequest, *, refresh: bool = False) -> "PendingReading":
    """Like `read`, without waiting. Raises BudgetExceededError at once."""
    requested_at, reads = datetime.now(UTC), _reads(request)
    future = reads.start(
        request.key, partial(_read, request, refresh=refresh), refresh=refresh, **_lives(request.config.result_life_s)
    )
    return PendingReading(future, requested_at if refresh else None)


class PendingReading:
    """A reading that may be in progress."""

    def __init__(self, future: Future[Reading], refreshed_at: datetime | None) -> None:
        self._future = future
        self._refreshed_at = refreshed_at

    def within(self, seconds: float | None) -> Reading | None:
        """The reading; None if it has not ended by then. Without a limit, waits until its deadline."""
        try:
            reading = self._future.result(seconds)
        except TimeoutError:
            return None
        return _with_age(reading, self._refreshed_at) if self._refreshed_at else reading


def _reads(request: ReadRequest) -> SingleFlight[object, Reading]:
    return shared(_VisitorReads if request.from_visitor else _SiteReads)


def _lives(result_life_s: float) -> dict[str, float]:
    return {"life_s": result_life_s, "min_interval_s": max(MIN_REFRESH_INTERVAL_S, result_life_s)}


def _with_age(reading: Reading, refreshed_at: datetime) -> Reading:
    """The reading, with its age if it ended before a refresh was requested."""
    age_s = (refreshed_at - reading.started_at).total_seconds() - reading.elapsed_s
    return replace(reading, age_s=age_s) if age_s > 0 else reading


def read_value(request: ReadRequest) -> ReadingWithValue:
    """A new reading with the secret's value: not shared, not cached. Ends by `config.deadline_s`.

    Raises BudgetExceededError, as `read`.
    """
    if request.from_visitor:
        shared(VisitorBudget).take()
    operation = ReadValueOperation(request)
    reading = run(operation, request)
    return ReadingWithValue(reading=reading, value=operation.value if reading.ok else None)


def isolated_read(request: ReadRequest) -> ReadOperation:
    """A reading to `run`, without a shared connection, token or result, which can be cancelled."""
    return _OPERATIONS[type(request.target)](request, dedicated_connection)


def _read(request: ReadRequest, *, refresh: bool) -> Reading:
    if refresh:
        pool_for(request).discard(request)
    return run(_OPERATIONS[type(request.target)](request), request)


def run(operation: ReadOperation, request: ReadRequest) -> Reading:
    """Run an operation of this request: it shares the connections, and those with a refused token are dropped."""
    in_progress = shared(_InProgress)
    in_progress[request.key] = operation
    try:
        reading = operation.run()
    finally:
        if in_progress.get(request.key) is operation:
            del in_progress[request.key]
    failure = reading.failure
    if failure and (failure.stage in {Stage.TOKEN, Stage.DEADLINE} or failure.status == _UNAUTHORIZED):
        pool_for(request).discard(request)  # the next reading runs the chain again
    return reading
