"""Noise of every kind gets an answer or a close, and leaves nothing behind."""

from collections.abc import Callable

import httpx
import pytest
from fuzzing import fuzz

from localazure import LocalAzure

pytest_plugins = ["local_worlds"]


@pytest.mark.parametrize("scenario", ["vm", "app-service"])
def test_noise_makes_no_fault(scenario: str, browse: Callable[[LocalAzure], httpx.Client]) -> None:
    with LocalAzure(scenario) as azure:
        result = fuzz(azure, 150, seed=20)
        assert result.faults == []
        assert "500" not in result.statuses
        assert sum(result.statuses.values()) == 150
        assert browse(azure).get("https://contoso.vault.azure.net/secrets/demo").status_code == 401
