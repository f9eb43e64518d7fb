"""Malformed requests get a response or a closed connection and cause no errors."""

from collections.abc import Callable

import httpx
import pytest
from fuzzing import fuzz

from localazure import LocalAzure

ROUNDS = 200
pytest_plugins = ["scenario_fixtures"]


@pytest.mark.attack
@pytest.mark.parametrize("scenario", ["vm", "app-service"])
def test_malformed_requests__cause_no_server_errors(
    scenario: str, http_client: Callable[[LocalAzure], httpx.Client]
) -> None:
    with LocalAzure(scenario) as azure:
        result = fuzz(azure, ROUNDS, seed=20)
        assert result.errors == []
        assert sum(result.statuses.values()) == ROUNDS
        azure.reset()
        assert http_client(azure).get("https://contoso.vault.azure.net/secrets/demo").status_code == 401
