"""Config -> Reading: the package that calls Azure, and the one place that catches its exceptions."""

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from secrets_app.conf import Config
from secrets_app.core.reading import Reading, Stage
from secrets_app.core.single_flight import SingleFlight
from secrets_app.keyvault import pool
from secrets_app.keyvault.isolated import IsolatedRead
from secrets_app.keyvault.operation import ReadOperation
from secrets_app.keyvault.read_value import ReadingWithValue, ReadValueOperation
from secrets_app.keyvault.token_vault import TokenVaultOperation

__all__ = ["IsolatedRead", "ReadingWithValue", "close", "read", "read_value"]

MIN_REFRESH_INTERVAL_S = 1.0
"""Seconds. Each new token costs a request to the token endpoint, or a run of az."""

_TOKEN_REFUSED = 401

_site_reads: SingleFlight[Config, Reading] = SingleFlight()
_visitor_reads: SingleFlight[Config, Reading] = SingleFlight()


def read(config: Config, *, refresh: bool = False) -> Reading:
    """One reading: the secret or the failure, and the principal in both cases.

    Ends by `config.deadline_s`; never raises.
    Callers share a reading that is in progress, or that ended less than `config.result_life_s` seconds ago.
    `refresh` reads again with a new token and a new run of the credential chain. Within a second (or the result's
    life, if that is longer) of such a reading, it returns that reading with its age.
    """
    asked_at, life_s = datetime.now(UTC), config.result_life_s
    sharing = _visitor_reads if config.from_visitor else _site_reads
    work = partial(_read, config, refresh=refresh)
    reading = sharing.get(config, work, life_s=life_s, anew=refresh, rest_s=max(MIN_REFRESH_INTERVAL_S, life_s))
    age_s = (asked_at - reading.started_at).total_seconds() - reading.elapsed_s
    return replace(reading, age_s=age_s) if refresh and age_s > 0 else reading


def read_value(config: Config) -> ReadingWithValue:
    """A new reading with the secret's value: not shared, not cached. Ends by `config.deadline_s`."""
    errand = ReadValueOperation(config)
    reading = _run(errand, config)
    return ReadingWithValue(reading=reading, value=errand.value if reading.ok else None)


def close() -> None:
    """Drop every result and close every connection."""
    _site_reads.forget()
    _visitor_reads.forget()
    pool.close()


def _read(config: Config, *, refresh: bool) -> Reading:
    if refresh:
        pool.forget(config)
    errand = TokenVaultOperation(config) if config.reads_token_vault else ReadOperation(config)
    return _run(errand, config)


def _run(errand: ReadOperation, config: Config) -> Reading:
    reading = errand.run()
    failure = reading.failure
    if failure and (failure.stage in {Stage.TOKEN, Stage.DEADLINE} or failure.status == _TOKEN_REFUSED):
        pool.forget(config)  # the next reading runs the chain again, so it notices what was fixed
    return reading
