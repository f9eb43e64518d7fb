"""One world at run time: what its services share while it runs."""

import secrets
import time
import uuid
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from localazure.directory import CONTOSO, FABRIKAM, Identity, Tenant
from localazure.journal import Journal
from localazure.scenario import Scenario
from localazure.secret_store import SecretStore
from localazure.sessions import Sessions
from localazure.tokens import AccessToken, ProofLevel, issue
from localazure.trouble import Trouble

REFRESH_S = 300


@dataclass(frozen=True, kw_only=True)
class World:
    scenario: Scenario
    troubles: dict[str, Trouble] = field(default_factory=dict)
    """By the name of the service; those of the scenario included. They may change while the world runs."""
    clock_ahead_s: int = 0
    """How far Azure's clock is ahead of this machine's."""
    token_life_s: int | None = None
    """None: as long as Entra makes them."""
    secret_value: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    identity_header: str = field(default_factory=lambda: str(uuid.uuid4()).upper())
    """App Service's proof that a request comes from the site's own process."""
    cli_key: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    """Known only to the `az` of this world."""
    job_token: str = field(default_factory=lambda: secrets.token_urlsafe(64))
    """System.AccessToken of the job that runs in Azure Pipelines."""
    journal: Journal = field(default_factory=Journal)
    sessions: Sessions = field(default_factory=Sessions)
    stores: Mapping[str, SecretStore] = field(init=False)
    """Vault name -> its secrets."""
    _issued: dict[tuple[Identity, str, ProofLevel], AccessToken] = field(default_factory=dict)
    _client_secrets: dict[str, str] = field(default_factory=lambda: defaultdict(lambda: secrets.token_urlsafe(30)))

    def __post_init__(self) -> None:
        vaults = (self.scenario.vault, *self.scenario.more_vaults)
        stores = {vault.name: SecretStore(vault, value=self.secret_value, now_s=self.now_s()) for vault in vaults}
        object.__setattr__(self, "stores", stores)

    @property
    def tenant(self) -> Tenant:
        """The tenant of the program, whose tokens are issued here."""
        return self.scenario.subscription.tenant

    @property
    def tenants(self) -> tuple[Tenant, ...]:
        """The tenants Entra knows."""
        return tuple(dict.fromkeys((self.tenant, CONTOSO, FABRIKAM)))

    def client_secret(self, client_id: str) -> str:
        """The client secret of an application, made when first asked for."""
        return self._client_secrets[client_id]

    def now_s(self) -> int:
        """Azure's clock, in seconds since 1970."""
        return int(time.time()) + self.clock_ahead_s

    def timestamp(self) -> str:
        """Azure's clock as Entra writes it into its refusals."""
        return f"{datetime.fromtimestamp(self.now_s(), tz=UTC):%Y-%m-%d %H:%M:%SZ}"

    def token(self, identity: Identity, audience: str, proof: ProofLevel = ProofLevel.CERTIFICATE) -> AccessToken:
        """A token for `identity`: the same one until shortly before it expires, as Azure's token services do."""
        known = self._issued.get((identity, audience, proof))
        if known and known.expires_on - self.now_s() > REFRESH_S:
            return known
        token = issue(
            identity,
            tenant=self.tenant,
            audience=audience,
            now_s=self.now_s(),
            life_s=self.token_life_s,
            proof=proof,
        )
        self._issued[identity, audience, proof] = token
        self.journal.tokens.append(token)
        return token
