"""The state of a running scenario, shared by all services."""

import secrets
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cryptography.fernet import Fernet

from localazure.crypto.tokens import AccessToken, ClientAuthentication, issue
from localazure.scenarios.directory import (
    CONTOSO,
    DEVELOPER,
    FABRIKAM,
    PRODUCTION,
    SANDBOX,
    Identity,
    ManagedIdentity,
    Subscription,
    Tenant,
    User,
)
from localazure.scenarios.faults import FaultInjection
from localazure.scenarios.roles import OWNER
from localazure.scenarios.scenario import Scenario
from localazure.state.cli_session import CliSession
from localazure.state.directory_state import DirectoryState
from localazure.state.hosts import HostResource, program_host
from localazure.state.request_log import RequestLog
from localazure.state.role_assignments import RoleAssignments
from localazure.state.secret_store import AGE_S, SecretStore
from localazure.state.sign_in_sessions import SignInSessions
from localazure.state.vault_settings import VaultSettings, initial_settings

REISSUE_BEFORE_EXPIRY_S = 300


@dataclass(frozen=True, kw_only=True)
class EmulatorState:
    scenario: Scenario
    faults: dict[str, FaultInjection] = field(default_factory=dict)
    """Service name -> faults, including those of the scenario. Can change at run time."""
    clock_ahead_s: int = 0
    """How far Azure's clock is ahead of this machine's clock."""
    token_life_s: int | None = None
    """None: the same lifetimes as Entra."""
    secret_value: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    identity_header: str = field(default_factory=lambda: str(uuid.uuid4()).upper())
    """The secret that App Service requires in the request header `X-IDENTITY-HEADER`."""
    cli_key: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    """Authenticates the `az` script of this scenario."""
    job_token: str = field(default_factory=lambda: secrets.token_urlsafe(64))
    """System.AccessToken of the Azure Pipelines job."""
    request_log: RequestLog = field(default_factory=RequestLog)
    sessions: SignInSessions = field(default_factory=SignInSessions)
    cli_session: CliSession = field(default_factory=CliSession)
    """The sign-in of the scenario's `az` command."""
    roles: RoleAssignments = field(default_factory=RoleAssignments)
    vaults: dict[str, VaultSettings] = field(default_factory=dict)
    """Vault name in lower case -> its settings."""
    backup_key: bytes = field(default_factory=Fernet.generate_key, repr=False)
    """Encrypts the backups of secrets."""
    stores: dict[str, SecretStore] = field(default_factory=dict)
    """Vault name -> its secrets."""
    _issued: dict[tuple[Identity, str, ClientAuthentication, Tenant, tuple[str, ...]], AccessToken] = field(
        default_factory=dict
    )
    deployments: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Resource group and name in lower case -> deployment."""
    stored_resources: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Resource ID in lower case -> a resource without effect here."""
    directory: DirectoryState = field(init=False)
    hosts: dict[str, HostResource] = field(default_factory=dict)
    """Resource ID in lower case -> site or virtual machine."""

    def __post_init__(self) -> None:
        created_on = self.now_s() - AGE_S
        if self.scenario.azure_cli is not None:
            self.cli_session.identity = self.scenario.azure_cli.signed_in
        object.__setattr__(self, "directory", DirectoryState(self.scenario, self.now_s()))
        if host := program_host(self.scenario):
            self.hosts[host.scope.lower()] = host
        for vault in (self.scenario.vault, *self.scenario.more_vaults):
            self.stores[vault.name] = SecretStore(vault, value=self.secret_value, now_s=self.now_s())
        for subscription in (PRODUCTION, SANDBOX):
            owner = self.directory.user_in(DEVELOPER, subscription.tenant)
            self.roles.add_initial(OWNER, owner.object_id, "User", subscription.scope, created_on)
        for vault in self.scenario.vaults:
            self.vaults[vault.name.lower()] = initial_settings(vault, created_on)
            for object_id, permissions in {} if vault.access_policies else vault.grants.items():
                kind = "User" if object_id == DEVELOPER.object_id else "ServicePrincipal"
                self.roles.add_initial(self.roles.role_for(permissions), object_id, kind, vault.scope, created_on)
        for object_id, role, scope in self.scenario.initial_assignments:
            kind = "User" if object_id == DEVELOPER.object_id else "ServicePrincipal"
            self.roles.add_initial(role, object_id, kind, scope, created_on)

    def restarted(self, faults: Mapping[str, FaultInjection]) -> "EmulatorState":
        """Return the initial state of the scenario with the same credentials, so that its processes can go on."""
        state = EmulatorState(
            scenario=self.scenario,
            faults=dict(faults),
            clock_ahead_s=self.clock_ahead_s,
            token_life_s=self.token_life_s,
            secret_value=self.secret_value,
            identity_header=self.identity_header,
            cli_key=self.cli_key,
            job_token=self.job_token,
            backup_key=self.backup_key,
        )
        state.directory.take_initial_secrets(self.directory)
        state.request_log.holders.update(self.request_log.holders)
        return state

    @property
    def tenant(self) -> Tenant:
        """The tenant of the program, which issues its tokens."""
        return self.scenario.subscription.tenant

    @property
    def tenants(self) -> tuple[Tenant, ...]:
        """The tenants that exist in Entra."""
        return tuple(dict.fromkeys((self.tenant, CONTOSO, FABRIKAM)))

    @property
    def subscriptions(self) -> tuple[Subscription, ...]:
        """The subscriptions that exist, the program's first."""
        return tuple(dict.fromkeys((self.scenario.subscription, PRODUCTION, SANDBOX)))

    @property
    def program_host(self) -> HostResource | None:
        """The site or virtual machine that the program runs on, as it is now; None on other hosts."""
        host = program_host(self.scenario)
        return self.hosts.get(host.scope.lower()) if host else None

    @property
    def identities(self) -> tuple[ManagedIdentity, ...]:
        """The managed identities that are assigned to the program's host now."""
        host = self.program_host
        return host.identities if host else self.scenario.identities

    def set_vault(self, settings: VaultSettings) -> None:
        """Create a vault or replace its settings."""
        vault = settings.vault
        self.vaults[vault.name.lower()] = settings
        if vault.name not in self.stores:
            self.stores[vault.name] = SecretStore(vault, value=self.secret_value, now_s=self.now_s())

    def remove_vault(self, settings: VaultSettings) -> None:
        """Remove a vault and its secrets; its role assignments remain."""
        del self.vaults[settings.vault.name.lower()]
        self.stores.pop(settings.vault.name, None)

    def set_host(self, host: HostResource) -> None:
        """Create a site or virtual machine, or replace it; new system-assigned identities join the directory."""
        before = self.hosts.get(host.scope.lower())
        if before and before.system_identity and before.system_identity != host.system_identity:
            self.directory.remove_identity(before.system_identity)
        if host.system_identity:
            self.directory.add_identity(host.system_identity)
        self.hosts[host.scope.lower()] = host

    def client_secret(self, client_id: str) -> str:
        """The initial client secret of an application. Raises IndexError when the application is not registered."""
        return self.directory.client_secrets.of(client_id)[0].text

    def now_s(self) -> int:
        """Azure's clock, in seconds since the epoch."""
        return int(time.time()) + self.clock_ahead_s

    def timestamp(self) -> str:
        """Azure's clock in the format of Entra's error messages."""
        return f"{datetime.fromtimestamp(self.now_s(), tz=UTC):%Y-%m-%d %H:%M:%SZ}"

    def token(
        self,
        identity: Identity,
        audience: str,
        client_auth: ClientAuthentication = ClientAuthentication.CERTIFICATE,
        *,
        tenant: Tenant | None = None,
        capabilities: tuple[str, ...] = (),
    ) -> AccessToken:
        """Return a token for `identity`; as in Azure, the same one until shortly before it expires.

        `tenant` issues it; by default, the program's. `capabilities` are those of the client.
        """
        key = (identity, audience, client_auth, tenant or self.tenant, capabilities)
        cached = self._issued.get(key)
        if cached and cached.expires_on - self.now_s() > REISSUE_BEFORE_EXPIRY_S:
            return cached
        token = issue(
            identity,
            tenant=tenant or self.tenant,
            audience=audience,
            now_s=self.now_s(),
            life_s=self.token_life_s,
            client_auth=client_auth,
            capabilities=capabilities,
        )
        self._issued[key] = token
        self.request_log.add_token(token, identity.principal_name if isinstance(identity, User) else identity.name)
        return token
