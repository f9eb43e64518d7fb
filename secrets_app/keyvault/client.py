"""The credential and the vault client that all readings of one configuration share."""

import threading
from datetime import datetime
from typing import Any, Protocol, TypeVar, cast

from azure.core.credentials import SupportsTokenInfo, TokenCredential
from azure.core.exceptions import AzureError
from azure.keyvault.secrets import KeyVaultSecret, SecretClient

from secrets_app import credentials
from secrets_app.azure_client.timeouts import vault_limits
from secrets_app.azure_client.transport import with_transport
from secrets_app.conf import Config
from secrets_app.core.hosts import cloud_of
from secrets_app.credentials.tracing import CredentialTracer
from secrets_app.keyvault.token_refresh import RefreshingCredential


class _Closable(Protocol):
    def close(self) -> None: ...


_Opened = TypeVar("_Opened", bound=_Closable)


class Connection:
    """One credential and one SecretClient. Both are kept, because tools like az take a second for each token."""

    def __init__(self, config: Config) -> None:
        """Creates nothing yet: `open` does, which may take time."""
        self._config = config
        self._vault_url = config.vault_url or ""
        self._making = threading.Lock()
        self._lock = threading.Lock()
        self._users, self._retired = 0, False
        self._made: SecretClient | None = None
        self._to_close: list[_Closable] = []

    def open(self) -> None:
        """Create the credential if needed; other threads wait meanwhile. Raises what its constructor raises."""
        with self._making:
            if "watch" not in self.__dict__:
                self.watch = self._noted(CredentialTracer(credentials.build(self._config)))
                self._renewing = self._noted(
                    RefreshingCredential(self.watch.credential, limit_s=self._config.deadline_s)
                )

    def acquire(self) -> None:
        """Keep it open, even if it is retired, until `give_back`."""
        with self._lock:
            self._users += 1

    def release(self) -> None:
        with self._lock:
            self._users -= 1
        self._close_if_done()

    def close_when_idle(self) -> None:
        """Close it as soon as no reading uses it."""
        self._retired = True
        self._close_if_done()

    @property
    def credential(self) -> SupportsTokenInfo:
        """The traced, refreshing credential, for use by other Azure clients."""
        return self._renewing

    def get_secret(self, name: str, version: str | None, hook: Any) -> KeyVaultSecret:
        """The secret; `hook` receives every vault response (azure-core's raw_response_hook). Raises AzureError."""
        return self._client().get_secret(name, version, raw_response_hook=hook)

    def deleted_on(self, name: str) -> datetime | None:
        """When a secret of that name was deleted; None if none was, or without permission to list deleted secrets."""
        try:
            return self._client().get_deleted_secret(name).deleted_date
        except AzureError:
            return None

    def request_token(self) -> None:
        """Request a token for this cloud's vaults or the scope of a token check; the trace records the result.

        Raises AzureError.
        """
        scope = self._config.scope or cloud_of(self._vault_url).scope
        self.watch.credential.get_token_info(scope)

    def _client(self) -> SecretClient:
        with self._making:
            if self._made is None:
                # SecretClient is annotated with only the older of the two credential protocols that it accepts.
                credential = cast(TokenCredential, self._renewing)
                # A vault never redirects, so a redirect is not followed.
                limits = with_transport(vault_limits(self._config.deadline_s))
                self._made = self._noted(SecretClient(self._vault_url, credential, permit_redirects=False, **limits))
            return self._made

    def _noted(self, made: _Opened) -> _Opened:
        with self._lock:
            self._to_close.insert(0, made)
        return made

    def _close_if_done(self) -> None:
        with self._lock:
            done = self._retired and not self._users
        if done:
            self.close()

    def close(self) -> None:
        """Close everything that is open, once. Anything that a running reading opens later is closed on `give_back`."""
        with self._lock:
            self._retired = True
            to_close, self._to_close = self._to_close, []
        for made in to_close:
            made.close()
