"""Azure CLI credential with an enforceable time limit and a configurable az folder.

azure-identity 1.27 looks for az only on PATH, and on a timeout ends only the az script, not the Python process that the
script started. Neither can be changed from outside. The arguments and messages here are those of its azure_cli.py:
tests/credentials/test_azure_cli.py runs both with the same az and compares the results.
"""

import base64
import json
import os
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NoReturn

from azure.core.credentials import AccessTokenInfo, SupportsTokenInfo, TokenRequestOptions
from azure.identity import CredentialUnavailableError

from secrets_app.azure_client.process import CompletedTool, ToolError, ToolTimeoutError, find, process_environment, run
from secrets_app.azure_client.timeouts import az_timeout_s
from secrets_app.core.credential_options import CredentialOptions
from secrets_app.credentials.arguments import process, without_unset
from secrets_app.credentials.azure_developer_cli import AzureDeveloperCliCredential
from secrets_app.credentials.azure_powershell import AzurePowerShellCredential
from secrets_app.credentials.tool_credential import TOKEN, ToolCredential, single_scope

_TROUBLESHOOTING = "https://aka.ms/azsdk/python/identity/azclicredential/troubleshoot"
_NOT_FOUND_EXIT_CODE = 127


class AzureCliCredential(ToolCredential):
    """Gets tokens for the account that is signed in to az."""

    def __init__(self, *, subscription: str | None = None, folder: str | None = None, **common: Any) -> None:
        """`folder` is searched before PATH, for az only."""
        super().__init__(**common)
        self._subscription = subscription
        self._folder = folder

    def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        """The token that az prints. Raises CredentialUnavailableError, ClientAuthenticationError, ValueError."""
        options = options or {}
        if options.get("claims"):
            raise CredentialUnavailableError(message=_claims_unsupported(scopes, options))
        arguments = ["--resource", single_scope(scopes, "Azure CLI").removesuffix("/.default")]
        tenant = self._tenant(options.get("tenant_id"))
        # azure-identity passes both, which az rejects: every vault names a tenant. A subscription implies its tenant.
        if self._subscription:
            arguments += ["--subscription", self._subscription]
        elif tenant:
            arguments += ["--tenant", tenant]
        return self._parse_output(self._output(arguments))

    def _output(self, arguments: list[str]) -> str:
        environ = process_environment(AZURE_CORE_NO_COLOR="true")
        if self._folder:
            environ["PATH"] = os.pathsep.join([self._folder, environ.get("PATH", "")])
        az = find(environ, "az.cmd", "az") if os.name == "nt" else find(environ, "az")
        if az is None:
            raise CredentialUnavailableError(message=f"Azure CLI not found on path{self._folder_suffix()}")
        try:
            completed = run(
                [az, "account", "get-access-token", "--output", "json", *arguments], environ, self._timeout_s
            )
        except ToolTimeoutError as error:
            message = f"Failed to invoke the Azure CLI: no response within {self._timeout_s:g} seconds"
            raise CredentialUnavailableError(message=message) from error
        except ToolError as error:
            raise CredentialUnavailableError(message=f"Failed to execute '{az}'") from error
        if completed.exit_code:
            self._raise_error(completed)
        return completed.stdout

    def _folder_suffix(self) -> str:
        return f" or in {self._folder}, the folder set in AzureCLIPath" if self._folder else ""

    def _raise_error(self, completed: CompletedTool) -> NoReturn:
        stderr = completed.stderr
        if completed.exit_code == _NOT_FOUND_EXIT_CODE or stderr.startswith("'az' is not recognized"):
            raise CredentialUnavailableError(message=f"Azure CLI not found on path{self._folder_suffix()}")
        if ("az login" in stderr or "az account set" in stderr) and "AADSTS" not in stderr:
            raise CredentialUnavailableError(message="Please run 'az login' to set up an account")
        raise self._error(_without_token(stderr) if stderr else "Failed to invoke Azure CLI")

    def _parse_output(self, output: str) -> AccessTokenInfo:
        try:
            return _token(json.loads(output))
        except (KeyError, ValueError, TypeError, OverflowError, RecursionError):
            self._raise_unexpected("Azure CLI", output, _TROUBLESHOOTING)


def _token(document: Mapping[str, Any]) -> AccessTokenInfo:
    """Raises KeyError, TypeError, ValueError or OverflowError if `document` is not a token response."""
    token = document["accessToken"]
    if not TOKEN.fullmatch(token):
        raise ValueError("no token")
    if "expires_on" in document:
        return AccessTokenInfo(token, int(document["expires_on"]))
    local = datetime.strptime(document["expiresOn"], "%Y-%m-%d %H:%M:%S.%f")  # noqa: DTZ007 - az prints local time
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


def azure_cli(options: CredentialOptions, deadline_s: float, *, in_chain: bool = False) -> SupportsTokenInfo:
    """az, from the configured folder and for the configured subscription."""
    return AzureCliCredential(
        in_chain=in_chain,
        **_common(options, deadline_s),
        **without_unset(subscription=options.az_subscription, folder=options.az_folder),
    )


def azure_powershell(options: CredentialOptions, deadline_s: float, *, in_chain: bool = False) -> SupportsTokenInfo:
    """Get-AzAccessToken."""
    return AzurePowerShellCredential(
        in_chain=in_chain, **{**_common(options, deadline_s), **process(options, deadline_s)}
    )


def azure_developer_cli(options: CredentialOptions, deadline_s: float, *, in_chain: bool = False) -> SupportsTokenInfo:
    """azd auth token."""
    return AzureDeveloperCliCredential(
        in_chain=in_chain, **{**_common(options, deadline_s), **process(options, deadline_s)}
    )


def _common(options: CredentialOptions, deadline_s: float) -> dict[str, Any]:
    return {
        "additionally_allowed_tenants": options.additional_tenants,
        "process_timeout": options.process_timeout_s or az_timeout_s(deadline_s),
        **without_unset(tenant_id=options.tenant_id),
    }
