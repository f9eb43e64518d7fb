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
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import AzureDeveloperCliCredential, AzurePowerShellCredential, CredentialUnavailableError

from secrets_app.azure_client.process import CompletedTool, ToolError, ToolTimeoutError, find, process_environment, run
from secrets_app.azure_client.timeouts import az_timeout_s
from secrets_app.core.credential_options import CredentialOptions
from secrets_app.credentials.arguments import process, tenants, without_unset

_TROUBLESHOOTING = "https://aka.ms/azsdk/python/identity/azclicredential/troubleshoot"
_MULTITENANT_DISABLED = "AZURE_IDENTITY_DISABLE_MULTITENANTAUTH"
_NOT_FOUND_EXIT_CODE = 127
_TENANT = re.compile(r"[0-9a-zA-Z][0-9a-zA-Z.-]*")
_SCOPE = re.compile(r"[0-9a-zA-Z][0-9a-zA-Z_.:/-]*")
"""Neither begins with a hyphen: az would take it for an argument."""
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
        self._timeout_s = process_timeout
        self._tenant_id = tenant_id
        self._additional_tenants = additionally_allowed_tenants
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
        return self._parse_output(self._output(arguments))

    def close(self) -> None:
        """Nothing to close."""

    def __enter__(self) -> "AzureCliCredential":
        return self

    def __exit__(self, *_args: object) -> None:
        self.close()

    def _tenant(self, requested: str | None) -> str | None:
        """The tenant to pass to az: the configured one, or another one if the settings allow it."""
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
            # The output may be a token in any format, so it is not part of the message.
            raise self._error(
                f"Unexpected output from Azure CLI: {len(output)} characters that are not a token response. \n"
                "To mitigate this issue, please refer to the troubleshooting guidelines here at "
                f"{_TROUBLESHOOTING}."
            ) from None

    def _error(self, message: str) -> ClientAuthenticationError:
        return (CredentialUnavailableError if self._in_chain else ClientAuthenticationError)(message=message)


def _token(document: Mapping[str, Any]) -> AccessTokenInfo:
    """Raises KeyError, TypeError, ValueError or OverflowError if `document` is not a token response."""
    token = document["accessToken"]
    if not _TOKEN.fullmatch(token):
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
        additionally_allowed_tenants=options.additional_tenants,
        process_timeout=options.process_timeout_s or az_timeout_s(deadline_s),
        **without_unset(tenant_id=options.tenant_id, subscription=options.az_subscription, folder=options.az_folder),
    )


def azure_powershell(options: CredentialOptions, deadline_s: float) -> SupportsTokenInfo:
    """Get-AzAccessToken."""
    return AzurePowerShellCredential(**tenants(options), **process(options, deadline_s))


def azure_developer_cli(options: CredentialOptions, deadline_s: float) -> SupportsTokenInfo:
    """azd auth token."""
    return AzureDeveloperCliCredential(**tenants(options), **process(options, deadline_s))
