"""Refreshes a token in the background while it is still valid, so that no reading waits for it."""

import logging
import math
import threading
import time
from contextlib import suppress

from azure.core.credentials import AccessTokenInfo, SupportsTokenInfo, TokenRequestOptions
from azure.core.exceptions import AzureError

from secrets_app.azure_client import cancellation

log = logging.getLogger(__name__)

_DUE_S = 300.0
"""azure-core 1.41 requests a new token if the cached one expires within five minutes or its `refresh_on` has passed:
https://github.com/Azure/azure-sdk-for-python/blob/main/sdk/core/azure-core/azure/core/pipeline/policies/_authentication.py"""
_GOOD_S = 30.0
"""With less time left, a reading waits for the new token: the clocks of the vault and this machine may differ."""
_REST_S = 10.0
"""Minimum interval after a failed refresh."""


class RefreshingCredential(SupportsTokenInfo):
    """Returns the cached token while a new one is fetched, for each scope and tenant."""

    def __init__(self, credential: SupportsTokenInfo, *, limit_s: float) -> None:
        """`limit_s`: seconds after which a refresh is cancelled."""
        self._credential = credential
        self._limit_s = limit_s
        self._at_hand: dict[object, AccessTokenInfo] = {}
        self._lock = threading.Lock()
        self._under_way: cancellation.CancellationToken | None = None
        self._rests_until = -math.inf

    def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        """Raises what the credential raises."""
        asked = options or {}
        at_hand = self._at_hand.get(_what(scopes, asked))
        # If the token is not due, azure-core requests one only because the vault rejected it: fetch a new one.
        if at_hand and _is_due(at_hand) and _is_good(at_hand) and not asked.get("claims"):
            self._begin(scopes, asked)
            return at_hand
        return self._fetch(scopes, asked)

    def close(self) -> None:
        """Cancel a running refresh. Does not close the credential."""
        with self._lock:
            under_way = self._under_way
        if under_way:
            under_way.cancel()

    def __enter__(self) -> "RefreshingCredential":
        return self

    def __exit__(self, *args: object) -> None:
        self.close()

    def _fetch(self, scopes: tuple[str, ...], asked: TokenRequestOptions) -> AccessTokenInfo:
        token = self._credential.get_token_info(*scopes, options=asked)
        self._at_hand[_what(scopes, asked)] = token
        return token

    def _begin(self, scopes: tuple[str, ...], asked: TokenRequestOptions) -> None:
        with self._lock:
            if self._under_way or time.monotonic() < self._rests_until:
                return
            # No immediate retry unless this one succeeds, however it ends.
            self._rests_until = time.monotonic() + self._limit_s + _REST_S
            ask = (scopes, asked, cancellation.CancellationToken())
            with suppress(RuntimeError):  # without a thread, a reading fetches the token when it is needed
                threading.Thread(target=self._renew, args=ask, name="renewal", daemon=True).start()
                self._under_way = ask[2]

    def _renew(self, scopes: tuple[str, ...], asked: TokenRequestOptions, ends: cancellation.CancellationToken) -> None:
        cancellation.use_token(ends)
        limit = threading.Timer(self._limit_s, ends.cancel)
        limit.daemon = True
        try:
            limit.start()
            self._fetch(scopes, asked)
            self._rests_until = -math.inf
        except cancellation.Cancelled:
            self._rests_until = time.monotonic() + _REST_S
        except (AzureError, OSError, ValueError) as error:
            # The cached token is still valid. Once it expires, a reading fetches a token itself and shows the error.
            log.warning("token refresh failed (%s)", type(error).__name__)
            self._rests_until = time.monotonic() + _REST_S
        finally:
            limit.cancel()
            with self._lock:
                self._under_way = None


def _what(scopes: tuple[str, ...], asked: TokenRequestOptions) -> object:
    return scopes, asked.get("tenant_id")


def _is_due(token: AccessTokenInfo) -> bool:
    now = time.time()
    return token.expires_on - now < _DUE_S or (token.refresh_on is not None and token.refresh_on <= now)


def _is_good(token: AccessTokenInfo) -> bool:
    return token.expires_on - time.time() > _GOOD_S
