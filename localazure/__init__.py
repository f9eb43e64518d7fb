"""Azure on this machine: managed identity, Entra ID and Key Vault under their real names, no account, no network."""

from localazure.local_azure import LocalAzure
from localazure.scenario import Host, Scenario
from localazure.scenarios import SCENARIOS, UnknownScenarioError
from localazure.trouble import Fault, Trouble

__all__ = ["SCENARIOS", "Fault", "Host", "LocalAzure", "Scenario", "Trouble", "UnknownScenarioError"]
