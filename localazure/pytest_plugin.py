"""The pytest plugin: tests that run in a scenario of Local Azure.

Registered under the entry point `pytest11` of the package `localazure`. Each test gets a scenario of its own, on a free
port and with a temporary folder, so that tests can run in parallel processes.
"""

import os
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from localazure.scenarios import DEFAULT_SCENARIO, Scenario, UnknownScenarioError

if TYPE_CHECKING:  # the fixtures import it: pytest loads this module also where no test uses them
    from localazure.emulator import LocalAzure

MARKER = "local_azure"
INI = "local_azure_scenario"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini(INI, "scenario of the fixture local_azure in tests without a marker", default=DEFAULT_SCENARIO)


def pytest_configure(config: pytest.Config) -> None:
    line = "local_azure(scenario, **options): the scenario of the fixture local_azure, and the arguments of LocalAzure"
    config.addinivalue_line("markers", line)


@pytest.fixture
def local_azure_world() -> "Iterator[Callable[..., LocalAzure]]":
    """Start a scenario: `local_azure_world("no-role", seed=...)` takes the arguments of LocalAzure.

    It runs until the end of the test. The test itself is in the scenario only within `with azure.active():`; a child
    process is with `env=azure.env`.
    """
    from localazure.emulator import LocalAzure

    with ExitStack() as scenarios:

        def start(scenario: str | Scenario = DEFAULT_SCENARIO, **options: Any) -> LocalAzure:
            return scenarios.enter_context(LocalAzure(scenario, **options))

        yield start


@pytest.fixture
def local_azure(
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    local_azure_world: "Callable[..., LocalAzure]",
) -> "Iterator[LocalAzure]":
    """A running scenario; the environment variables of this process are those of a program in it until the end."""
    marker = request.node.get_closest_marker(MARKER)
    arguments, options = (marker.args, marker.kwargs) if marker else ((), {})
    try:
        azure = local_azure_world(*(arguments or (request.config.getini(INI),)), **options)
    except UnknownScenarioError as error:
        pytest.fail(f"local_azure: {error}", pytrace=False)
    with azure.active(_PatchedEnvironment(monkeypatch)):
        yield azure


class _PatchedEnvironment(MutableMapping[str, str]):
    """`os.environ`, changed with monkeypatch: its changes and those of the test are undone in the right order."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    def __getitem__(self, name: str) -> str:
        return os.environ[name]

    def __setitem__(self, name: str, value: str) -> None:
        self._monkeypatch.setenv(name, value)

    def __delitem__(self, name: str) -> None:
        self._monkeypatch.delenv(name)

    def __iter__(self) -> Iterator[str]:
        return iter(list(os.environ))

    def __len__(self) -> int:
        return len(os.environ)
