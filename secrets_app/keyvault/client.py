"""The credential and the vault client that all readings with the same settings share."""

import logging
import math
import threading
import time
from datetime import datetime
from typing import Any, Protocol, TypeVar, cast

from azure.core.credentials import AccessTokenInfo, SupportsTokenInfo, TokenCredential, TokenRequestOptions
from azure.core.exceptions import AzureError
from azure.keyvault.secrets import KeyVaultSecret, SecretClient

from secrets_app import credentials
from secrets_app.azure_client.responses import malformed_responses
from secrets_app.azure_client.timeouts import vault_limits
from secrets_app.azure_client.transport import with_transport
from secrets_app.conf import Config
from secrets_app.conf.request import ReadRequest, SecretTarget
from secrets_app.core.known_secrets import known_secrets
from secrets_app.credentials.tracing import CredentialTracer

log = logging.getLogger(__name__)

_REFRESH_RETRY_S = 10.0
"""After a refresh that failed, the next one is tried this much later: a token endpoint may fail slowly."""
_MIN_VALIDITY_S = 30.0
"""A token with less time left is not used: the vault's clock and this machine's may differ."""


class _Closable(Protocol):
    def close(self) -> None: ...


T = TypeVar("T", bound=_Closable)


class Connection:
    """One credential and one SecretClient. Both are cached, because tools such as az take a second for each token."""

    def __init__(self, request: ReadRequest, shared_credential: "SharedCredential | None" = None) -> None:
        """Does not create the clients: `open` does, which may take time.

        `shared_credential`: used in place of a credential of its own, until this connection closes.
        """
        self._shared_credential = shared_credential
        self._config, self._scope = request.config, request.scope
        target = request.target
        self._vault_url = (target.vault_url if isinstance(target, SecretTarget) else None) or ""
        self._opening = threading.Lock()
        self._lock = threading.Lock()
        self._users, self._retired = 0, False
        self._secret_client: SecretClient | None = None
        self._to_close: list[_Closable] = []
        self.credential: SupportsTokenInfo

    def open(self) -> None:
        """Create the credential if needed; other threads wait meanwhile. Raises what its constructor raises."""
        with self._opening:
            if "tracer" in self.__dict__:
                return
            if self._shared_credential:
                self.tracer, self.credential = self._shared_credential.acquire()
                self._register(self._shared_credential)
            else:
                self.tracer = self._register(CredentialTracer(credentials.build(self._config)))
                self.credential = TokenFallbackCredential(self.tracer)

    @property
    def is_outdated(self) -> bool:
        """Whether its shared credential is to be replaced."""
        return self._shared_credential is not None and self._shared_credential.is_retired

    def acquire(self) -> None:
        """Keep it open, even if it is retired, until `release`."""
        with self._lock:
            self._users += 1

    def release(self) -> None:
        with self._lock:
            self._users -= 1
        self._close_if_unused()

    def close_when_idle(self) -> None:
        """Close it as soon as no reading uses it."""
        self._retired = True
        self._close_if_unused()

    def get_secret(self, name: str, version: str | None, hook: Any) -> KeyVaultSecret:
        """The secret; `hook` receives every vault response (azure-core's raw_response_hook). Raises AzureError."""
        secret = self._client().get_secret(name, version, raw_response_hook=hook)
        known_secrets().add(secret.value)
        return secret

    def deleted_on(self, name: str) -> datetime | None:
        """When a secret of that name was deleted; None if none was, or without permission to list deleted secrets."""
        try:
            with malformed_responses():
                return self._client().get_deleted_secret(name).deleted_date
        except AzureError:
            return None

    def request_token(self) -> None:
        """Request a token for the scope of the request; the trace records the result. Raises AzureError."""
        self.tracer.credential.get_token_info(self._scope)

    def _client(self) -> SecretClient:
        with self._opening:
            if self._secret_client is None:
                # SecretClient is annotated with only the older of the two credential protocols that it accepts.
                credential = cast(TokenCredential, self.credential)
                # A vault never redirects, so a redirect is not followed.
                limits = with_transport(vault_limits(self._config.deadline_s))
                self._secret_client = self._register(
                    SecretClient(self._vault_url, credential, permit_redirects=False, **limits)
                )
            return self._secret_client

    def _register(self, client: T) -> T:
        with self._lock:
            self._to_close.insert(0, client)
        return client

    def _close_if_unused(self) -> None:
        with self._lock:
            unused = self._retired and not self._users
        if unused:
            self.close()

    def close(self) -> None:
        """Close everything that is open, once. Anything that a running reading opens later is closed on `release`."""
        with self._lock:
            self._retired = True
            to_close, self._to_close = self._to_close, []
        for client in to_close:
            client.close()


class SharedCredential:
    """One credential for the vaults of a fleet: each vault with one of its own would request a token of its own."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._lock = threading.Lock()
        self._users, self.is_retired = 0, False
        self._opened: tuple[CredentialTracer, SupportsTokenInfo] | None = None

    def acquire(self) -> tuple[CredentialTracer, SupportsTokenInfo]:
        """The credential, created on first use, for one more connection, which calls `close`.

        Raises what its constructor raises.
        """
        with self._lock:
            if self._opened is None:
                tracer = CredentialTracer(credentials.build(self._config))
                self._opened = tracer, TokenFallbackCredential(tracer)
            self._users += 1
            return self._opened

    def close(self) -> None:
        """One connection uses it no longer. The last one closes it, if it is retired."""
        with self._lock:
            self._users -= 1
        self._close_if_unused()

    def close_when_idle(self) -> None:
        """Close it as soon as no connection uses it."""
        self.is_retired = True
        self._close_if_unused()

    def _close_if_unused(self) -> None:
        with self._lock:
            opened = None if self._users or not self.is_retired else self._opened
            if opened:
                self._opened = None
        if opened:
            opened[0].close()


class TokenFallbackCredential(SupportsTokenInfo):
    """Returns the last token while it is valid, if a refresh fails.

    azure-core 1.41 refreshes a token in the request when less than five minutes are left or its `refresh_on` has
    passed, and raises if that fails, even though the old token still works:
    https://github.com/Azure/azure-sdk-for-python/blob/main/sdk/core/azure-core/azure/core/pipeline/policies/_authentication.py
    """

    def __init__(self, tracer: CredentialTracer) -> None:
        self._tracer = tracer
        self._tokens: dict[object, AccessTokenInfo] = {}
        self._retry_at = -math.inf

    def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        """A new token, or the last one. Raises what the credential raises if no valid token is cached."""
        options = options or {}
        key = scopes, options.get("tenant_id")
        last = self._tokens.get(key)
        # With claims, the vault has rejected the last token.
        if last and (options.get("claims") or last.expires_on - time.time() <= _MIN_VALIDITY_S):
            last = None
        if last and time.monotonic() < self._retry_at:
            return last
        try:
            token = self._tracer.credential.get_token_info(*scopes, options=options)
        except (AzureError, OSError, ValueError) as error:
            if last is None:
                raise
            log.warning("token refresh failed (%s); the current token is still valid", type(error).__name__)
            self._retry_at = time.monotonic() + _REFRESH_RETRY_S
            self._tracer.discard_request()  # the reading shows how the token in use was obtained
            return last
        self._tokens[key] = token
        return token

    def close(self) -> None:
        """Nothing to close: the credential is closed by its owner."""

    def __enter__(self) -> "TokenFallbackCredential":
        return self

    def __exit__(self, *args: object) -> None:
        self.close()
