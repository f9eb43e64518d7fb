"""Local emulator of managed identity, Microsoft Entra ID and Key Vault under their real host names."""

from localazure.crypto.tokens import AccessToken
from localazure.emulator import LocalAzure
from localazure.scenarios import SCENARIOS, Host, Scenario, UnknownScenarioError
from localazure.scenarios.faults import Fault, FaultInjection
from localazure.scenarios.seed_position import SeedError
from localazure.server.background_server import ListenError
from localazure.services.azure_cli.result import CommandResult
from localazure.state.request_log import ReceivedRequest
from localazure.state.vault_secrets import VaultSecrets

__version__ = "0.3.0"

__all__ = [
    "SCENARIOS",
    "AccessToken",
    "CommandResult",
    "Fault",
    "FaultInjection",
    "Host",
    "ListenError",
    "LocalAzure",
    "ReceivedRequest",
    "Scenario",
    "SeedError",
    "UnknownScenarioError",
    "VaultSecrets",
]
