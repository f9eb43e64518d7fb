"""The secrets of a running vault as a mapping, for tests and set-up code."""

import re
from collections.abc import Callable, Iterator, MutableMapping
from dataclasses import replace

from localazure.state.emulator_state import EmulatorState
from localazure.state.secret_store import SecretStore, new_version

NAME = re.compile(r"[0-9A-Za-z-]{1,127}")
"""https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates#object-identifiers"""


class VaultSecrets(MutableMapping[str, str]):
    """Secret name -> value of the newest version, without permission checks: what the vault's administrator sees.

    Setting a value adds a version, as in Azure, and recovers a deleted secret first. `del` soft-deletes a secret with
    all its versions. Names are case-insensitive.
    """

    def __init__(self, state: Callable[[], EmulatorState], name: str) -> None:
        """`state` returns the state of the scenario that is running now."""
        self._current_state = state
        self._vault_name = name

    def __getitem__(self, name: str) -> str:
        secret = self._store.get(name)
        if secret is None:
            raise KeyError(name)
        return secret.value

    def __setitem__(self, name: str, value: str) -> None:
        """Raises ValueError for a name that Key Vault does not allow and TypeError for a value that is not a string."""
        self.add(name, value)

    def add(
        self,
        name: str,
        value: str,
        *,
        enabled: bool = True,
        content_type: str | None = None,
        expires_in_s: int | None = None,
    ) -> str:
        """Add a version with these properties and return its ID. `expires_in_s` may be negative.

        Raises ValueError and TypeError like `secrets[name] = value`.
        """
        if not NAME.fullmatch(name):
            raise ValueError(f"{name!r} is not a secret name: use 1 to 127 letters, digits and hyphens.")
        if not isinstance(value, str):
            raise TypeError(f"The value of secret {name!r} must be a string, not {type(value).__name__}.")
        store = self._store
        store.recover(name)
        now_s = self._current_state().now_s()
        added = replace(
            new_version(name, value, now_s, content_type=content_type),
            enabled=enabled,
            expires_on=None if expires_in_s is None else now_s + expires_in_s,
        )
        store.add(added)
        return added.version

    def __delitem__(self, name: str) -> None:
        if self._store.delete(name, self._current_state().now_s()) is None:
            raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter([secret.name for secret in self._store.current()])

    def __len__(self) -> int:
        return len(self._store.current())

    def __repr__(self) -> str:
        return f"VaultSecrets({self._vault_name!r}, {list(self)})"

    @property
    def _store(self) -> SecretStore:
        state = self._current_state()
        name = self._vault_name.lower()
        if name not in state.vaults:
            raise LookupError(f"Vault {self._vault_name!r} does not exist. Vaults: {', '.join(state.vaults)}.")
        return state.stores[state.vaults[name].vault.name]
