"""The pytest plugin that the repository of the SDK loads for every package."""

import asyncio
import sys
import time
from collections.abc import Iterator

import pytest

from devtools_testutils import environment_variables, recorded_test

__all__ = ["environment_variables", "recorded_test"]
LONGEST_SLEEP_S, SHORT_SLEEP_S = 1.0, 0.02
"""Longer sleeps, up to a minute, wait for Azure to finish a deletion. In Local Azure it is finished at once."""


def pytest_configure(config: pytest.Config) -> None:
    for name in ("live_test_only", "playback_test_only"):
        config.addinivalue_line("markers", f"{name}: runs in one mode only")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for name, preparer in (("_test_case", "SecretsClientPreparer"), ("_async_test_case", "AsyncSecretsClientPreparer")):
        if name in sys.modules:  # Microsoft's pipelines use only the newest API version in live mode
            getattr(sys.modules[name], preparer)._skip_if_not_configured = lambda *_ignored: None  # noqa: SLF001
    for item in items:
        if item.get_closest_marker("playback_test_only"):
            item.add_marker(pytest.mark.skip(reason="needs a recording"))


@pytest.fixture(scope="session", autouse=True)
def shorter_sleeps() -> Iterator[None]:
    """Shorten the sleeps that are longer than LONGEST_SLEEP_S."""
    sleep, async_sleep = time.sleep, asyncio.sleep

    def shortened(seconds: float) -> float:
        return seconds if seconds <= LONGEST_SLEEP_S else SHORT_SLEEP_S

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "sleep", lambda seconds: sleep(shortened(seconds)))
        patch.setattr(asyncio, "sleep", lambda seconds, *result: async_sleep(shortened(seconds), *result))
        yield
