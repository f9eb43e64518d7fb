"""Config -> Reading: the one room that talks to Azure, and the one place that catches what Azure raises."""

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from secrets_app.conf import Config
from secrets_app.reading import Reading, Stage
from secrets_app.vault import connections
from secrets_app.vault.apart import Apart
from secrets_app.vault.errand import Errand
from secrets_app.vault.revealing import Revealed, Revealing
from secrets_app.vault.sharing import Sharing
from secrets_app.vault.token_vault_errand import TokenVaultErrand

__all__ = ["Apart", "Revealed", "close", "read", "reveal"]

_REST_S = 1.0
"""Asking for a token anew costs the token service a request, or this machine a run of az."""

_TOKEN_REFUSED = 401

_sharing: Sharing[Config, Reading] = Sharing()
_visitors_sharing: Sharing[Config, Reading] = Sharing()


def read(config: Config, *, refresh: bool = False) -> Reading:
    """One reading: the secret or the failure, and who we are in both cases. Ends by `config.deadline_s`; never raises.

    Those who ask while one is under way, or within `config.result_life_s` after it, get that one.
    `refresh` asks anew, forgets the token at hand and walks the credential chain again; within a second (or the
    result's life, if that is longer) after such a reading it gets the last one, with its age.
    """
    asked_at, life_s = datetime.now(UTC), config.result_life_s
    sharing = _visitors_sharing if config.visitors_choice else _sharing
    work = partial(_read, config, refresh=refresh)
    reading = sharing.get(config, work, life_s=life_s, anew=refresh, rest_s=max(_REST_S, life_s))
    age_s = (asked_at - reading.started_at).total_seconds() - reading.elapsed_s
    return replace(reading, age_s=age_s) if refresh and age_s > 0 else reading


def reveal(config: Config) -> Revealed:
    """Read the secret afresh, its value too: shared with nobody, kept nowhere. Ends by `config.deadline_s`."""
    errand = Revealing(config)
    reading = _run(errand, config)
    return Revealed(reading=reading, value=errand.value if reading.ok else None)


def close() -> None:
    """Forget every result and close every connection."""
    _sharing.forget()
    _visitors_sharing.forget()
    connections.close()


def _read(config: Config, *, refresh: bool) -> Reading:
    if refresh:
        connections.forget(config)
    errand = TokenVaultErrand(config) if config.reads_kept_token else Errand(config)
    return _run(errand, config)


def _run(errand: Errand, config: Config) -> Reading:
    reading = errand.run()
    failure = reading.failure
    if failure and (failure.stage in {Stage.TOKEN, Stage.DEADLINE} or failure.status == _TOKEN_REFUSED):
        connections.forget(config)  # the next reading walks the chain anew, so it sees what has been mended meanwhile
    return reading
