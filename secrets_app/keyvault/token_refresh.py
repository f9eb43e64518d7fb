"""A token is renewed while it is still good, beside the readings: none of them waits for az or Entra."""

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
"""azure-core 1.41 asks for a new token when the one at hand has less than five minutes, or its `refresh_on` has come:
https://github.com/Azure/azure-sdk-for-python/blob/main/sdk/core/azure-core/azure/core/pipeline/policies/_authentication.py"""
_GOOD_S = 30.0
"""With less than that left a reading waits for the new one: the vault's clock and ours may differ."""
_REST_S = 10.0
"""After a renewal that failed."""


class RefreshingCredential(SupportsTokenInfo):
    """Hands out the token at hand while a new one is fetched, for each scope and tenant."""

    def __init__(self, credential: SupportsTokenInfo, *, limit_s: float) -> None:
        """`limit_s`: seconds after which a renewal is given up."""
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
        # One that is not due is asked for again only because the vault refused it, and then another one is wanted.
        if at_hand and _is_due(at_hand) and _is_good(at_hand) and not asked.get("claims"):
            self._begin(scopes, asked)
            return at_hand
        return self._fetch(scopes, asked)

    def close(self) -> None:
        """Gives up a renewal under way; the credential is closed by whoever made it."""
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
            # Not again at once, unless this one succeeds: whatever ends it.
            self._rests_until = time.monotonic() + self._limit_s + _REST_S
            ask = (scopes, asked, cancellation.CancellationToken())
            with suppress(RuntimeError):  # without a thread a reading asks by itself when the time has come
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
            # The token at hand still serves; when it no longer does, a reading asks itself and shows why there is none.
            log.warning("the token could not be renewed yet (%s)", type(error).__name__)
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
