"""Local emulator of managed identity, Microsoft Entra ID and Key Vault under their real host names."""

from localazure.emulator import LocalAzure
from localazure.scenarios import SCENARIOS, Host, Scenario, UnknownScenarioError
from localazure.scenarios.faults import Fault, FaultInjection

__all__ = ["SCENARIOS", "Fault", "FaultInjection", "Host", "LocalAzure", "Scenario", "UnknownScenarioError"]
