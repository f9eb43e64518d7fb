"""Client for the retired Token Vault: creates a token, describes it and gets its value.

Its documentation is gone. The protocol is that of its samples: a bearer token on every call; PUT creates a token, GET
describes it, POST with an empty body returns it as `{"Value": {"AccessToken": "..."}, "ExpiresIn": 3600}`.
"""

from collections.abc import Callable
from typing import Any

from azure.core import PipelineClient
from azure.core.credentials import SupportsTokenInfo
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.core.pipeline.policies import BearerTokenCredentialPolicy
from azure.core.rest import HttpRequest, HttpResponse

from secrets_app.azure_client.timeouts import vault_limits
from secrets_app.azure_client.transport import with_transport
from secrets_app.conf.request import ReadRequest, TokenVaultTarget
from secrets_app.conf.token_vault import TokenVaultTokenUrl
from secrets_app.core.reading import TokenVaultToken
from secrets_app.core.redaction import well_formed
from secrets_app.keyvault.client import Connection
from secrets_app.keyvault.operation import Connect, ReadOperation
from secrets_app.keyvault.pool import pooled_connection
from secrets_app.keyvault.secret import fingerprint


class TokenVault:
    """One token in a Token Vault. `hook` receives every response (azure-core's raw_response_hook)."""

    def __init__(
        self, address: TokenVaultTokenUrl, credential: SupportsTokenInfo, deadline_s: float, hook: Callable[[Any], None]
    ) -> None:
        self._address = address
        bearer = BearerTokenCredentialPolicy(credential, address.scope)
        self._client: PipelineClient[HttpRequest, HttpResponse] = PipelineClient(
            address.vault_url,
            per_retry_policies=[bearer],
            permit_redirects=False,
            raw_response_hook=hook,
            **with_transport(vault_limits(deadline_s)),
        )

    def describe(self) -> dict[str, Any]:
        """Name, status and URLs of the token. Raises AzureError; ResourceNotFoundError if there is none."""
        return self._asked("GET")

    def create(self) -> None:
        """Create the token; a user must then sign in to it. Raises AzureError."""
        self._asked("PUT", json={"properties": {"displayName": self._address.token}})

    def hand_out(self) -> dict[str, Any]:
        """The token itself. Raises AzureError, for example if no user has signed in to it."""
        return self._asked("POST")

    def close(self) -> None:
        self._client.close()

    def _asked(self, method: str, **more: Any) -> dict[str, Any]:
        request = HttpRequest(method, self._address.url, **more)
        answer = self._client.send_request(request)
        if answer.status_code == 404:
            raise ResourceNotFoundError(response=answer)
        answer.raise_for_status()
        content = answer.json()
        if not isinstance(content, dict):
            raise HttpResponseError(message="The Token Vault's response has an unexpected format.", response=answer)
        return content


class TokenVaultOperation(ReadOperation):
    """Get the stored token and the principal used to read it; keeps neither the stored token nor the access token."""

    def __init__(self, request: ReadRequest, connect: Connect = pooled_connection) -> None:
        super().__init__(request, connect)
        self._kept_token: TokenVaultToken | None = None

    @property
    def _target(self) -> TokenVaultTarget:
        target = self._request.target
        return target if isinstance(target, TokenVaultTarget) else TokenVaultTarget(token=None)

    def _result(self) -> dict[str, Any]:
        return {
            "scope": self._request.scope,
            "kept_token": self._kept_token,
            "kept_token_url": self._target_name() or "",
        }

    def _target_name(self) -> str | None:
        return self._target.token.url if self._target.token else None

    def _fetch(self, connection: Connection) -> None:
        if self._target.token is None:
            return
        deadline_s, record = self._config.deadline_s, self._record(connection)
        vault = TokenVault(self._target.token, connection.credential, deadline_s, record)
        try:
            self._describe(vault)
            self._take(vault.hand_out())
        finally:
            vault.close()

    def _describe(self, vault: TokenVault) -> None:
        try:
            found, created = vault.describe(), False
        except ResourceNotFoundError:
            if not self._target.create:
                raise
            vault.create()
            found, created = vault.describe(), True
        properties = _part(found, "properties")
        status = _part(properties, "status")
        self._kept_token = TokenVaultToken(
            display_name=_text(properties.get("displayName")),
            state=_text(_part(status, "error").get("code")) or _text(status.get("state")),
            created=created,
        )

    def _take(self, handed_out: dict[str, Any]) -> None:
        """Record everything about the token that may be shown."""
        value = _part(handed_out, "Value").get("AccessToken")
        if not isinstance(value, str):
            raise ValueError("The Token Vault's response contains no token.")  # noqa: TRY004 - an error of the service
        expires_in = handed_out.get("ExpiresIn")
        known = self._kept_token or TokenVaultToken()
        self._kept_token = TokenVaultToken(
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
