"""Client for the retired Token Vault: creates a token, describes it and gets its value.

Its documentation is no longer available. The protocol is that of its samples: a bearer token on every call; PUT creates
a token, GET describes it, POST with an empty body returns it as `{"Value": {"AccessToken": "..."}, "ExpiresIn": 3600}`.
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
from secrets_app.core.known_secrets import known_secrets
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
        return self._send("GET")

    def create(self) -> None:
        """Create the token; a user must then sign in to it. Raises AzureError."""
        self._send("PUT", json={"properties": {"displayName": self._address.token}})

    def get_value(self) -> dict[str, Any]:
        """The token itself. Raises AzureError, for example if no user has signed in to it."""
        return self._send("POST")

    def close(self) -> None:
        self._client.close()

    def _send(self, method: str, **content: Any) -> dict[str, Any]:
        request = HttpRequest(method, self._address.url, **content)
        response = self._client.send_request(request)
        if response.status_code == 404:
            raise ResourceNotFoundError(response=response)
        response.raise_for_status()
        document = response.json()
        if not isinstance(document, dict):
            raise HttpResponseError(message="The Token Vault's response has an unexpected format.", response=response)
        return document


class TokenVaultOperation(ReadOperation):
    """Get the stored token and the principal used to read it; retains neither the stored token nor the access token."""

    def __init__(self, request: ReadRequest, connect: Connect = pooled_connection) -> None:
        super().__init__(request, connect)
        self._stored_token: TokenVaultToken | None = None

    @property
    def _target(self) -> TokenVaultTarget:
        target = self._request.target
        return target if isinstance(target, TokenVaultTarget) else TokenVaultTarget(token=None)

    def _result(self) -> dict[str, Any]:
        return {
            "scope": self._request.scope,
            "kept_token": self._stored_token,
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
            self._record_value(vault.get_value())
        finally:
            vault.close()

    def _describe(self, vault: TokenVault) -> None:
        try:
            description, created = vault.describe(), False
        except ResourceNotFoundError:
            if not self._target.create:
                raise
            vault.create()
            description, created = vault.describe(), True
        properties = _part(description, "properties")
        status = _part(properties, "status")
        self._stored_token = TokenVaultToken(
            display_name=_text(properties.get("displayName")),
            state=_text(_part(status, "error").get("code")) or _text(status.get("state")),
            created=created,
        )

    def _record_value(self, response: dict[str, Any]) -> None:
        """Record everything about the token that may be shown."""
        value = _part(response, "Value").get("AccessToken")
        if not isinstance(value, str):
            raise ValueError("The Token Vault's response contains no token.")  # noqa: TRY004 - an error of the service
        known_secrets().add(value)
        expires_in = response.get("ExpiresIn")
        described = self._stored_token or TokenVaultToken()
        self._stored_token = TokenVaultToken(
            display_name=described.display_name,
            state=described.state,
            created=described.created,
            length=len(value),
            fingerprint=fingerprint(value, self._config.fingerprint_key),
            expires_in_s=expires_in if isinstance(expires_in, int) else None,
        )


def _part(document: dict[str, Any], name: str) -> dict[str, Any]:
    part = document.get(name)
    return part if isinstance(part, dict) else {}


def _text(value: object) -> str | None:
    return well_formed(value)[:200] if isinstance(value, str) else None
