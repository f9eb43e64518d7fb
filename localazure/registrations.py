"""What Entra accepts as proof of an application or a managed identity that signs in by itself."""

from dataclasses import dataclass

from localazure.directory import Application, ManagedIdentity

TOKEN_EXCHANGE = "api://AzureADTokenExchange"  # noqa: S105 - an audience
"""The audience a federated token must have, unless a federated credential names another."""


@dataclass(frozen=True, kw_only=True)
class FederatedCredential:
    """Whose tokens of another issuer are taken as proof; compared byte for byte.

    https://learn.microsoft.com/entra/workload-id/workload-identity-federation
    """

    issuer: str
    subject: str
    audience: str = TOKEN_EXCHANGE


@dataclass(frozen=True, kw_only=True)
class Registration:
    """One who can sign in; client secret and certificate are made when the world starts."""

    identity: Application | ManagedIdentity
    secret_expired: bool = False
    federated: tuple[FederatedCredential, ...] = ()
