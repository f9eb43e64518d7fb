"""What the checks look at: the settings, the environment, and two answers that several of them need."""

from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from secrets_app.conf import Config
from secrets_app.environment.platforms import place
from secrets_app.environment.vault_answer import VaultAnswer, ask_vault
from secrets_app.environment.waiting import start
from secrets_app.reading import Place, Reading

Given = TypeVar("Given")


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One examination's view of this machine. Its futures may never end: only a check's own thread waits for them."""

    config: Config
    environ: Mapping[str, str]
    place: Place
    vault: Future[VaultAnswer]
    """What the configured vault answers to a request without a token."""
    reading: Future[Reading]

    def reading_within(self, seconds: float) -> Reading | None:
        """The reading, if it is there by then."""
        return _within(self.reading, seconds)

    def vault_within(self, seconds: float) -> VaultAnswer | None:
        """The vault's answer, if it is there by then."""
        return _within(self.vault, seconds)


def _within(future: Future[Given], seconds: float) -> Given | None:
    try:
        return future.result(seconds)
    except (TimeoutError, CancelledError):
        return None


def look(config: Config, environ: Mapping[str, str], read: Callable[[Config], Reading]) -> Scene:
    """The scene, with both answers under way."""
    same = (config, frozenset(environ.items()))
    return Scene(
        config=config,
        environ=environ,
        place=place(environ),
        vault=start("the vault", same, partial(ask_vault, config.vault_url)),
        reading=start("the reading", same, partial(read, config)),
    )
