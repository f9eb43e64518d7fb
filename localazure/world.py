"""One world at run time: what its services share while it runs."""

import secrets
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime

from localazure.directory import Identity, Tenant
from localazure.journal import Journal
from localazure.scenarios import Scenario
from localazure.secret_store import SecretStore
from localazure.tokens import AccessToken, issue

REFRESH_S = 300


@dataclass(frozen=True, kw_only=True)
class World:
    scenario: Scenario
    vault_latency_s: float = 0.0
    secret_value: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    identity_header: str = field(default_factory=lambda: str(uuid.uuid4()).upper())
    """App Service's proof that a request comes from the site's own process."""
    cli_key: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    """Known only to the `az` of this world."""
    journal: Journal = field(default_factory=Journal)
    store: SecretStore = field(init=False)
    _issued: dict[tuple[Identity, str], AccessToken] = field(default_factory=dict)

    def __post_init__(self) -> None:
        store = SecretStore(self.scenario.vault, value=self.secret_value, now_s=self.now_s())
        object.__setattr__(self, "store", store)

    @property
    def tenant(self) -> Tenant:
        return self.scenario.vault.subscription.tenant

    def now_s(self) -> int:
        """Azure's clock, in seconds since 1970."""
        return int(time.time())

    def timestamp(self) -> str:
        """Azure's clock as Entra writes it into its refusals."""
        return f"{datetime.fromtimestamp(self.now_s(), tz=UTC):%Y-%m-%d %H:%M:%SZ}"

    def token(self, identity: Identity, audience: str) -> AccessToken:
        """A token for `identity`: the same one until shortly before it expires, as Azure's token services do."""
        known = self._issued.get((identity, audience))
        if known and known.expires_on - self.now_s() > REFRESH_S:
            return known
        token = issue(identity, tenant=self.tenant, audience=audience, now_s=self.now_s())
        self._issued[identity, audience] = token
        self.journal.tokens.append(token)
        return token
