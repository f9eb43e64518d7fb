"""Replaces the test helper of the Azure SDK's repository, which is not published.

Tests run in live mode: there is no recording, and every request goes to the service, which is Local Azure.

https://github.com/Azure/azure-sdk-for-python/tree/main/eng/tools/azure-sdk-tools/devtools_testutils
"""

import asyncio
import functools
import hashlib
import os
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeVar

import pytest
from azure.identity import DefaultAzureCredential
from azure.identity.aio import DefaultAzureCredential as AsyncDefaultAzureCredential

Test = TypeVar("Test", bound=Callable[..., Any])


def is_live() -> bool:
    """Tests are always run against the service."""
    return True


class AzureRecordedTestCase:
    """Base class of the tests that use a service."""

    @property
    def is_live(self) -> bool:
        return is_live()

    def get_resource_name(self, name: str) -> str:
        """Return a name that is the same in a test and different in every other test."""
        test = os.environ["PYTEST_CURRENT_TEST"].rpartition(" ")[0]
        return f"{name}{hashlib.sha256(test.encode()).hexdigest()[:12]}"

    def get_credential(self, _client_type: type, *, is_async: bool = False) -> Any:
        """Return the credential of the scenario."""
        return AsyncDefaultAzureCredential() if is_async else DefaultAzureCredential()

    def create_client_from_credential(self, client_type: type, credential: Any, **options: Any) -> Any:
        """Return a client that logs requests unless the test says otherwise."""
        options.setdefault("logging_enable", True)
        return client_type(credential=credential, **options)

    @staticmethod
    def await_prepared_test(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
        """Return `test` as a function that runs to its end."""

        @functools.wraps(test)
        def run(*positional: Any, **named: Any) -> None:
            asyncio.run(test(*positional, **named))

        return run

    def fail(self, message: str) -> None:
        """End the test with a failure."""
        pytest.fail(message)


def recorded_by_proxy(test: Test) -> Test:
    """Return `test`: nothing is recorded."""
    return test


class EnvironmentVariables:
    """Reads environment variables."""

    def get(self, name: str) -> str | None:
        return os.environ.get(name)

    def sanitize_batch(self, _names: Mapping[str, str]) -> None:
        """Do nothing: nothing is recorded."""


@pytest.fixture(scope="session")
def test_proxy() -> None:
    """Not needed: nothing is recorded."""


test_proxy.__test__ = False  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def environment_variables() -> EnvironmentVariables:
    return EnvironmentVariables()


@pytest.fixture
def recorded_test() -> None:
    """Not needed: nothing is recorded."""


def _nothing(*_positional: object, **_named: object) -> None:
    """Sanitizers and matchers of recordings: nothing is recorded."""


add_body_key_sanitizer = add_general_regex_sanitizer = add_header_regex_sanitizer = _nothing
add_oauth_response_sanitizer = add_remove_header_sanitizer = remove_batch_sanitizers = _nothing
set_bodiless_matcher = set_custom_default_matcher = _nothing
