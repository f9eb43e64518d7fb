"""Fixtures that run a test in a scenario, using only environment variables as a program would."""

import os
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
from management_client import Management

from localazure import LocalAzure

StartScenario = Callable[..., LocalAzure]


@pytest.fixture
def start_scenario(monkeypatch: pytest.MonkeyPatch) -> Iterator[StartScenario]:
    """Start a scenario and apply its environment to this process until the end of the test."""
    with ExitStack() as scenarios:

        def start(scenario: str, **options: Any) -> LocalAzure:
            azure = scenarios.enter_context(LocalAzure(scenario, **options))
            for name in set(os.environ) - {"PYTEST_CURRENT_TEST"}:
                monkeypatch.delenv(name)
            for name, value in azure.env.items():
                monkeypatch.setenv(name, value)
            return azure

        yield start


@pytest.fixture
def http_client() -> Iterator[Callable[[LocalAzure], httpx.Client]]:
    """Create plain HTTP clients in a scenario, for responses without an SDK."""
    with ExitStack() as clients:

        def client(azure: LocalAzure) -> httpx.Client:
            context = ssl.create_default_context(cafile=azure.env["SSL_CERT_FILE"])
            created = httpx.Client(proxy=azure.env["HTTPS_PROXY"], verify=context, trust_env=False, timeout=30)
            return clients.enter_context(created)

        yield client


@pytest.fixture
def management(
    start_scenario: StartScenario, http_client: Callable[[LocalAzure], httpx.Client]
) -> Callable[..., Management]:
    """Start a scenario and return its management client."""

    def start(scenario: Any, **options: Any) -> Management:
        azure = start_scenario(scenario, **options)
        return Management(azure, http_client(azure))

    return start
