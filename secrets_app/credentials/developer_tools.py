"""Azure CLI, Azure PowerShell and azd: tokens for the account that is signed in to them."""

from azure.core.credentials import SupportsTokenInfo
from azure.identity import AzureDeveloperCliCredential, AzurePowerShellCredential

from secrets_app.azure_client.timeouts import az_timeout_s
from secrets_app.core.credential_options import CredentialOptions
from secrets_app.credentials.arguments import process, tenants, without_unset
from secrets_app.credentials.azure_cli import AzureCliCredential


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
