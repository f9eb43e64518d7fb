"""What the credentials of the three developer tools have in common."""

import re
from typing import NoReturn

from azure.core.credentials import AccessTokenInfo, SupportsTokenInfo, TokenRequestOptions
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import CredentialUnavailableError

from secrets_app.azure_client.process import process_environment

_MULTITENANT_DISABLED = "AZURE_IDENTITY_DISABLE_MULTITENANTAUTH"
_TENANT = re.compile(r"[0-9a-zA-Z][0-9a-zA-Z.-]*")
SCOPE = re.compile(r"[0-9a-zA-Z][0-9a-zA-Z_.:/-]*")
"""Neither begins with a hyphen: a tool would take it for an argument."""
TOKEN = re.compile(r"[!-~]+")
"""Characters that are valid in an HTTP header."""


class ToolCredential(SupportsTokenInfo):
    """Gets tokens for the account that is signed in to a tool. Each token is one run; nothing is cached."""

    def __init__(
        self,
        *,
        process_timeout: float,
        tenant_id: str | None = None,
        additionally_allowed_tenants: tuple[str, ...] = (),
        in_chain: bool = False,
    ) -> None:
        """`in_chain`: if the tool fails, the chain continues."""
        self._timeout_s = process_timeout
        self._tenant_id = tenant_id
        self._additional_tenants = additionally_allowed_tenants
        self._in_chain = in_chain

    def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        raise NotImplementedError

    def close(self) -> None:
        """Nothing to close."""

    def __enter__(self) -> "ToolCredential":
        return self

    def __exit__(self, *_args: object) -> None:
        self.close()

    def _tenant(self, requested: str | None) -> str | None:
        """The tenant to pass to the tool: the configured one, or another one if the settings allow it."""
        if requested is None or requested == self._tenant_id or process_environment().get(_MULTITENANT_DISABLED):
            return self._tenant_id
        if not _TENANT.fullmatch(requested):
            raise ValueError("A tenant ID or domain may contain only letters, digits, dots and hyphens.")
        if self._tenant_id is None or {"*", requested} & set(self._additional_tenants):
            return requested
        raise ClientAuthenticationError(
            message=f"The current credential is not configured to acquire tokens for tenant {requested}. To enable "
            "acquiring tokens for this tenant add it to the additionally_allowed_tenants when creating the "
            'credential, or add "*" to additionally_allowed_tenants to allow acquiring tokens for any tenant.'
        )

    def _error(self, message: str) -> ClientAuthenticationError:
        return (CredentialUnavailableError if self._in_chain else ClientAuthenticationError)(message=message)

    def _raise_unexpected(self, what: str, output: str, troubleshooting: str) -> NoReturn:
        """The output may be a token in any format, so it is not part of the message."""
        raise self._error(
            f"Unexpected output from {what}: {len(output)} characters that are not a token response. \n"
            f"To mitigate this issue, please refer to the troubleshooting guidelines here at {troubleshooting}."
        ) from None


def single_scope(scopes: tuple[str, ...], tool: str) -> str:
    """Raises ValueError."""
    if len(scopes) != 1 or not SCOPE.fullmatch(scopes[0]):
        raise ValueError(f"{tool} needs exactly one scope, made of letters, digits and _ - . : /")
    return scopes[0]
