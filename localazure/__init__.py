"""Local emulator of managed identity, Microsoft Entra ID and Key Vault under their real host names."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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

_MODULES = {
    "AccessToken": "crypto.tokens",
    "CommandResult": "services.azure_cli.result",
    "Fault": "scenarios.faults",
    "FaultInjection": "scenarios.faults",
    "ListenError": "server.background_server",
    "LocalAzure": "emulator",
    "ReceivedRequest": "state.request_log",
    "SeedError": "scenarios.seed_position",
    "VaultSecrets": "state.vault_secrets",
}


def __getattr__(name: str) -> Any:
    """The public names, imported at their first use: pytest loads the plugin of this package also where none is used.

    https://peps.python.org/pep-0562/
    """
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES.get(name, 'scenarios')}"), name)
