"""First steps where no user signs in to a tool: on a platform of Azure, in a pod, in a notebook, in a pipeline."""

from collections.abc import Mapping
from enum import Enum, auto

from secrets_app.core.reading import Platform
from secrets_app.diagnosis.command_values import CommandValues
from secrets_app.diagnosis.stacks import Stack


class Host(Enum):
    """Kinds of places that differ in how a program gets an identity."""

    POD = auto()
    APP = auto()
    SYNAPSE = auto()
    DATABRICKS = auto()
    PIPELINE = auto()
    WORKFLOW = auto()


_PLATFORMS = {
    Platform.KUBERNETES: Host.POD,
    Platform.APP_SERVICE: Host.APP,
    Platform.FUNCTIONS: Host.APP,
    Platform.CONTAINER_APPS: Host.APP,
}
_STACKS = {
    Stack.CSI_DRIVER: Host.POD,
    Stack.EXTERNAL_SECRETS: Host.POD,
    Stack.CERT_MANAGER: Host.POD,
    Stack.KUBERNETES: Host.POD,
    Stack.SYNAPSE: Host.SYNAPSE,
    Stack.DATABRICKS: Host.DATABRICKS,
    Stack.AZURE_PIPELINES: Host.PIPELINE,
    Stack.GITHUB_ACTIONS: Host.WORKFLOW,
}
_POD = (
    "Use workload identity: label the pod with azure.workload.identity/use, annotate its service account with the "
    "client ID, and recreate the pod."
)
_APP = "Enable the managed identity of this app, give it access to the vault, and restart the app."
_SYNAPSE = "In a Synapse notebook, use mssparkutils.credentials with a linked service, or a service principal."
_DATABRICKS = "In a Databricks notebook, use a secret scope backed by Key Vault, or a service principal."
_PIPELINE = (
    "Run the program in a task with a service connection, such as AzureCLI@2. For a program that reads a service "
    "principal from variables, pass them to the step."
)
_WORKFLOW = "Run azure/login before this step. For a program that reads a service principal, pass it to the step."
_FIXES: Mapping[str, Mapping[Host, str]] = {
    "imds_unreachable": {
        Host.POD: "In a pod, use workload identity. To use the identity of the nodes, assign it to the scale set of "
        "the node pool, and let pods reach 169.254.169.254 without a proxy or a network policy between them.",
        Host.APP: "This platform has no IMDS: update the library or tool to a version that reads IDENTITY_ENDPOINT, "
        "and enable the app's managed identity. Otherwise use a service principal.",
        Host.SYNAPSE: f"IMDS is not available here. {_SYNAPSE}",
        Host.DATABRICKS: f"IMDS is not available here. {_DATABRICKS}",
        Host.PIPELINE: f"A hosted agent has no managed identity. {_PIPELINE}",
        Host.WORKFLOW: f"A hosted runner has no managed identity. {_WORKFLOW}",
    },
    "no_credential_available": {
        Host.POD: _POD,
        Host.APP: _APP,
        Host.SYNAPSE: _SYNAPSE,
        Host.DATABRICKS: _DATABRICKS,
        Host.PIPELINE: _PIPELINE,
        Host.WORKFLOW: _WORKFLOW,
    },
    "az_not_logged_in": {
        Host.SYNAPSE: _SYNAPSE,
        Host.DATABRICKS: _DATABRICKS,
        Host.PIPELINE: _PIPELINE,
        Host.WORKFLOW: _WORKFLOW,
    },
}


def hosted_fix(cause: str, values: CommandValues) -> str | None:
    """The first step for this cause where the failed program runs; None if that does not change it."""
    host = (_STACKS.get(values.stack) if values.stack else None) or _PLATFORMS.get(values.platform)
    return _FIXES.get(cause, {}).get(host) if host else None
