"""When a failing member ended a chain early: who was never asked, and the switch that skips the one that failed."""

from collections.abc import Sequence

from secrets_app.diagnosis.cause import Weight
from secrets_app.diagnosis.causes import CAUSES
from secrets_app.diagnosis.weighing import Member

_SWITCHES = {
    "EnvironmentCredential": "exclude_environment_credential=True",
    "WorkloadIdentityCredential": "exclude_workload_identity_credential=True",
    "ManagedIdentityCredential": "exclude_managed_identity_credential=True",
    "SharedTokenCacheCredential": "exclude_shared_token_cache_credential=True",
    "VisualStudioCodeCredential": "exclude_visual_studio_code_credential=True",
    "AzureCliCredential": "exclude_cli_credential=True",
    "AzurePowerShellCredential": "exclude_powershell_credential=True",
    "AzureDeveloperCliCredential": "exclude_developer_cli_credential=True",
    "BrokerCredential": "exclude_broker_credential=True",
}
"""DefaultAzureCredential's argument that leaves a member out."""


def what_was_hidden(failed: Member, behind: Sequence[str]) -> str:
    """A sentence naming the members that were never asked; empty when the chain did not stop at `failed`."""
    if not behind or CAUSES[failed.cause].weight < Weight.TROUBLE:
        return ""
    names = ", ".join(behind)
    switch = _SWITCHES.get(failed.credential)
    way_out = (
        f" To skip it: DefaultAzureCredential({switch}), or name the one you mean in AZURE_TOKEN_CREDENTIALS."
        if switch
        else ""
    )
    return f"It stopped at {failed.credential}. Never asked: {names}.{way_out}"
