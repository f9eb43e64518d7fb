"""LocalAzure: starts a scenario and provides the environment of its processes."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

from localazure.crypto.tls import certificate_authority, server_tls_context, untrusted_authority
from localazure.crypto.tokens import AccessToken
from localazure.process_environment.az_script import install_az
from localazure.process_environment.variables import host_environment, process_environment
from localazure.scenario_folder import create_folder, remove_folder
from localazure.scenarios import DEFAULT_SCENARIO, Host, Scenario, find_scenario
from localazure.scenarios.directory import DEVELOPER, Identity, User
from localazure.scenarios.faults import FaultInjection, combine
from localazure.scenarios.roles import SECRETS_USER_ROLE, find_role
from localazure.server.background_server import BackgroundServer
from localazure.server.routes import build_router
from localazure.server.status_page import PATH as STATUS_PATH
from localazure.server.unresponsive_port import UnresponsivePort
from localazure.services.azure_cli.commands import run_line
from localazure.services.azure_cli.context import Context
from localazure.services.azure_cli.result import CommandResult
from localazure.services.managed_identity.arc_key_files import ArcKeyFiles
from localazure.state.cli_session import CliSession
from localazure.state.emulator_state import EmulatorState
from localazure.state.request_log import ReceivedRequest


class LocalAzure:
    """A running scenario, as a context manager.

        with LocalAzure("no-role") as azure:
            subprocess.run(["python", "program.py"], env=azure.env)

    `scenario` is a name or a Scenario. `vault_latency_s` and `az_latency_s` delay responses. `faults` maps service
    names to faults. These and `clock_ahead_s` and `intercepted` are added to what the scenario itself defines.
    `token_life_s` replaces the lifetime of Entra's tokens. Raises UnknownScenarioError.
    """

    def __init__(
        self,
        scenario: str | Scenario = DEFAULT_SCENARIO,
        *,
        vault_latency_s: float = 0.0,
        az_latency_s: float = 0.0,
        faults: Mapping[str, FaultInjection] = MappingProxyType({}),
        clock_ahead_s: int = 0,
        token_life_s: int | None = None,
        intercepted: bool = False,
    ) -> None:
        definition = find_scenario(scenario) if isinstance(scenario, str) else scenario
        self._state = EmulatorState(
            scenario=definition,
            faults=_with_latency({**definition.faults, **faults}, vault_latency_s),
            clock_ahead_s=definition.clock_ahead_s + clock_ahead_s,
            token_life_s=token_life_s,
        )
        self._az_latency_s = az_latency_s
        self._developer_session = CliSession(identity=DEVELOPER, mfa=True)
        self._tls_issuer = untrusted_authority() if intercepted or definition.intercepted else certificate_authority()

    def __enter__(self) -> Self:
        with ExitStack() as resources:
            self._folder = create_folder()
            resources.callback(remove_folder, self._folder)
            self._unresponsive_port = UnresponsivePort()
            resources.callback(self._unresponsive_port.close)
            key_files = ArcKeyFiles(fallback_folder=self._folder)
            resources.callback(key_files.close)
            self._server = BackgroundServer()
            resources.callback(self._server.stop)
            self._router = build_router(self._state, key_files)
            self._server.start(self._router, server_tls_context(self._tls_issuer))
            self._env = self._environment()
            self._resources = resources.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._resources.close()

    @property
    def env(self) -> dict[str, str]:
        """All environment variables of a process that starts in this scenario now."""
        return self._env | host_environment(self._state, self._server.port)

    @property
    def scenario(self) -> Scenario:
        return self._state.scenario

    def inject_fault(self, service: str, injection: FaultInjection) -> None:
        """Replace the faults of a service from now on. `FaultInjection()` removes them."""
        self._state.faults[service] = injection

    def grant(self, principal: Identity | str, role: str = SECRETS_USER_ROLE.name, *, vault: str | None = None) -> None:
        """Assign a built-in role on a vault, by default the scenario's, from now on.

        `principal` is an identity or an object ID. Raises LookupError when the role or the vault does not exist.
        """
        object_id = principal if isinstance(principal, str) else principal.object_id
        scope = self._vault_scope(vault)
        known = self._state.directory.find_principal(object_id)
        kind = "User" if isinstance(known, User) else "ServicePrincipal"
        self._state.roles.add_initial(find_role(role), object_id, kind, scope, self._state.now_s())

    def revoke(self, principal: Identity | str, role: str | None = None, *, vault: str | None = None) -> None:
        """Remove the principal's assignments of a role, by default of every role, on a vault."""
        object_id = principal if isinstance(principal, str) else principal.object_id
        scope, removed = self._vault_scope(vault), find_role(role) if role else None
        for assignment in self._state.roles.of_principal(object_id):
            if assignment.scope == scope and removed in (None, assignment.role):
                self._state.roles.remove(assignment.name)

    def run_az(self, line: str) -> CommandResult:
        """Run a command line, `az ...`, with the emulated Azure CLI. It is parsed and never given to a shell.

        On a machine with Azure CLI the scenario's own account is used, elsewhere the developer's on another machine.
        Raises ValueError when it is not an az command.
        """
        if self.scenario.host is Host.LAPTOP and not (self.scenario.azure_cli or self.scenario.client_credential):
            return CommandResult(stderr="az: command not found\n", exit_code=127)
        session = self._state.cli_session if self.scenario.azure_cli else self._developer_session
        context = Context(self._state, session, self._router)
        return self._server.run(run_line(context, line))

    def _vault_scope(self, name: str | None) -> str:
        name = (name or self.scenario.vault.name).lower()
        if name not in self._state.vaults:
            raise LookupError(f"Vault {name!r} does not exist. Vaults: {', '.join(self._state.vaults)}.")
        return self._state.vaults[name].vault.scope

    @property
    def secret_value(self) -> str:
        """The generated value of the scenario's secret; different each time a scenario is started."""
        return self._state.secret_value

    @property
    def status_url(self) -> str:
        """The URL of the status page: the scenario and its last requests."""
        return f"http://127.0.0.1:{self._server.port}{STATUS_PATH}"

    @property
    def requests(self) -> tuple[ReceivedRequest, ...]:
        """The requests received so far, oldest first."""
        return tuple(self._state.request_log.requests)

    @property
    def tokens(self) -> tuple[AccessToken, ...]:
        """The tokens issued so far, oldest first."""
        return tuple(self._state.request_log.tokens)

    def _environment(self) -> dict[str, str]:
        certificate = self._folder / "ca.pem"
        certificate_authority().cert_pem.write_to_path(certificate)
        return process_environment(
            self._state,
            port=self._server.port,
            unresponsive_port=self._unresponsive_port.port,
            folder=self._folder,
            certificate=certificate,
            commands=self._install_az(),
        )

    def _install_az(self) -> Path | None:
        if self.scenario.azure_cli is None:
            return None
        return install_az(
            self._folder,
            port=self._server.port,
            key=self._state.cli_key,
            latency_s=self._az_latency_s or self.scenario.azure_cli.latency_s,
        )


def _with_latency(faults: Mapping[str, FaultInjection], vault_latency_s: float) -> dict[str, FaultInjection]:
    delayed = combine(faults.get("keyvault", FaultInjection()), FaultInjection(latency_s=vault_latency_s))
    return {**faults, "keyvault": delayed}
