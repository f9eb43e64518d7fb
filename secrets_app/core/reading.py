"""The result of reading a secret: frozen values, stdlib only, without the token and the secret value."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from itertools import zip_longest
from typing import Any
from uuid import uuid4

UNEXPECTED = "unexpected"
"""Cause key of an error that no known cause matches."""

SCHEMA_VERSION = 1
"""Version of the JSON documents: increased when a key is removed, renamed or changed in meaning; new keys keep it."""


class Certainty(StrEnum):
    """How sure the cause of an error is. The figures are measured: docs/figures.md."""

    SURE = "sure"  # a code or a sentence of one cause only: right in at least 98 %
    LIKELY = "likely"  # a rule over what the text tells: right in at least 85 %
    GUESS = "guess"  # similar to a known error


class PrincipalType(StrEnum):
    USER = "User"
    APP = "App"


class PrincipalKind(StrEnum):
    """The kind of principal a token identifies."""

    USER = "user"
    SERVICE_PRINCIPAL = "service_principal"
    SYSTEM_ASSIGNED_MANAGED_IDENTITY = "system_assigned_managed_identity"
    USER_ASSIGNED_MANAGED_IDENTITY = "user_assigned_managed_identity"
    WORKLOAD_IDENTITY = "workload_identity"
    MANAGED_IDENTITY = "managed_identity"


class Outcome(StrEnum):
    """The outcome of one credential in the chain."""

    TOKEN = "token"  # noqa: S105 - an outcome, not a token
    UNAVAILABLE = "unavailable"
    FAILED = "failed"
    NOT_REACHED = "not_reached"
    RUNNING = "running"


class Stage(StrEnum):
    """The step at which a reading failed."""

    CONFIGURATION = "configuration"
    TOKEN = "token"  # noqa: S105
    VAULT = "vault"
    NETWORK = "network"
    DEADLINE = "deadline"


class Platform(StrEnum):
    """The hosting platform, detected from the environment."""

    APP_SERVICE = "app_service"
    FUNCTIONS = "functions"
    CONTAINER_APPS = "container_apps"
    KUBERNETES = "kubernetes"
    ARC = "arc"
    CLOUD_SHELL = "cloud_shell"
    MACHINE_LEARNING = "machine_learning"
    SERVICE_FABRIC = "service_fabric"
    VIRTUAL_MACHINE = "virtual_machine"
    UNKNOWN = "unknown"  # a laptop, a build agent or another cloud: no Azure platform detected


@dataclass(frozen=True, kw_only=True)
class HostEnvironment:
    """The host this program runs on; it decides which fix applies."""

    platform: Platform = Platform.UNKNOWN
    system: str = "Linux"
    """`platform.system()`: Linux, Darwin or Windows."""
    in_container: bool = False
    resource_name: str | None = None
    """Azure name of the web app, function app or container app, where the platform provides it."""
    resource_group: str | None = None
    subscription_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Principal:
    """The principal of a token, from its claims. The token itself is not stored."""

    type: PrincipalType | None = None
    """None when the token is opaque."""
    kind: PrincipalKind | None = None
    name: str | None = None
    app_id: str | None = None
    object_id: str | None = None
    tenant_id: str | None = None
    user_principal_name: str | None = None
    managed_identity_resource_id: str | None = None
    certificate_thumbprint: str | None = None
    credential: str | None = None
    """The azure-identity class that obtained the token."""
    token_issued_at: datetime | None = None
    token_expires_at: datetime | None = None
    claims: dict[str, Any] = field(default_factory=dict)

    @property
    def _legacy_user_principal_name(self) -> str | None:
        """`upn`, else `email`, as the old library read them; for a guest, `unique_name` begins with `live.com#`."""
        claims = (self.claims.get(name) for name in ("upn", "email"))
        return next((value for value in claims if isinstance(value, str) and value), self.user_principal_name)

    @property
    def legacy(self) -> str:
        """The exact `PrincipalUsed` string of Microsoft.Azure.Services.AppAuthentication.

        Fields and order as in its Principal.cs, which sets AppId for apps only.
        """
        parts = {
            "IsAuthenticated": "True",
            "Type": self.type,
            "AppId": self.app_id if self.type is PrincipalType.APP else None,
            "TenantId": self.tenant_id,
            "UserPrincipalName": self._legacy_user_principal_name,
            "CertificateThumbprint": self.certificate_thumbprint,
        }
        return " ".join(f"{name}:{value}" for name, value in parts.items() if value)


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One credential's attempt to get a token."""

    credential: str
    outcome: Outcome
    elapsed_s: float | None = None
    message: str | None = None
    reads_certificate: bool = False
    """Requested a token for another credential, which uses it to read its certificate from a vault."""


@dataclass(frozen=True, kw_only=True)
class Secret:
    """A secret's properties, without its value."""

    name: str
    version: str | None
    content_type: str | None
    enabled: bool | None
    created_on: datetime | None
    updated_on: datetime | None
    not_before: datetime | None
    expires_on: datetime | None
    length: int
    """Length of the value in characters."""
    fingerprint: str
    """Differs between values, but does not reveal the value."""


@dataclass(frozen=True, kw_only=True)
class TokenVaultToken:
    """Properties of a token stored in the retired Token Vault, without the token."""

    display_name: str | None = None
    state: str | None = None
    """`Ok`, or why there is no token: `Unauthenticated` until a user signs in."""
    created: bool = False
    """This reading created it."""
    length: int | None = None
    """Length of the token in characters; None where it was not returned."""
    fingerprint: str | None = None
    expires_in_s: int | None = None


@dataclass(frozen=True, kw_only=True)
class VaultSaw:
    """The caller, as named in the vault's response."""

    app_id: str | None = None
    object_id: str | None = None
    issuer: str | None = None
    client_address: str | None = None


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Why the secret was not read: the raw evidence, before diagnosis."""

    stage: Stage
    message: str
    status: int | None = None
    """HTTP status, where a response was received."""
    code: str | None = None
    """The most specific error code: an inner code such as ForbiddenByRbac, otherwise the outer one."""
    exception: str | None = None
    """Fully qualified class name of the exception."""
    deleted_on: datetime | None = None
    """When the secret was soft-deleted; it can still be recovered."""
    retry_after_s: float | None = None
    """Seconds to wait before a retry, from the service's response."""
    waiting_for: str | None = None
    """At the deadline: what was still pending, as a phrase."""


@dataclass(frozen=True, kw_only=True)
class RequestedIdentity:
    """The identity named in the settings."""

    kind: str
    """`client_id`, `object_id` or `resource_id`."""
    value: str


@dataclass(frozen=True, kw_only=True)
class Mismatch:
    """One property of the principal that differs from the expected one."""

    what: str
    """Display name of the property: `object ID`."""
    expected: str
    found: str | None
    """None when the token does not contain it."""


@dataclass(frozen=True, kw_only=True)
class ShellCommands:
    """The same commands, quoted for each shell."""

    bash: tuple[str, ...] = ()
    powershell: tuple[str, ...] = ()
    cmd: tuple[str, ...] = ()


class RunsOn(StrEnum):
    """Where the commands of a hint have to run."""

    ANY_MACHINE = "any_machine"
    THIS_MACHINE = "this_machine"
    BOTH = "both"
    """Some commands manage Azure, the others change or inspect the machine of the program."""


@dataclass(frozen=True, kw_only=True)
class PortalPage:
    """A page of the Azure portal."""

    url: str
    path: str
    """What to open there: `Key vault contoso > Access control (IAM)`."""


@dataclass(frozen=True, kw_only=True)
class Hint:
    """One cause with its fix, filled in for this reading."""

    cause: str
    title: str
    why: str
    fix: str
    otherwise: tuple[str, ...] = ()
    """What to do where `fix` does not apply: a sentence for each other reason of the same error, likely ones first."""
    commands: tuple[str, ...] = ()
    """For a shell of the machine that the site runs on."""
    shells: ShellCommands = ShellCommands()
    """The commands for each shell, where the person who runs them may use another machine."""
    needs: str | None = None
    """The role or right that is required to run the commands; None where none is."""
    command_needs: tuple[str, ...] = ()
    """For each of `commands`: the role or right that it requires; empty where any account may run it."""
    runs_on: RunsOn | None = None
    """Where the commands have to run; None without commands."""
    portal: PortalPage | None = None
    """The page of the Azure portal on which the same can be done."""
    links: tuple[str, ...] = ()
    certainty: Certainty | None = None
    """How sure the cause is; None if the cause is unexpected or was chosen by the reader."""

    @property
    def steps(self) -> tuple[tuple[str, str], ...]:
        """The commands, each with the role or right that it requires."""
        return tuple(zip_longest(self.commands, self.command_needs, fillvalue=""))


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One attempt to read a secret: principal, credential chain and result."""

    vault_url: str | None = None
    secret_name: str | None = None
    secret_version: str | None = None
    scope: str | None = None
    """Scope of a token check; vault and secret are then None."""
    started_at: datetime
    elapsed_s: float
    token_elapsed_s: float | None = None
    """Seconds of the token request, with all credentials that were tried; None if this reading requested none."""
    vault_elapsed_s: float | None = None
    """Seconds of the requests to the vault, without the token request between them; None if it was not called."""
    age_s: float | None = None
    """Seconds since it ended, where a refresh was requested too soon and this earlier reading is returned."""
    secret: Secret | None = None
    kept_token_url: str | None = None
    """URL of the Token Vault token that was requested instead of a secret; empty where none is configured."""
    kept_token: TokenVaultToken | None = None
    principal: Principal | None = None
    vault_tenant_id: str | None = None
    """The vault's tenant ID, from its authentication challenge: known before any token is requested."""
    vault_saw: VaultSaw | None = None
    chosen_by: str | None = None
    """A sentence on the setting that selects or excludes credentials; None where all are tried."""
    chosen_setting: str | None = None
    """The name of that setting or argument."""
    identity_asked: RequestedIdentity | None = None
    attempts: tuple[Attempt, ...] = ()
    token_reused: bool = False
    """The token is cached from an earlier reading; the attempts are those of that reading."""
    failure: Failure | None = None
    mismatches: tuple[Mismatch, ...] = ()
    """Differences from the expected principal."""
    place: HostEnvironment = field(default_factory=HostEnvironment)
    id: str = field(default_factory=lambda: uuid4().hex, compare=False)
    """Key for what is derived from this reading; not public."""

    @property
    def ok(self) -> bool:
        """The secret (or the token) was returned, to the expected principal."""
        return self.succeeded and not self.mismatches

    @property
    def succeeded(self) -> bool:
        """The secret (or the token) was returned, whichever principal was used."""
        if self.kept_token_url is not None:
            return self.failure is None and self.kept_token is not None and self.kept_token.length is not None
        result = self.principal if self.scope else self.secret
        return result is not None and self.failure is None


class ChangeKind(StrEnum):
    """What differs between two readings of a secret."""

    OUTCOME = "outcome"
    CAUSE = "cause"
    PRINCIPAL = "principal"
    TENANT = "tenant"
    CREDENTIAL = "credential"
    VERSION = "version"
    FINGERPRINT = "fingerprint"
    ADDRESS = "address"
    CLOCK = "clock"
    """The later reading has the earlier time."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """One difference between two readings of a secret."""

    kind: ChangeKind
    before: str
    after: str
    sentence: str


@dataclass(frozen=True, kw_only=True)
class LastReadable:
    """When a secret that cannot be read now was last read, from the history."""

    at: datetime
    principal: str | None = None
    """As which principal: `kvsite-demo (system-assigned managed identity)`."""
    failing_since: datetime | None = None
    """The first failure after that, if one was recorded."""
    same_principal: bool = False
    """The principal is known, then and now, and is the same."""
    same_address: bool = False
    """The vault saw the same client address then and now."""
    changes: tuple[Change, ...] = ()
    """What has changed since then, except the outcome."""


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """What a reading means: the cause of each failed attempt, and how to fix it, the main cause first."""

    find_causes: Callable[[], tuple[str | None, ...]] = field(default=tuple, repr=False, compare=False)
    """Returns `causes`. They are found on first use: after a success, few callers need them."""
    hints: tuple[Hint, ...] = ()
    main_cause: str | None = None
    """Key of the most likely cause; None on success."""
    last_readable: LastReadable | None = None
    """When the secret was last read; None on success, or without a history."""

    @cached_property
    def causes(self) -> tuple[str | None, ...]:
        """Cause key of each of the reading's attempts, in their order; None where an attempt did not fail."""
        return self.find_causes()


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
        expectations: dict[str, tuple[str | None, tuple[str | None, ...]]] = {
            "type": (self.type, (principal.type,)),
            "application (client) ID": (self.app_id, (principal.app_id,)),
            "object ID": (self.object_id, (principal.object_id,)),
            "tenant ID": (self.tenant_id, (principal.tenant_id,)),
            "name": (self.name, names),
        }
        for what, (expected, actual) in expectations.items():
            values = [value for value in actual if value]
            if expected and expected.casefold() not in map(str.casefold, values):
                yield Mismatch(what=what, expected=str(expected), found=str(values[0]) if values else None)
