"""Config -> Reading: the one room that talks to Azure, and the one place that catches what Azure raises."""

from secrets_app.conf import Config
from secrets_app.reading import Reading, Stage
from secrets_app.vault import connection
from secrets_app.vault.errand import Errand
from secrets_app.vault.revealing import Revealed, reveal
from secrets_app.vault.sharing import Sharing

__all__ = ["Revealed", "close", "read", "reveal"]

_sharing: Sharing[Config, Reading] = Sharing()


def read(config: Config, *, refresh: bool = False) -> Reading:
    """One reading: the secret or the failure, and who we are in both cases. Ends by `config.deadline_s`; never raises.

    Those who ask while one is under way, or within `config.result_life_s` after it, get that one.
    `refresh` asks anew, forgets the token at hand and walks the credential chain again.
    """
    return _sharing.get(config, lambda: _read(config, refresh=refresh), life_s=config.result_life_s, anew=refresh)


def close() -> None:
    """Forget every result and close every connection."""
    _sharing.forget()
    connection.close()


def _read(config: Config, *, refresh: bool) -> Reading:
    if refresh:
        connection.forget(config)
    reading = Errand(config).run()
    if reading.failure and reading.failure.stage in {Stage.TOKEN, Stage.DEADLINE}:
        connection.forget(config)  # the next reading walks the chain anew, so it sees what has been mended meanwhile
    return reading
