"""The definition of a scenario: where the program runs, which identity it has, and what fails."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from localazure.scenarios.directory import PRODUCTION, Application, ManagedIdentity, Subscription, User
from localazure.scenarios.faults import FaultInjection
from localazure.scenarios.registrations import Registration
from localazure.scenarios.roles import Role
from localazure.scenarios.vaults import Vault

SLOW_TOOL_S = 5.0
"""Callers time out when a tool takes longer than this."""


class Host(StrEnum):
    """Where the program runs. Determines the managed identity endpoint and the environment variables."""

    APP_SERVICE = "App Service"
    VIRTUAL_MACHINE = "virtual machine"
    LAPTOP = "laptop"
    KUBERNETES = "Kubernetes"
    ARC = "Azure Arc"
    CLOUD_SHELL = "Cloud Shell"
    MACHINE_LEARNING = "Azure Machine Learning"
    SERVICE_FABRIC = "Service Fabric"
    PIPELINES = "Azure Pipelines"


@dataclass(frozen=True, kw_only=True)
class AzureCli:
    """An Azure CLI on PATH."""

    signed_in: User | Application | None = None
    latency_s: float = 0.0
    """Delay before it prints its output."""


class ClientCredentialKind(StrEnum):
    """The kind of credential in the program's environment."""

    SECRET = "client secret"  # noqa: S105 - a kind, not a secret
    WRONG_SECRET = "client secret ID instead of its value"  # noqa: S105 - a kind, not a secret
    CERTIFICATE = "client certificate"
    FEDERATED_TOKEN = "federated token"  # noqa: S105 - a kind, not a secret


@dataclass(frozen=True, kw_only=True)
class ClientCredential:
    """A credential that the program gets through environment variables."""

    identity: Application | ManagedIdentity
    kind: ClientCredentialKind
    subject: str = ""
    """The subject of a federated token."""


@dataclass(frozen=True, kw_only=True)
class Scenario:
    name: str
    sentence: str
    """One sentence: what happens in this scenario, as in Azure."""
    cause: str | None = None
    """The key of the cause that a diagnosis should report; None when nothing fails."""
    host: Host = Host.APP_SERVICE
    subscription: Subscription = PRODUCTION
    """The program's subscription; its tenant issues the tokens."""
    identities: tuple[ManagedIdentity, ...] = ()
    """The managed identities assigned to the host."""
    registrations: tuple[Registration, ...] = ()
    """The applications and managed identities that can sign in with their own credential."""
    client_credential: ClientCredential | None = None
    azure_cli: AzureCli | None = None
    users_need_mfa: bool = False
    vault: Vault
    more_vaults: tuple[Vault, ...] = ()
    assignments: tuple[tuple[str, Role, str], ...] = ()
    """Object ID, role and scope of role assignments that are not those of a vault."""
    vault_exists: bool = True
    secret_name: str = "demo"  # noqa: S105 - a name
    settings: Mapping[str, str] = field(default_factory=dict)
    """Additional environment variables."""
    faults: Mapping[str, FaultInjection] = field(default_factory=dict)
    """Faults by service name."""
    clock_ahead_s: int = 0
    """How far Azure's clock is ahead of this machine's clock."""
    intercepted: bool = False
    """Whether TLS is intercepted with a certificate from an untrusted certificate authority."""
    token_vault: bool = False
    """Whether the retired Token Vault service is available."""

    @property
    def vaults(self) -> tuple[Vault, ...]:
        """The vaults that exist."""
        return (self.vault, *self.more_vaults) if self.vault_exists else self.more_vaults

    @property
    def initial_assignments(self) -> tuple[tuple[str, Role, str], ...]:
        """Object ID, role and scope of the role assignments that are not in `Vault.grants`."""
        of_vaults = ((object_id, role, vault.scope) for vault in self.vaults for object_id, role in vault.roles)
        return (*self.assignments, *of_vaults)

    @property
    def times_out(self) -> bool:
        """Whether a client only sees its own timeout in this scenario."""
        slow_tool = self.azure_cli is not None and self.azure_cli.latency_s > SLOW_TOOL_S
        return slow_tool or any(injection.times_out for injection in self.faults.values())
