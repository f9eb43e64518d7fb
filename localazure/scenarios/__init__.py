"""The scenarios: where a program runs, which identities and vaults exist, and what fails."""

from localazure.scenarios.catalog import (
    DEFAULT_SCENARIO,
    DEMO_SECRET,
    SCENARIOS,
    UnknownScenarioError,
    find_scenario,
    vault_read_by,
)
from localazure.scenarios.scenario import Host, Scenario

__all__ = [
    "DEFAULT_SCENARIO",
    "DEMO_SECRET",
    "SCENARIOS",
    "Host",
    "Scenario",
    "UnknownScenarioError",
    "find_scenario",
    "vault_read_by",
]
