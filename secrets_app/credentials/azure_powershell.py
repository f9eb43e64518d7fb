"""Azure PowerShell credential that ends with its reading. azure-identity's only ends by its own time limit.

Script and messages are those of azure-identity 1.27 (azure_powershell.py, MIT licence), whose PowerShell inherits the
site's environment.
"""

import base64
import os
import re

from azure.core.credentials import AccessTokenInfo, TokenRequestOptions
from azure.identity import CredentialUnavailableError

from secrets_app.azure_client.process import CompletedTool, ToolError, find, process_environment, run
from secrets_app.credentials.tool_credential import ToolCredential, single_scope

_TROUBLESHOOTING = "https://aka.ms/azsdk/python/identity/powershellcredential/troubleshoot"
_NO_MODULE = "NO_AZ_ACCOUNT_MODULE"
_NOT_FOUND_EXIT_CODE = 127
_RESULT = re.compile(r"(?:^|\s)azsdk%([!-$&-~]{1,20000})%([0-9]{1,12})(?=\s|$)")
"""The line with the token and the time at which it expires."""
_SCRIPT = """$ErrorActionPreference = 'Stop'
[version]$minimumVersion = '2.2.0'

$m = Import-Module Az.Accounts -MinimumVersion $minimumVersion -PassThru -ErrorAction SilentlyContinue

if (! $m) {{
    Write-Output {}
    exit
}}

$params = @{{ 'ResourceUrl' = '{}'; 'WarningAction' = 'Ignore' }}

$tenantId = '{}'
if ($tenantId.Length -gt 0) {{
    $params['TenantId'] = $tenantId
}}

if ($m.Version -ge [version]'2.17.0' -and $m.Version -lt [version]'5.0.0') {{
    $params['AsSecureString'] = $true
}}

$token = Get-AzAccessToken @params
$tokenValue = $token.Token
if ($tokenValue -is [System.Security.SecureString]) {{
    if ($PSVersionTable.PSVersion.Major -lt 7) {{
        $ssPtr = [System.Runtime.InteropServices.Marshal]::SecureStringToBSTR($tokenValue)
        try {{
            $tokenValue = [System.Runtime.InteropServices.Marshal]::PtrToStringBSTR($ssPtr)
        }}
        finally {{
            [System.Runtime.InteropServices.Marshal]::ZeroFreeBSTR($ssPtr)
        }}
    }}
    else {{
        $tokenValue = $tokenValue | ConvertFrom-SecureString -AsPlainText
    }}
}}
Write-Output "`nazsdk%$($tokenValue)%$($token.ExpiresOn.ToUnixTimeSeconds())`n"
"""
"""Arguments: the word that reports a missing module, the resource, the tenant."""


class AzurePowerShellCredential(ToolCredential):
    """Gets tokens for the account that is signed in to Azure PowerShell."""

    def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        """The token of Get-AzAccessToken. Raises CredentialUnavailableError, ClientAuthenticationError, ValueError."""
        options = options or {}
        if options.get("claims"):
            raise CredentialUnavailableError(message=_claims_unsupported(options))
        resource = single_scope(scopes, "PowerShell").removesuffix("/.default")
        script = _SCRIPT.format(_NO_MODULE, resource, self._tenant(options.get("tenant_id")) or "")
        output = self._output(base64.b64encode(script.encode("utf-16-le")).decode())
        token = _RESULT.search(output)
        if token is None:
            self._raise_unexpected("Get-AzAccessToken", output, _TROUBLESHOOTING)
        return AccessTokenInfo(token[1], int(token[2]))

    def _output(self, encoded_script: str) -> str:
        environ = process_environment()
        powershell = find(environ, "pwsh", "powershell") if os.name == "nt" else find(environ, "pwsh")
        if powershell is None:
            raise CredentialUnavailableError(message="PowerShell is not installed")
        command = [powershell, "-NoProfile", "-NonInteractive", "-EncodedCommand", encoded_script]
        try:
            completed = run(command, environ, self._timeout_s)
        except ToolError as error:
            message = (
                "Failed to invoke PowerShell.\nTo mitigate this issue, please refer to the troubleshooting guidelines "
                f"here at {_TROUBLESHOOTING}."
            )
            raise CredentialUnavailableError(message=message) from error
        if failure := _failure(completed):
            raise CredentialUnavailableError(message=failure)
        return completed.stdout


def _failure(completed: CompletedTool) -> str | None:
    """The message for a run without a token; PowerShell's own output is too long for one."""
    if completed.exit_code == 0:
        return "Az.Account module >= 2.2.0 is not installed" if _NO_MODULE in completed.stdout else None
    if completed.exit_code == _NOT_FOUND_EXIT_CODE or "' is not recognized" in completed.stderr:
        return "PowerShell is not installed"
    if "Run Connect-AzAccount to login" in completed.stderr:
        return 'Please run "Connect-AzAccount" to set up account'
    if "AuthorizationManager check failed" in completed.stderr:
        return "Execution policy prevented invoking Azure PowerShell"
    return "Failed to invoke PowerShell. Enable debug logging for additional information."


def _claims_unsupported(options: TokenRequestOptions) -> str:
    claims = base64.b64encode((options.get("claims") or "").encode()).decode()
    tenant = f" -Tenant {options['tenant_id']}" if options.get("tenant_id") else ""
    return (
        "This credential doesn't support claims challenges. To authenticate with the required claims, please run the "
        "following command (requires Az.Accounts module version 5.2.0 or later): "
        f"Connect-AzAccount -ClaimsChallenge {claims}{tenant}"
    )
