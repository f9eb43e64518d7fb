"""Talks to the retired Token Vault: makes a token, looks at it, and has it handed out.

Its documentation is gone. The protocol is as its samples used it: a bearer token on every call; PUT makes a token,
GET describes it, POST with an empty body hands it out as `{"Value": {"AccessToken": "..."}, "ExpiresIn": 3600}`.
"""

from collections.abc import Callable
from typing import Any

from azure.core import PipelineClient
from azure.core.credentials import SupportsTokenInfo
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.core.pipeline.policies import BearerTokenCredentialPolicy
from azure.core.rest import HttpRequest, HttpResponse

from secrets_app.credentials.transport import with_transport
from secrets_app.patience import vault_limits
from secrets_app.token_vault_address import KeptTokenAddress


class TokenVault:
    """One kept token of one Token Vault. `hook` is shown every answer (azure-core's raw_response_hook)."""

    def __init__(
        self, address: KeptTokenAddress, credential: SupportsTokenInfo, deadline_s: float, hook: Callable[[Any], None]
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
        """Name, status and addresses of the token. Raises AzureError; ResourceNotFoundError where there is none."""
        return self._asked("GET")

    def create(self) -> None:
        """Make the token, for somebody to sign in to. Raises AzureError."""
        self._asked("PUT", json={"properties": {"displayName": self._address.token}})

    def hand_out(self) -> dict[str, Any]:
        """The token itself. Raises AzureError, as when nobody has signed in to it."""
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
            raise HttpResponseError(message="The Token Vault's answer is not what its samples knew.", response=answer)
        return content
