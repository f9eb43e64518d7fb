"""Settings: the service connection of Azure Pipelines, which the tasks AzureCLI@2 and AzurePowerShell@5 provide.

https://learn.microsoft.com/python/api/azure-identity/azure.identity.azurepipelinescredential
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from secrets_app.conf.setting import REQUIRED, RawSettings, Setting, as_text, by_name
from secrets_app.core.credential_options import CredentialKind, CredentialOptions

SERVICE_CONNECTION = Setting(
    name="KVSITE_PIPELINES_SERVICE_CONNECTION_ID", help="The service connection, for `azure-pipelines`.", default=None,
    parse=as_text, attribute="service_connection_id", checks=(REQUIRED,),
    selects_credential=True,
)  # fmt: skip
ACCESS_TOKEN = Setting(
    name="SYSTEM_ACCESSTOKEN",
    is_secret=True,
    help="The access token of the job, for `azure-pipelines`: map it with `$(System.AccessToken)`.", default=None,
    parse=as_text, attribute="system_access_token", checks=(REQUIRED,),
)  # fmt: skip
_TASK_VARIABLES = {
    "tenant_id": ("KVSITE_TENANT_ID", "AZURESUBSCRIPTION_TENANT_ID"),
    "client_id": ("KVSITE_CLIENT_ID", "AZURESUBSCRIPTION_CLIENT_ID"),
    "service_connection_id": (SERVICE_CONNECTION.name, "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID"),
}
"""Attribute of CredentialOptions -> the site's setting, and the task's variable that replaces it."""

SETTINGS = by_name(
    SERVICE_CONNECTION,
    ACCESS_TOKEN,
    *(
        Setting(
            name=variable, help=f"Set by the task AzureCLI@2: replaces `{setting}`, for `azure-pipelines`.",
            default=None, parse=as_text,
        )
        for setting, variable in _TASK_VARIABLES.values()
    ),
)  # fmt: skip


def with_task_variables(settings: RawSettings) -> RawSettings:
    """The settings; those that are not set have the value of the task's variable."""
    found = {ours: settings[variable] for ours, variable in _TASK_VARIABLES.values() if variable in settings}
    return found | dict(settings)


def options_from_task(options: CredentialOptions, variables: Mapping[str, str]) -> CredentialOptions | None:
    """The options with the task's service connection; None where settings and task together are incomplete."""
    missing: dict[str, Any] = {
        attribute: variables.get(variable)
        for attribute, (_, variable) in _TASK_VARIABLES.items()
        if not getattr(options, attribute)
    }
    filled = replace(options, **missing)
    required = (getattr(filled, attribute) for attribute, _ in CredentialKind.AZURE_PIPELINES.row.requires)
    return filled if all(required) else None
