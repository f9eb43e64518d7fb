"""What a world is made of: where the program runs, who it is, what is wrong."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from localazure.directory import PRODUCTION, Application, ManagedIdentity, Subscription, User
from localazure.registrations import Registration
from localazure.trouble import Trouble
from localazure.vaults import Vault

SLOW_S = 5.0
"""A tool that takes longer than this keeps its caller waiting."""


class Host(StrEnum):
    """Where the program runs: it decides which token service answers and which variables are set."""

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
    """What it needs before it says anything."""


class Proof(StrEnum):
    """What the program's environment offers Entra as proof of who it is."""

    SECRET = "client secret"  # noqa: S105 - a kind of proof, no secret
    WRONG_SECRET = "the id of a client secret in place of its value"  # noqa: S105 - the same
    CERTIFICATE = "client certificate"
    FEDERATED_TOKEN = "federated token"  # noqa: S105 - the same


@dataclass(frozen=True, kw_only=True)
class SignIn:
    """A program that signs in to Entra by variables of its environment."""

    identity: Application | ManagedIdentity
    proof: Proof
    subject: str = ""
    """Whom a federated token speaks for."""


@dataclass(frozen=True, kw_only=True)
class Scenario:
    name: str
    sentence: str
    """What a person would see in real Azure."""
    cause: str | None = None
    """The key of the cause a diagnosis should name, None when nothing is wrong."""
    host: Host = Host.APP_SERVICE
    subscription: Subscription = PRODUCTION
    """Where the program lives; its tenant issues the tokens."""
    identities: tuple[ManagedIdentity, ...] = ()
    """The managed identities assigned to the host."""
    registrations: tuple[Registration, ...] = ()
    """Whom Entra signs in by a proof of their own."""
    sign_in: SignIn | None = None
    azure_cli: AzureCli | None = None
    users_need_mfa: bool = False
    vault: Vault
    more_vaults: tuple[Vault, ...] = ()
    vault_exists: bool = True
    secret_name: str = "demo"  # noqa: S105 - a name
    settings: Mapping[str, str] = field(default_factory=dict)
    """Variables somebody set on purpose in this world."""
    troubles: Mapping[str, Trouble] = field(default_factory=dict)
    """By the name of the service."""
    clock_ahead_s: int = 0
    """How far Azure's clock is ahead of this machine's."""
    intercepted: bool = False
    """Whether somebody in between shows a certificate of an authority nobody knows."""
    token_vault: bool = False
    """Whether the retired Token Vault still answers."""

    @property
    def vaults(self) -> tuple[Vault, ...]:
        """The vaults that exist."""
        return (self.vault, *self.more_vaults) if self.vault_exists else self.more_vaults

    @property
    def keeps_waiting(self) -> bool:
        """Whether a reader here learns of the trouble only when its own patience ends."""
        slow_tool = self.azure_cli is not None and self.azure_cli.latency_s > SLOW_S
        return slow_tool or any(trouble.keeps_waiting for trouble in self.troubles.values())
