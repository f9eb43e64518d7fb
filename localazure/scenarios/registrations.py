"""The credentials that Entra accepts for an application or a user-assigned managed identity."""

from dataclasses import dataclass, field

from localazure.scenarios.directory import Application, ManagedIdentity

TOKEN_EXCHANGE_AUDIENCE = "api://AzureADTokenExchange"  # noqa: S105 - an audience
"""Default audience of a federated token."""


@dataclass(frozen=True, kw_only=True)
class FederatedCredential:
    """A trusted token from another issuer. Issuer, subject and audience are compared case-sensitively.

    https://learn.microsoft.com/entra/workload-id/workload-identity-federation
    """

    issuer: str
    subject: str
    audience: str = TOKEN_EXCHANGE_AUDIENCE
    name: str = "kvsite"


@dataclass(frozen=True, kw_only=True)
class Registration:
    """An identity that can sign in. Its certificate is generated when the scenario starts, its secret by default."""

    identity: Application | ManagedIdentity
    secret: str | None = field(default=None, repr=False)
    """The client secret."""
    secret_expired: bool = False
    graph_permissions: tuple[str, ...] = ()
    """Application permissions of Microsoft Graph that an administrator has consented to."""
    federated_credentials: tuple[FederatedCredential, ...] = ()
