"""One world, from the folder it lives in to the environment a process needs to be inside it."""

import shutil
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

from localazure import az_command
from localazure.arc_keys import ArcKeys
from localazure.environment import environment
from localazure.journal import ReceivedRequest
from localazure.keys import authority, server_tls, stranger
from localazure.scenario import Scenario
from localazure.scenarios import DEFAULT_SCENARIO, find_scenario
from localazure.server import Server
from localazure.services.catalogue import hosts_of
from localazure.services.status_page import PATH as STATUS_PATH
from localazure.silence import SilentPort
from localazure.tokens import AccessToken
from localazure.trouble import Trouble, combined
from localazure.world import World


class LocalAzure:
    """A running world, as a context manager.

        with LocalAzure("no-role") as azure:
            subprocess.run(["python", "program.py"], env=azure.env)

    `scenario` is a name or a world of one's own. `vault_latency_s` and `az_latency_s` are seconds before an answer;
    `troubles` is what else is wrong, by the name of the service; both come on top of the scenario's own trouble, as
    do `clock_ahead_s` and `intercepted`. Tokens live for `token_life_s` seconds in place of Entra's own hours.
    Raises UnknownScenarioError.
    """

    env: dict[str, str]
    """All variables of a process inside this world."""

    def __init__(
        self,
        scenario: str | Scenario = DEFAULT_SCENARIO,
        *,
        vault_latency_s: float = 0.0,
        az_latency_s: float = 0.0,
        troubles: Mapping[str, Trouble] = MappingProxyType({}),
        clock_ahead_s: int = 0,
        token_life_s: int | None = None,
        intercepted: bool = False,
    ) -> None:
        entry = find_scenario(scenario) if isinstance(scenario, str) else scenario
        self._world = World(
            scenario=entry,
            troubles=_with_latency({**entry.troubles, **troubles}, vault_latency_s),
            clock_ahead_s=entry.clock_ahead_s + clock_ahead_s,
            token_life_s=token_life_s,
        )
        self._az_latency_s = az_latency_s
        self._shown = stranger() if intercepted or entry.intercepted else authority()

    def __enter__(self) -> Self:
        with ExitStack() as opened:
            self._folder = Path(tempfile.mkdtemp(prefix="local-azure-"))
            opened.callback(_remove, self._folder)
            self._silent = SilentPort()
            opened.callback(self._silent.close)
            keys = ArcKeys(otherwise=self._folder)
            opened.callback(keys.close)
            self._server = Server()
            opened.callback(self._server.stop)
            self._server.start(hosts_of(self._world, keys), server_tls(self._shown))
            self.env = self._environment()
            self._opened = opened.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.close()

    @property
    def scenario(self) -> Scenario:
        return self._world.scenario

    def trouble(self, service: str, trouble: Trouble) -> None:
        """From now on the service is in this trouble; in none with `Trouble()`."""
        self._world.troubles[service] = trouble

    @property
    def secret_value(self) -> str:
        """The value of the world's secret; another one in every world."""
        return self._world.secret_value

    @property
    def status_url(self) -> str:
        """A page that shows this world and its last requests."""
        return f"http://127.0.0.1:{self._server.port}{STATUS_PATH}"

    @property
    def requests(self) -> tuple[ReceivedRequest, ...]:
        """The requests received so far, oldest first."""
        return tuple(self._world.journal.requests)

    @property
    def tokens(self) -> tuple[AccessToken, ...]:
        """The tokens issued so far, oldest first."""
        return tuple(self._world.journal.tokens)

    def _environment(self) -> dict[str, str]:
        certificate = self._folder / "ca.pem"
        authority().cert_pem.write_to_path(certificate)
        return environment(
            self._world,
            port=self._server.port,
            silent_port=self._silent.port,
            folder=self._folder,
            certificate=certificate,
            commands=self._install_az(),
        )

    def _install_az(self) -> Path | None:
        if self.scenario.azure_cli is None:
            return None
        return az_command.install(
            self._folder,
            port=self._server.port,
            key=self._world.cli_key,
            latency_s=self._az_latency_s or self.scenario.azure_cli.latency_s,
        )


def _with_latency(troubles: Mapping[str, Trouble], vault_latency_s: float) -> dict[str, Trouble]:
    late = combined(troubles.get("keyvault", Trouble()), Trouble(latency_s=vault_latency_s))
    return {**troubles, "keyvault": late}


def _remove(folder: Path) -> None:
    """Twice if need be: a program that is just ending may write into its home while that is being removed."""
    shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        shutil.rmtree(folder)
