"""What the checks look at: the settings, the environment, and two answers that several of them need."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial

from secrets_app.conf import Config
from secrets_app.environment.platforms import place
from secrets_app.environment.vault_answer import VaultAnswer, ask_vault
from secrets_app.environment.waiting import start
from secrets_app.reading import Place, Reading


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One examination's view of this machine. Its futures may never end: only a check's own thread waits for them."""

    config: Config
    environ: Mapping[str, str]
    place: Place
    vault: Future[VaultAnswer]
    """What the configured vault answers to a request without a token."""
    reading: Future[Reading]

    @property
    def reading_so_far(self) -> Reading | None:
        """The reading, if it is there already."""
        return self.reading.result() if self.reading.done() and not self.reading.cancelled() else None

    @property
    def vault_so_far(self) -> VaultAnswer | None:
        """The vault's answer, if it is there already."""
        return self.vault.result() if self.vault.done() and not self.vault.cancelled() else None


def look(config: Config, environ: Mapping[str, str], read: Callable[[Config], Reading]) -> Scene:
    """The scene, with both answers under way."""
    same = (config, frozenset(environ.items()))
    return Scene(
        config=config,
        environ=environ,
        place=place(environ),
        vault=start(("vault", same), partial(ask_vault, config.vault_url)),
        reading=start(("reading", same), partial(read, config)),
    )
