"""The errand to the retired Token Vault: the same walk, the same catching place, another thing to bring home."""

from typing import Any

from azure.core.exceptions import ResourceNotFoundError

from secrets_app.reading import KeptToken
from secrets_app.redaction import well_formed
from secrets_app.vault.connection import Connection
from secrets_app.vault.errand import Errand
from secrets_app.vault.fingerprint import fingerprint
from secrets_app.vault.token_vault import TokenVault


class TokenVaultErrand(Errand):
    """Read the kept token and find out whose token did it; keeps neither of the two."""

    def _fetch(self, connection: Connection) -> None:
        address = self._config.token_vault
        if address is None:
            return
        vault = TokenVault(address, connection.credential, self._config.deadline_s, self._note(connection))
        try:
            self._describe(vault)
            self._take(vault.hand_out())
        finally:
            vault.close()

    def _describe(self, vault: TokenVault) -> None:
        try:
            found, created = vault.describe(), False
        except ResourceNotFoundError:
            if not self._config.creates_kept_token:
                raise
            vault.create()
            found, created = vault.describe(), True
        properties = _part(found, "properties")
        status = _part(properties, "status")
        self._kept_token = KeptToken(
            display_name=_text(properties.get("displayName")),
            state=_text(_part(status, "error").get("code")) or _text(status.get("state")),
            created=created,
        )

    def _take(self, handed_out: dict[str, Any]) -> None:
        """All that may be told of the token."""
        value = _part(handed_out, "Value").get("AccessToken")
        if not isinstance(value, str):
            raise ValueError("The Token Vault's answer has no token in it.")  # noqa: TRY004 - of the service, not of ours
        expires_in = handed_out.get("ExpiresIn")
        known = self._kept_token or KeptToken()
        self._kept_token = KeptToken(
            display_name=known.display_name,
            state=known.state,
            created=known.created,
            length=len(value),
            fingerprint=fingerprint(value, self._config.fingerprint_key),
            expires_in_s=expires_in if isinstance(expires_in, int) else None,
        )


def _part(document: dict[str, Any], name: str) -> dict[str, Any]:
    found = document.get(name)
    return found if isinstance(found, dict) else {}


def _text(value: object) -> str | None:
    return well_formed(value)[:200] if isinstance(value, str) else None
