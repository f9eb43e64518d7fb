"""Config -> the azure-identity credential that the settings ask for."""

from azure.core.credentials import SupportsTokenInfo
from azure.identity import DefaultAzureCredential

from secrets_app.conf import Config
from secrets_app.patience import credential_limits, process_timeout_s


def build(config: Config) -> SupportsTokenInfo:
    """The credential to read with: Azure's default chain, with limits on how long each member may take."""
    return DefaultAzureCredential(
        process_timeout=process_timeout_s(config.deadline_s), **credential_limits(config.deadline_s)
    )
