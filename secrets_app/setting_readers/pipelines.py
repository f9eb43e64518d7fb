"""What the tasks AzureCLI@2 and AzurePowerShell@5 of Azure Pipelines say about their service connection.

https://learn.microsoft.com/python/api/azure-identity/azure.identity.azurepipelinescredential
"""

from secrets_app.setting_readers.problem import Given

_OF_THE_TASK = {
    "KVSITE_TENANT_ID": "AZURESUBSCRIPTION_TENANT_ID",
    "KVSITE_CLIENT_ID": "AZURESUBSCRIPTION_CLIENT_ID",
    "KVSITE_PIPELINES_SERVICE_CONNECTION_ID": "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID",
}


def filled_by_the_task(given: Given) -> Given:
    """The settings, where they say nothing of their own with what the task says."""
    return {ours: given[of_task] for ours, of_task in _OF_THE_TASK.items() if of_task in given} | dict(given)


SETTINGS: dict[str, tuple[str, str]] = {
    "KVSITE_PIPELINES_SERVICE_CONNECTION_ID": ("", "The service connection, for `azure-pipelines`."),
    "SYSTEM_ACCESSTOKEN": ("", "The job's own token, for `azure-pipelines`: map it with `$(System.AccessToken)`."),
    **{
        of_task: ("", f"Set by the task AzureCLI@2: it stands in for `{ours}`, for `azure-pipelines`.")
        for ours, of_task in _OF_THE_TASK.items()
    },
}
