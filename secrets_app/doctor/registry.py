"""Registration of the checks, and the input they share: settings, environment, reading and vault response."""

from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from secrets_app.conf import Config
from secrets_app.conf.host_environment import detect_host
from secrets_app.core.caching import run_in_background
from secrets_app.core.reading import Diagnosis, HostEnvironment, Reading
from secrets_app.doctor.check import Check
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


CheckFunction = Callable[[CheckContext], Check]

TIMEOUT_S = 2.2
"""Default time limit of a check in seconds; all run in parallel, so this is close to the total."""


@dataclass(frozen=True, kw_only=True)
class RegisteredCheck:
    """A registered check: its title, its time limit and its function."""

    key: str
    title: str
    function: CheckFunction
    timeout_s: float
    waits_for: str
    """What the check waits for; named in the finding when it times out."""
    timeout_advice: str
    """Advice when it times out; `{deadline_s}` in it is replaced with the deadline of a reading."""


CHECKS: list[RegisteredCheck] = []
"""Every check, in the order in which findings of equal severity are shown."""


def check(
    key: str, title: str, *, waits_for: str = "this machine", timeout_s: float = TIMEOUT_S, timeout_advice: str = ""
) -> Callable[[CheckFunction], CheckFunction]:
    """Registers the decorated function as the check `key`. It may block; its result is awaited for `timeout_s`."""

    def register(function: CheckFunction) -> CheckFunction:
        CHECKS.append(
            RegisteredCheck(
                key=key,
                title=title,
                function=function,
                timeout_s=timeout_s,
                waits_for=waits_for,
                timeout_advice=timeout_advice,
            )
        )
        return function

    return register
