"""The input of the checks: the settings, the environment, and two results that several of them need."""

from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from secrets_app.conf import Config
from secrets_app.conf.host_environment import detect_host
from secrets_app.core.background import run_in_background
from secrets_app.core.reading import Diagnosis, HostEnvironment, Reading
from secrets_app.doctor.vault_probe import VaultProbe, probe_vault

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class CheckContext:
    """The input of one run. Its futures may never complete: only a check's own thread may wait for them."""

    config: Config
    environ: Mapping[str, str]
    place: HostEnvironment
    vault: Future[VaultProbe]
    """The configured vault's response to a request without a token."""
    reading: Future[Reading]
    diagnose: Callable[[Reading], Diagnosis]

    def reading_within(self, seconds: float) -> Reading | None:
        """The reading; None if it is not complete by then."""
        return _within(self.reading, seconds)

    def vault_within(self, seconds: float) -> VaultProbe | None:
        """The vault's response; None if it has not arrived by then."""
        return _within(self.vault, seconds)


def _within(future: Future[T], seconds: float) -> T | None:
    try:
        return future.result(seconds)
    except (TimeoutError, CancelledError):
        return None


def build_context(
    config: Config, environ: Mapping[str, str], reading: Future[Reading], diagnose: Callable[[Reading], Diagnosis]
) -> CheckContext:
    """The context of one run. Starts the request to the vault in the background."""
    inputs = (config, frozenset(environ.items()))
    return CheckContext(
        config=config,
        environ=environ,
        place=detect_host(environ),
        vault=run_in_background("the vault", inputs, partial(probe_vault, config.vault_url)),
        reading=reading,
        diagnose=diagnose,
    )
