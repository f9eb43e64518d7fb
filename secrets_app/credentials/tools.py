"""az, Azure PowerShell and azd, asked for the token of whoever is signed in to them."""

from azure.core.credentials import SupportsTokenInfo
from azure.identity import AzureDeveloperCliCredential, AzurePowerShellCredential

from secrets_app.credentials.arguments import given, process, tenants
from secrets_app.credentials.azure_cli import AzureCliCredential
from secrets_app.patience import az_limit_s
from secrets_app.sign_in import SignIn


def azure_cli(sign_in: SignIn, deadline_s: float, *, in_chain: bool = False) -> SupportsTokenInfo:
    """az, in the folder and for the subscription that the settings name."""
    return AzureCliCredential(
        in_chain=in_chain,
        additionally_allowed_tenants=sign_in.additional_tenants,
        process_timeout=sign_in.process_timeout_s or az_limit_s(deadline_s),
        **given(tenant_id=sign_in.tenant_id, subscription=sign_in.az_subscription, folder=sign_in.az_folder),
    )


def azure_powershell(sign_in: SignIn, deadline_s: float) -> SupportsTokenInfo:
    """Get-AzAccessToken."""
    return AzurePowerShellCredential(**tenants(sign_in), **process(sign_in, deadline_s))


def azure_developer_cli(sign_in: SignIn, deadline_s: float) -> SupportsTokenInfo:
    """azd auth token."""
    return AzureDeveloperCliCredential(**tenants(sign_in), **process(sign_in, deadline_s))
