"""One world, from the folder it lives in to the environment a process needs to be inside it."""

import shutil
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from localazure import az_command
from localazure.environment import environment
from localazure.journal import ReceivedRequest
from localazure.keys import authority
from localazure.scenarios import DEFAULT_SCENARIO, Scenario, find_scenario
from localazure.server import Server
from localazure.services.catalogue import hosts_of
from localazure.tokens import AccessToken
from localazure.world import World


class LocalAzure:
    """A running world, as a context manager.

        with LocalAzure("no-role") as azure:
            subprocess.run(["python", "program.py"], env=azure.env)

    `vault_latency_s` and `az_latency_s` are seconds before an answer. Raises UnknownScenarioError.
    """

    env: dict[str, str]
    """All variables of a process inside this world."""

    def __init__(
        self, scenario: str = DEFAULT_SCENARIO, *, vault_latency_s: float = 0.0, az_latency_s: float = 0.0
    ) -> None:
        self._world = World(scenario=find_scenario(scenario), vault_latency_s=vault_latency_s)
        self._az_latency_s = az_latency_s

    def __enter__(self) -> Self:
        self._folder = Path(tempfile.mkdtemp(prefix="local-azure-"))
        self._server = Server()
        self._server.start(hosts_of(self._world))
        self.env = self._environment()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stop()
        shutil.rmtree(self._folder)

    @property
    def scenario(self) -> Scenario:
        return self._world.scenario

    @property
    def secret_value(self) -> str:
        """The value of the world's secret; another one in every world."""
        return self._world.secret_value

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
            folder=self._folder,
            certificate=certificate,
            commands=self._install_az(),
        )

    def _install_az(self) -> Path | None:
        if self.scenario.azure_cli is None:
            return None
        return az_command.install(
            self._folder, port=self._server.port, key=self._world.cli_key, latency_s=self._az_latency_s
        )
