"""Config -> Reading: the one room that talks to Azure, and the one place that catches what Azure raises."""

import time
from datetime import UTC, datetime

from secrets_app.conf import Config
from secrets_app.reading import Reading, Stage
from secrets_app.vault.connection import close, forget
from secrets_app.vault.errand import Errand

__all__ = ["close", "read"]


def read(config: Config, *, refresh: bool = False) -> Reading:
    """One reading: the secret or the failure, and who we are in both cases. Ends by `config.deadline_s`; never raises.

    `refresh` forgets the token at hand and walks the credential chain anew.
    """
    started_at, start = datetime.now(UTC), time.monotonic()
    if refresh:
        forget(config)
    errand = Errand(config)
    errand.run_for(config.deadline_s)
    reading = errand.reading(started_at, time.monotonic() - start)
    if reading.failure and reading.failure.stage in {Stage.TOKEN, Stage.DEADLINE}:
        forget(config)  # the next reading walks the chain anew, so it sees what has been mended meanwhile
    return reading
