"""What the tasks AzureCLI@2 and AzurePowerShell@5 of Azure Pipelines say about their service connection.

https://learn.microsoft.com/python/api/azure-identity/azure.identity.azurepipelinescredential
"""

from collections.abc import Mapping
from dataclasses import replace

from secrets_app.conf.errors import RawSettings
from secrets_app.core.credential_options import CredentialOptions

_TASK_VARIABLES = {
    "KVSITE_TENANT_ID": "AZURESUBSCRIPTION_TENANT_ID",
    "KVSITE_CLIENT_ID": "AZURESUBSCRIPTION_CLIENT_ID",
    "KVSITE_PIPELINES_SERVICE_CONNECTION_ID": "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID",
}


def with_task_variables(given: RawSettings) -> RawSettings:
    """The settings, where they say nothing of their own with what the task says."""
    return {ours: given[of_task] for ours, of_task in _TASK_VARIABLES.items() if of_task in given} | dict(given)


def options_from_task(sign_in: CredentialOptions, variables: Mapping[str, str]) -> CredentialOptions | None:
    """The same with the service connection of the task in it; None where settings and task do not say all it takes."""
    filled = replace(
        sign_in,
        tenant_id=sign_in.tenant_id or variables.get("AZURESUBSCRIPTION_TENANT_ID"),
        client_id=sign_in.client_id or variables.get("AZURESUBSCRIPTION_CLIENT_ID"),
        service_connection_id=sign_in.service_connection_id or variables.get("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID"),
    )
    needed = (filled.tenant_id, filled.client_id, filled.service_connection_id, filled.system_access_token)
    return filled if all(needed) else None


SETTINGS: dict[str, tuple[str, str]] = {
    "KVSITE_PIPELINES_SERVICE_CONNECTION_ID": ("", "The service connection, for `azure-pipelines`."),
    "SYSTEM_ACCESSTOKEN": ("", "The job's own token, for `azure-pipelines`: map it with `$(System.AccessToken)`."),
    **{
        of_task: ("", f"Set by the task AzureCLI@2: it stands in for `{ours}`, for `azure-pipelines`.")
        for ours, of_task in _TASK_VARIABLES.items()
    },
}
