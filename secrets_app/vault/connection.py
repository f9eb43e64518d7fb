"""The credential and the vault client that all readings of one configuration share."""

import atexit
import threading
from collections import OrderedDict
from datetime import datetime
from functools import cached_property
from typing import Any, cast

from azure.core.credentials import SupportsTokenInfo, TokenCredential
from azure.core.exceptions import AzureError
from azure.keyvault.secrets import KeyVaultSecret, SecretClient

from secrets_app import credentials
from secrets_app.conf import Config
from secrets_app.credentials.transport import with_transport
from secrets_app.patience import vault_limits
from secrets_app.trace import Watch
from secrets_app.vault.renewal import Renewing
from secrets_app.vault_address import cloud_of

_KEPT = 8


class Connection:
    """One credential and one SecretClient. Tools like az cost a second for each token, so both are kept."""

    def __init__(self, config: Config) -> None:
        self._vault_url = config.vault_url or ""
        self._deadline_s = config.deadline_s
        self._scope = config.scope or cloud_of(self._vault_url).scope
        self.watch = Watch(credentials.build(config))
        self._renewing = Renewing(self.watch.credential, limit_s=config.deadline_s)
        self._lock = threading.Lock()
        self._users, self._retired = 0, False

    def borrow(self) -> None:
        """Keep it open, even when it is retired, until it is given back."""
        with self._lock:
            self._users += 1

    def give_back(self) -> None:
        with self._lock:
            self._users -= 1
        self._close_if_done()

    def retire(self) -> None:
        """Close it as soon as no reading uses it any more."""
        self._retired = True
        self._close_if_done()

    @property
    def credential(self) -> SupportsTokenInfo:
        """What any other client of Azure asks for a token here: watched, and renewed in time."""
        return self._renewing

    def get_secret(self, name: str, version: str | None, hook: Any) -> KeyVaultSecret:
        """The secret; `hook` is shown every answer of the vault (azure-core's raw_response_hook). Raises AzureError."""
        return self._client.get_secret(name, version, raw_response_hook=hook)

    def deleted_on(self, name: str) -> datetime | None:
        """When a secret of that name was deleted; None when none was, or when we may not see it."""
        try:
            return self._client.get_deleted_secret(name).deleted_date
        except AzureError:
            return None

    def ask_for_token(self) -> None:
        """Ask for a token, for this cloud's vaults or the scope of a token check; the watch keeps what comes of it.

        Raises AzureError.
        """
        self.watch.credential.get_token_info(self._scope)

    @cached_property
    def _client(self) -> SecretClient:
        # Its annotation knows only the older of the two protocols that it takes.
        credential = cast(TokenCredential, self._renewing)
        # A vault does not send its callers elsewhere, so whoever does is not to be followed.
        limits = with_transport(vault_limits(self._deadline_s))
        return SecretClient(self._vault_url, credential, permit_redirects=False, **limits)

    def _close_if_done(self) -> None:
        with self._lock:
            done = self._retired and not self._users
        if done:
            self.close()

    def close(self) -> None:
        if "_client" in self.__dict__:
            self._client.close()
        self._renewing.close()
        self.watch.close()


# Whoever asks as ten thousand identities in turn pushes out what other visitors chose, never what the site itself uses.
_of_the_site: OrderedDict[object, Connection] = OrderedDict()
_of_visitors: OrderedDict[object, Connection] = OrderedDict()
_lock = threading.Lock()


def _kept_for(config: Config) -> OrderedDict[object, Connection]:
    return _of_visitors if config.visitors_choice else _of_the_site


def _key(config: Config) -> object:
    """All of the configuration that decides who asks and whom: readings that agree in it share a connection."""
    return config.vault_url, config.deadline_s, config.scope, config.sign_in


def connection_for(config: Config) -> Connection:
    """The connection for this configuration, made at its first reading and borrowed: give it back.

    Raises what a credential's constructor does.
    """
    with _lock:
        kept = _kept_for(config)
        connection = kept.get(_key(config)) or Connection(config)
        kept[_key(config)] = connection
        kept.move_to_end(_key(config))
        connection.borrow()
        while len(kept) > _KEPT:
            kept.popitem(last=False)[1].retire()
        return connection


def forget(config: Config) -> None:
    """Drop the connection; readings under way still use theirs to the end, and the last of them closes it."""
    with _lock:
        connection = _kept_for(config).pop(_key(config), None)
    if connection:
        connection.retire()


def close() -> None:
    """Close every connection, as at the end of the process."""
    with _lock:
        for kept in (_of_the_site, _of_visitors):
            while kept:
                kept.popitem()[1].close()


atexit.register(close)
