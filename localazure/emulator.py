"""LocalAzure: starts a scenario and provides the environment of its processes."""

import os
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

from trustme import CA

from localazure.crypto.tls import certificate_authority, server_tls_context, untrusted_authority
from localazure.crypto.tokens import AccessToken
from localazure.process_environment.activation import Activation
from localazure.process_environment.az_script import install_az
from localazure.process_environment.variables import (
    host_environment,
    process_environment,
    without_azure_variables,
)
from localazure.scenario_folder import create_folder, remove_folder
from localazure.scenarios import DEFAULT_SCENARIO, Host, Scenario, find_scenario
from localazure.scenarios.directory import DEVELOPER, Identity
from localazure.scenarios.faults import FaultInjection, combine
from localazure.scenarios.roles import SECRETS_USER_ROLE
from localazure.scenarios.seed import Seed, apply_seed
from localazure.scenarios.vaults import NetworkAccess
from localazure.server.background_server import LOOPBACK, BackgroundServer
from localazure.server.router import CurrentRouter
from localazure.server.routes import build_router
from localazure.server.status_page import PATH as STATUS_PATH
from localazure.server.unresponsive_port import UnresponsivePort
from localazure.services.azure_cli.result import CommandResult
from localazure.services.managed_identity.arc_key_files import ArcKeyFiles
from localazure.state import administration
from localazure.state.cli_session import CliSession
from localazure.state.emulator_state import EmulatorState
from localazure.state.request_log import ReceivedRequest
from localazure.state.vault_secrets import VaultSecrets

STATUS_VARIABLE = "LOCAL_AZURE_STATUS_URL"
"""The environment variable with the URL of the status page."""
ANY_ADDRESS = "0.0.0.0"  # noqa: S104 - only when it was asked for


class LocalAzure:
    """A running scenario, as a context manager.

        with LocalAzure("no-role") as azure:
            subprocess.run(["python", "program.py"], env=azure.env)

    `scenario` is a name or a Scenario. `vault_latency_s` and `az_latency_s` delay responses. `faults` maps service
    names to faults. These and `clock_ahead_s` and `intercepted` are added to what the scenario itself defines.
    `token_life_s` replaces the lifetime of Entra's tokens. `seed` adds vaults, secrets, identities and grants: the path
    of a TOML file, TOML text with a line break, or a mapping. `host` is the IPv4 address or name of this machine to
    listen on, which is also in the variables of the scenario; `port` 0 means a free port.

    Raises UnknownScenarioError and SeedError, and ListenError on entering when the port cannot be used.
    """

    _state: EmulatorState
    _tls_issuer: CA

    def __init__(
        self,
        scenario: str | Scenario = DEFAULT_SCENARIO,
        *,
        seed: Seed | None = None,
        host: str = LOOPBACK,
        port: int = 0,
        vault_latency_s: float = 0.0,
        az_latency_s: float = 0.0,
        faults: Mapping[str, FaultInjection] = MappingProxyType({}),
        clock_ahead_s: int = 0,
        token_life_s: int | None = None,
        intercepted: bool = False,
    ) -> None:
        self._seed = seed
        self._host, self._port = host, port
        self._faults, self._vault_latency_s = dict(faults), vault_latency_s
        self._clock_ahead_s, self._token_life_s = clock_ahead_s, token_life_s
        self._intercepted = intercepted
        self._az_latency_s = az_latency_s
        self._activations: list[Activation] = []
        self._set_scenario(scenario)

    def __enter__(self) -> Self:
        with ExitStack() as resources:
            self._folder = create_folder()
            resources.callback(remove_folder, self._folder)
            self._unresponsive_port = UnresponsivePort()
            resources.callback(self._unresponsive_port.close)
            key_files = ArcKeyFiles(fallback_folder=self._folder)
            resources.callback(key_files.close)
            self._key_files = key_files
            self._server = BackgroundServer(self._host, self._port)
            resources.callback(self._server.stop)
            self._router = CurrentRouter(build_router(self._state, key_files, self._public_host))
            self._server.start(self._router, server_tls_context(self._tls_issuer))
            self._base = dict(os.environ)
            self._switches = 0
            self._env = self._environment(self._folder)
            self._resources = resources.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._resources.close()

    @property
    def env(self) -> dict[str, str]:
        """All environment variables of a process that starts in this scenario now."""
        return self._env | host_environment(self._state, self._url)

    @property
    def variables(self) -> dict[str, str]:
        """The variables of `env` that the scenario sets; the others are those of this process."""
        base = without_azure_variables(self._base)
        return {name: value for name, value in sorted(self.env.items()) if base.get(name) != value}

    @property
    def scenario(self) -> Scenario:
        """The scenario that is running now, with the seed."""
        return self._state.scenario

    @contextmanager
    def active(self, environ: MutableMapping[str, str] | None = None) -> Iterator[Self]:
        """Run the code of the `with` block in the scenario: set and remove variables, and restore them afterwards.

        `environ` is by default `os.environ`, which all threads of this process share. Clients that were created
        before, and programs that read variables when they start, are not affected.
        """
        activation = Activation(os.environ if environ is None else environ)
        self._activations.append(activation)
        try:
            activation.apply(self.variables)
            yield self
        finally:
            self._activations.remove(activation)
            activation.restore()

    def reset(self) -> None:
        """Undo all changes to vaults, roles, sign-ins, faults and the log of requests since the scenario started.

        The port, the CA certificate and the credentials in `env` stay the same, so that running clients can go on.
        Files in the scenario's home folder stay, too.
        """
        self._state = self._state.restarted(self._initial_faults())
        self._developer_session = CliSession(identity=DEVELOPER, mfa=True)
        self._router.router = build_router(self._state, self._key_files, self._public_host)
        self._reactivate()

    def switch(self, scenario: str | Scenario) -> None:
        """Run another scenario, with the same seed and options, on the same port and with the same CA certificate.

        `env` changes: processes have to be started again. Raises UnknownScenarioError.
        """
        issuer = self._tls_issuer
        self._set_scenario(scenario)
        self._switches += 1
        folder = self._folder / f"scenario-{self._switches}"
        folder.mkdir()
        self._router.router = build_router(self._state, self._key_files, self._public_host)
        if issuer is not self._tls_issuer:
            self._server.close_connections(server_tls_context(self._tls_issuer))
        self._env = self._environment(folder)
        self._reactivate()

    def vault(self, name: str | None = None) -> VaultSecrets:
        """The secrets of a vault, by default the scenario's, as a mapping from name to value.

            azure.vault("contoso")["db-password"] = "x"

        Raises LookupError when the vault does not exist.
        """
        name = administration.find_vault(self._state, name).vault.name
        return VaultSecrets(lambda: self._state, name)

    def inject_fault(self, service: str, injection: FaultInjection) -> None:
        """Replace the faults of a service from now on. `FaultInjection()` removes them."""
        self._state.faults[service] = injection

    def grant(self, principal: Identity | str, role: str = SECRETS_USER_ROLE.name, *, vault: str | None = None) -> None:
        """Assign a built-in role on a vault, by default the scenario's, from now on.

        `principal` is an identity, its name, or an object ID. Raises LookupError when one of them does not exist.
        """
        administration.grant(self._state, principal, role, vault)

    def revoke(self, principal: Identity | str, role: str | None = None, *, vault: str | None = None) -> None:
        """Remove the principal's assignments of a role, by default of every role, on a vault. Raises LookupError."""
        administration.revoke(self._state, principal, role, vault)

    def set_network(self, network: NetworkAccess | str, *, vault: str | None = None) -> None:
        """Change the network access of a vault, by default the scenario's, from now on.

        `public`, `firewall` (selected networks, without this machine) or `private` (private endpoints only). Raises
        LookupError when the vault or the network access does not exist.
        """
        administration.set_network(self._state, network, vault)

    def run_az(self, line: str) -> CommandResult:
        """Run a command line, `az ...`, with the emulated Azure CLI. It is parsed and never given to a shell.

        On a machine with Azure CLI the scenario's own account is used, elsewhere the developer's on another machine.
        Raises ValueError when it is not an az command.
        """
        # Imported here: many scenarios need no command of Azure CLI.
        from localazure.services.azure_cli.commands import run_line
        from localazure.services.azure_cli.context import Context

        if self.scenario.host is Host.LAPTOP and not (self.scenario.azure_cli or self.scenario.client_credential):
            return CommandResult(stderr="az: command not found\n", exit_code=127)
        session = self._state.cli_session if self.scenario.azure_cli else self._developer_session
        context = Context(self._state, session, self._router.router)
        return self._server.run(run_line(context, line))

    @property
    def secret_value(self) -> str:
        """The generated value of the scenario's secret; different each time a scenario is started."""
        return self._state.secret_value

    @property
    def status_url(self) -> str:
        """The URL of the status page: the scenario and its last requests."""
        return f"{self._url}{STATUS_PATH}"

    @property
    def requests(self) -> tuple[ReceivedRequest, ...]:
        """The requests received so far, oldest first."""
        return tuple(self._state.request_log.requests)

    @property
    def tokens(self) -> tuple[AccessToken, ...]:
        """The tokens issued so far, oldest first."""
        return tuple(self._state.request_log.tokens)

    @property
    def _public_host(self) -> str:
        return LOOPBACK if self._host == ANY_ADDRESS else self._host

    @property
    def _url(self) -> str:
        return f"http://{self._public_host}:{self._server.port}"

    def _set_scenario(self, scenario: str | Scenario) -> None:
        definition = find_scenario(scenario) if isinstance(scenario, str) else scenario
        if self._seed is not None:
            definition = apply_seed(definition, self._seed)
        self._state = EmulatorState(
            scenario=definition,
            faults=self._initial_faults(definition),
            clock_ahead_s=definition.clock_ahead_s + self._clock_ahead_s,
            token_life_s=self._token_life_s,
        )
        self._developer_session = CliSession(identity=DEVELOPER, mfa=True)
        intercepted = self._intercepted or definition.intercepted
        self._tls_issuer = untrusted_authority() if intercepted else certificate_authority()

    def _initial_faults(self, definition: Scenario | None = None) -> dict[str, FaultInjection]:
        return _with_latency({**(definition or self.scenario).faults, **self._faults}, self._vault_latency_s)

    def _reactivate(self) -> None:
        for activation in self._activations:
            activation.apply(self.variables)

    def _environment(self, folder: Path) -> dict[str, str]:
        certificate = self._folder / "ca.pem"
        certificate_authority().cert_pem.write_to_path(certificate)
        env = process_environment(
            self._state,
            self._base,
            url=self._url,
            unresponsive_port=self._unresponsive_port.port,
            folder=folder,
            certificate=certificate,
            commands=self._install_az(folder),
        )
        return {**env, STATUS_VARIABLE: self.status_url}

    def _install_az(self, folder: Path) -> Path | None:
        if self.scenario.azure_cli is None:
            return None
        return install_az(
            folder,
            host=self._public_host,
            port=self._server.port,
            key=self._state.cli_key,
            latency_s=self._az_latency_s or self.scenario.azure_cli.latency_s,
        )


def _with_latency(faults: Mapping[str, FaultInjection], vault_latency_s: float) -> dict[str, FaultInjection]:
    delayed = combine(faults.get("keyvault", FaultInjection()), FaultInjection(latency_s=vault_latency_s))
    return {**faults, "keyvault": delayed}
