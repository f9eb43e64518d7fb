"""The vocabulary: what one reading of a secret tells. Frozen values, stdlib only, no token and no secret value."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

UNEXPECTED = "unexpected"
"""The cause of what no cause explains."""


class PrincipalType(StrEnum):
    USER = "User"
    APP = "App"


class PrincipalKind(StrEnum):
    """What kind of principal a token speaks for."""

    USER = "user"
    SERVICE_PRINCIPAL = "service_principal"
    SYSTEM_ASSIGNED_MANAGED_IDENTITY = "system_assigned_managed_identity"
    USER_ASSIGNED_MANAGED_IDENTITY = "user_assigned_managed_identity"
    WORKLOAD_IDENTITY = "workload_identity"
    MANAGED_IDENTITY = "managed_identity"


class Outcome(StrEnum):
    """How one member of the credential chain ended."""

    TOKEN = "token"  # noqa: S105 - the word, not a token
    UNAVAILABLE = "unavailable"
    FAILED = "failed"
    NOT_REACHED = "not_reached"
    RUNNING = "running"


class Stage(StrEnum):
    """Where a reading stopped."""

    CONFIGURATION = "configuration"
    TOKEN = "token"  # noqa: S105
    VAULT = "vault"
    NETWORK = "network"
    DEADLINE = "deadline"


class Platform(StrEnum):
    """Where this program runs, as far as its environment tells."""

    APP_SERVICE = "app_service"
    FUNCTIONS = "functions"
    CONTAINER_APPS = "container_apps"
    KUBERNETES = "kubernetes"
    ARC = "arc"
    CLOUD_SHELL = "cloud_shell"
    MACHINE_LEARNING = "machine_learning"
    SERVICE_FABRIC = "service_fabric"
    VIRTUAL_MACHINE = "virtual_machine"
    UNKNOWN = "unknown"  # a laptop, a build agent, another cloud: nothing of Azure is seen


@dataclass(frozen=True, kw_only=True)
class HostEnvironment:
    """Where this program runs: it decides which of several remedies is the right one."""

    platform: Platform = Platform.UNKNOWN
    system: str = "Linux"
    """`platform.system()`: Linux, Darwin or Windows."""
    in_container: bool = False
    resource_name: str | None = None
    """The site's, function's or container app's own name in Azure, where the platform tells it."""
    resource_group: str | None = None
    subscription_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Principal:
    """Whom a token speaks for, from its claims. The token itself is not kept."""

    type: PrincipalType | None = None
    """None when the token cannot be read."""
    kind: PrincipalKind | None = None
    name: str | None = None
    app_id: str | None = None
    object_id: str | None = None
    tenant_id: str | None = None
    user_principal_name: str | None = None
    managed_identity_resource_id: str | None = None
    certificate_thumbprint: str | None = None
    credential: str | None = None
    """The azure-identity class that gave the token."""
    token_issued_at: datetime | None = None
    token_expires_at: datetime | None = None
    claims: dict[str, Any] = field(default_factory=dict)

    @property
    def legacy(self) -> str:
        """The line `PrincipalUsed` of Microsoft.Azure.Services.AppAuthentication printed, to the letter.

        Its parts and their order: Principal.cs of that library. It gave an AppId to apps only.
        """
        parts = {
            "IsAuthenticated": "True",
            "Type": self.type,
            "AppId": self.app_id if self.type is PrincipalType.APP else None,
            "TenantId": self.tenant_id,
            "UserPrincipalName": self.user_principal_name,
            "CertificateThumbprint": self.certificate_thumbprint,
        }
        return " ".join(f"{name}:{value}" for name, value in parts.items() if value)


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """What one member of the credential chain did."""

    credential: str
    outcome: Outcome
    elapsed_s: float | None = None
    message: str | None = None
    cause: str | None = None
    """A key of the catalogue of causes; the diagnosis sets it."""
    reads_certificate: bool = False
    """It was asked by another member, that signs in with a certificate kept in a vault: to read that certificate."""


@dataclass(frozen=True, kw_only=True)
class Secret:
    """Everything about a secret but its value."""

    name: str
    version: str | None
    content_type: str | None
    enabled: bool | None
    created_on: datetime | None
    updated_on: datetime | None
    not_before: datetime | None
    expires_on: datetime | None
    length: int
    """Characters of the value."""
    fingerprint: str
    """Tells two values apart and nothing of the value."""


@dataclass(frozen=True, kw_only=True)
class TokenVaultToken:
    """Everything about a token of the retired Token Vault but the token."""

    display_name: str | None = None
    state: str | None = None
    """`Ok`, or why there is none: `Unauthenticated` while nobody has signed in."""
    created: bool = False
    """It was not there before this reading."""
    length: int | None = None
    """Characters of the token; None where it was not handed out."""
    fingerprint: str | None = None
    expires_in_s: int | None = None


@dataclass(frozen=True, kw_only=True)
class VaultSaw:
    """The caller, as the vault's own answer named it."""

    app_id: str | None = None
    object_id: str | None = None
    issuer: str | None = None
    client_address: str | None = None


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Why the secret was not read: the evidence, not yet its meaning."""

    stage: Stage
    message: str
    status: int | None = None
    """HTTP status of the answer, when there was one."""
    code: str | None = None
    """The service's most exact code: an inner code such as ForbiddenByRbac, else the outer one."""
    exception: str | None = None
    """Dotted name of the exception's class."""
    deleted_on: datetime | None = None
    """The secret is not found because it was deleted then, and can still be brought back."""
    retry_after_s: float | None = None
    """Seconds the service asked us to wait."""
    waiting_for: str | None = None
    """At the deadline: what had not answered, in words."""


@dataclass(frozen=True, kw_only=True)
class RequestedIdentity:
    """Which identity the settings name, where they name one."""

    kind: str
    """`client_id`, `object_id` or `resource_id`."""
    value: str


@dataclass(frozen=True, kw_only=True)
class Mismatch:
    """One point in which the principal is not whom the settings expect."""

    what: str
    """In words: `application id`."""
    expected: str
    found: str | None
    """None when the token does not tell."""


@dataclass(frozen=True, kw_only=True)
class Hint:
    """One cause and what to do about it, filled in for this reading."""

    cause: str
    title: str
    why: str
    fix: str
    commands: tuple[str, ...] = ()
    links: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One try to read one secret: who we were, how the chain got there, and what came of it."""

    vault_url: str | None
    secret_name: str | None
    secret_version: str | None = None
    scope: str | None = None
    """What a token was asked for where that was all that was asked; then there is no vault and no secret."""
    started_at: datetime
    elapsed_s: float
    age_s: float | None = None
    """Seconds since it ended, where asking anew came too soon after it."""
    secret: Secret | None = None
    kept_token_url: str | None = None
    """The token of the retired Token Vault that was asked for instead of a secret; empty where no setting names one."""
    kept_token: TokenVaultToken | None = None
    principal: Principal | None = None
    vault_tenant_id: str | None = None
    """The vault's own tenant, from its challenge: known before any token is."""
    vault_saw: VaultSaw | None = None
    chosen_by: str | None = None
    """Which setting chose whom to ask, and whom that leaves out, in words; None where every member is asked."""
    chosen_setting: str | None = None
    """The name alone of that setting or argument."""
    identity_asked: RequestedIdentity | None = None
    attempts: tuple[Attempt, ...] = ()
    token_reused: bool = False
    """The token came from an earlier reading; the attempts tell how it was got then."""
    failure: Failure | None = None
    mismatches: tuple[Mismatch, ...] = ()
    """Where the principal is not whom the settings expect."""
    place: HostEnvironment = field(default_factory=HostEnvironment)
    hints: tuple[Hint, ...] = ()

    @property
    def ok(self) -> bool:
        """What was asked for came, the secret or the token of a token check, and by whom it should come."""
        return self.came and not self.mismatches

    @property
    def came(self) -> bool:
        """What was asked for came, whoever we are."""
        if self.kept_token_url is not None:
            return self.failure is None and self.kept_token is not None and self.kept_token.length is not None
        came = self.principal if self.scope else self.secret
        return came is not None and self.failure is None

    @property
    def main_cause(self) -> str | None:
        """Key of the most likely cause, when the secret was not read."""
        return None if self.ok else self.hints[0].cause if self.hints else UNEXPECTED

    def as_json(self) -> dict[str, Any]:
        """This reading as plain JSON values, `ok` and the principal's `legacy` line included."""
        document = {"ok": self.ok, **asdict(self, dict_factory=_json_object)}
        if self.principal:
            document["principal"]["legacy"] = self.principal.legacy
        return document


def _json_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in pairs}


@dataclass(frozen=True, kw_only=True)
class ExpectedPrincipal:
    """The principal that the settings expect. None means any value."""

    type: PrincipalType | None = None
    app_id: str | None = None
    object_id: str | None = None
    tenant_id: str | None = None
    name: str | None = None
    """Display name or user principal name, ignoring case."""

    def mismatches(self, principal: Principal) -> tuple[Mismatch, ...]:
        """Every value of `principal` that differs from the expected one; a value missing from the token differs."""
        return tuple(self._mismatches(principal))

    def _mismatches(self, principal: Principal) -> Iterator[Mismatch]:
        names = (principal.name, principal.user_principal_name)
        asked: dict[str, tuple[str | None, tuple[str | None, ...]]] = {
            "type": (self.type, (principal.type,)),
            "application (client) ID": (self.app_id, (principal.app_id,)),
            "object ID": (self.object_id, (principal.object_id,)),
            "tenant ID": (self.tenant_id, (principal.tenant_id,)),
            "name": (self.name, names),
        }
        for what, (expected, found) in asked.items():
            told = [value for value in found if value]
            if expected and expected.casefold() not in map(str.casefold, told):
                yield Mismatch(what=what, expected=str(expected), found=str(told[0]) if told else None)
