"""Malformed requests get a response or a closed connection and cause no errors."""

from collections.abc import Callable

import httpx
import pytest
from fuzzing import fuzz

from localazure import LocalAzure

pytest_plugins = ["scenario_fixtures"]


@pytest.mark.parametrize("scenario", ["vm", "app-service"])
def test_malformed_requests__cause_no_server_errors(
    scenario: str, http_client: Callable[[LocalAzure], httpx.Client]
) -> None:
    with LocalAzure(scenario) as azure:
        result = fuzz(azure, 150, seed=20)
        assert result.errors == []
        assert "500" not in result.statuses
        assert sum(result.statuses.values()) == 150
        assert http_client(azure).get("https://contoso.vault.azure.net/secrets/demo").status_code == 401
