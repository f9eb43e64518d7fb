"""Worlds for tests: entered by the environment alone, as a program enters them."""

import os
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from localazure import LocalAzure

Enter = Callable[..., LocalAzure]


@pytest.fixture
def enter(monkeypatch: pytest.MonkeyPatch) -> Iterator[Enter]:
    """Starts a scenario and puts this process inside it; everything is undone at the end of the test."""
    with ExitStack() as worlds:

        def start(scenario: str, **knobs: Any) -> LocalAzure:
            azure = worlds.enter_context(LocalAzure(scenario, **knobs))
            for name in set(os.environ) - {"PYTEST_CURRENT_TEST"}:
                monkeypatch.delenv(name)
            for name, value in azure.env.items():
                monkeypatch.setenv(name, value)
            return azure

        yield start


@pytest.fixture
def browse() -> Iterator[Callable[[LocalAzure], httpx.Client]]:
    """A plain HTTP client inside a world, for looking at answers without an SDK in between."""
    with ExitStack() as clients:

        def client(azure: LocalAzure) -> httpx.Client:
            trusted = ssl.create_default_context(cafile=azure.env["SSL_CERT_FILE"])
            proxied = httpx.Client(proxy=azure.env["HTTPS_PROXY"], verify=trusted, trust_env=False, timeout=10)
            return clients.enter_context(proxied)

        yield client
