"""Azure CLI credential with an enforceable time limit and a configurable az folder.

azure-identity 1.27 looks for az only on PATH, and on a timeout ends only the az script, not the Python process that the
script started. Neither can be changed from outside. The arguments and messages here are those of its azure_cli.py:
tests/test_az_as_credential.py runs both with the same az and compares the results.
"""

import base64
import json
import os
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NoReturn

from azure.core.credentials import AccessTokenInfo, SupportsTokenInfo, TokenRequestOptions
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import CredentialUnavailableError

from secrets_app.azure_client.process import CompletedTool, ToolError, ToolTimeoutError, find, process_environment, run

_TROUBLESHOOTING = "https://aka.ms/azsdk/python/identity/azclicredential/troubleshoot"
_ONE_TENANT = "AZURE_IDENTITY_DISABLE_MULTITENANTAUTH"
_NOT_FOUND_CODE = 127
_TENANT = re.compile(r"[0-9a-zA-Z.-]+")
_SCOPE = re.compile(r"[0-9a-zA-Z_.:/-]+")
_TOKEN = re.compile(r"[!-~]+")
"""Characters that are valid in an HTTP header."""


class AzureCliCredential(SupportsTokenInfo):
    """Gets tokens for the account that is signed in to az. Each token is one run of az; nothing is cached."""

    def __init__(
        self,
        *,
        process_timeout: float,
        tenant_id: str | None = None,
        additionally_allowed_tenants: tuple[str, ...] = (),
        subscription: str | None = None,
        folder: str | None = None,
        in_chain: bool = False,
    ) -> None:
        """`folder` is searched before PATH, for az only. `in_chain`: if az fails, the chain continues."""
        self._limit_s = process_timeout
        self._tenant_id = tenant_id
        self._additional = additionally_allowed_tenants
        self._subscription = subscription
        self._folder = folder
        self._in_chain = in_chain

    def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        """The token that az prints. Raises CredentialUnavailableError, ClientAuthenticationError, ValueError."""
        options = options or {}
        if options.get("claims"):
            raise CredentialUnavailableError(message=_claims_unsupported(scopes, options))
        if len(scopes) != 1 or not _SCOPE.fullmatch(scopes[0]):
            raise ValueError("Azure CLI needs exactly one scope, made of letters, digits and _ - . : /")
        arguments = ["--resource", scopes[0].removesuffix("/.default")]
        tenant = self._tenant(options.get("tenant_id"))
        # azure-identity passes both, which az rejects: every vault names a tenant. A subscription implies its tenant.
        if self._subscription:
            arguments += ["--subscription", self._subscription]
        elif tenant:
            arguments += ["--tenant", tenant]
        return self._token_in(self._output(arguments))

    def close(self) -> None:
        """Nothing to close."""

    def __enter__(self) -> "AzureCliCredential":
        return self

    def __exit__(self, *_args: object) -> None:
        self.close()

    def _tenant(self, asked: str | None) -> str | None:
        """The tenant to pass to az: the configured one, or another one if the settings allow it."""
        if asked is None or asked == self._tenant_id or process_environment().get(_ONE_TENANT):
            return self._tenant_id
        if not _TENANT.fullmatch(asked):
            raise ValueError("A tenant ID or domain may contain only letters, digits, dots and hyphens.")
        if self._tenant_id is None or {"*", asked} & set(self._additional):
            return asked
        raise ClientAuthenticationError(
            message=f"The current credential is not configured to acquire tokens for tenant {asked}. To enable "
            "acquiring tokens for this tenant add it to the additionally_allowed_tenants when creating the "
            'credential, or add "*" to additionally_allowed_tenants to allow acquiring tokens for any tenant.'
        )

    def _output(self, arguments: list[str]) -> str:
        environ = process_environment(AZURE_CORE_NO_COLOR="true")
        if self._folder:
            environ["PATH"] = os.pathsep.join([self._folder, environ.get("PATH", "")])
        az = find(environ, "az.cmd", "az") if os.name == "nt" else find(environ, "az")
        if az is None:
            raise CredentialUnavailableError(message=f"Azure CLI not found on path{self._nor_in_folder()}")
        try:
            ended = run([az, "account", "get-access-token", "--output", "json", *arguments], environ, self._limit_s)
        except ToolTimeoutError as error:
            said = f"Failed to invoke the Azure CLI: no response within {self._limit_s:g} seconds"
            raise CredentialUnavailableError(message=said) from error
        except ToolError as error:
            raise CredentialUnavailableError(message=f"Failed to execute '{az}'") from error
        if ended.code:
            self._refuse(ended)
        return ended.output

    def _nor_in_folder(self) -> str:
        return f" or in {self._folder}, the folder set in AzureCLIPath" if self._folder else ""

    def _refuse(self, ended: CompletedTool) -> NoReturn:
        said = ended.errors
        if ended.code == _NOT_FOUND_CODE or said.startswith("'az' is not recognized"):
            raise CredentialUnavailableError(message=f"Azure CLI not found on path{self._nor_in_folder()}")
        if ("az login" in said or "az account set" in said) and "AADSTS" not in said:
            raise CredentialUnavailableError(message="Please run 'az login' to set up an account")
        raise self._failed(_without_token(said) if said else "Failed to invoke Azure CLI")

    def _token_in(self, output: str) -> AccessTokenInfo:
        try:
            return _token(json.loads(output))
        except (KeyError, ValueError, TypeError, OverflowError, RecursionError):
            said = f"Unexpected output from Azure CLI: '{_without_token(output)}'. \n"
            raise self._failed(
                f"{said}To mitigate this issue, please refer to the troubleshooting guidelines here at "
                f"{_TROUBLESHOOTING}."
            ) from None

    def _failed(self, message: str) -> ClientAuthenticationError:
        return (CredentialUnavailableError if self._in_chain else ClientAuthenticationError)(message=message)


def _token(answer: Mapping[str, Any]) -> AccessTokenInfo:
    """Raises KeyError, TypeError, ValueError or OverflowError if `answer` is not a token response."""
    token = answer["accessToken"]
    if not _TOKEN.fullmatch(token):
        raise ValueError("no token")
    if "expires_on" in answer:
        return AccessTokenInfo(token, int(answer["expires_on"]))
    local = datetime.strptime(answer["expiresOn"], "%Y-%m-%d %H:%M:%S.%f")  # noqa: DTZ007 - az prints local time
    return AccessTokenInfo(token, int(local.timestamp()))


def _without_token(text: str) -> str:
    return re.sub(r"\"accessToken\"\s*:\s*\"(.*?)(\"|$)", "****", text)


def _claims_unsupported(scopes: tuple[str, ...], options: TokenRequestOptions) -> str:
    claims = base64.b64encode((options.get("claims") or "").encode()).decode()
    tenant = f" --tenant {options['tenant_id']}" if options.get("tenant_id") else ""
    return (
        "This credential doesn't support claims challenges. To authenticate with the required claims, please run the "
        "following command (requires Azure CLI version 2.76.0 or later): "
        f"az login --claims-challenge {claims}{tenant} --scope {scopes[0]}"
    )
