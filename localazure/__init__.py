"""Azure on this machine: managed identity, Entra ID and Key Vault under their real names, no account, no network."""

from localazure.local_azure import LocalAzure
from localazure.scenarios import SCENARIOS, Host, Scenario, UnknownScenarioError

__all__ = ["SCENARIOS", "Host", "LocalAzure", "Scenario", "UnknownScenarioError"]
