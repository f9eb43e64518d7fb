"""Fixtures for all tests: a Local Azure scenario for the process, isolated from the machine's own environment."""

import functools
import gc
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from django.test import Client
from hypothesis import settings as hypothesis_settings
from playwright.sync_api import Browser, sync_playwright

from localazure import LocalAzure
from secrets_app.conf.schema import SETTINGS
from secrets_app.core import runtime
from secrets_app.core.history import register_history
from secrets_app.views import streaming
from tests.support import program_starts
from tests.support.scenario_visits import HERE, SIGN_IN_CODE, Visit, inside, visit
from tests.support.xdist_scheduler import scheduler

# On a busy machine one example may take longer than Hypothesis' 200 ms; pytest-timeout limits the whole test. The same
# examples in each run: a new one must not fail a change that does not concern it. `make test-search` looks for more.
hypothesis_settings.register_profile("suite", deadline=None, derandomize=True, max_examples=60)
hypothesis_settings.register_profile("search", deadline=None, max_examples=500)
hypothesis_settings.load_profile("suite")

# A shell ignores SIGINT in a background job, and every process started there inherits that: also those of these tests.
signal.signal(signal.SIGINT, signal.default_int_handler)

World = Callable[..., LocalAzure]

READ_ALL_THE_SAME = ("secret_expired", "clock_skew")
"""Causes that are worth a word though the secret was read."""

CHROMIUM_OPTIONS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


FOREIGN = ("AZURE_", "IDENTITY_", "MSI_", "WEBSITE_", "KVSITE_", "DJANGO_")
"""How the names of variables begin that would change a reading, or the settings of a command that a test starts."""


@pytest.fixture(autouse=True)
def _scrubbed_environment() -> Iterator[None]:
    """Remove the machine's identities, settings and proxies from the environment, and restore it after each test.

    It must not use monkeypatch, which would restore its variables later, to what a scenario had set.
    """
    before = dict(os.environ)
    for name in before:
        if name.upper().startswith(FOREIGN) or name.upper().endswith("_PROXY") or name in SETTINGS:
            del os.environ[name]
    yield
    runtime.reset()
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(autouse=True, scope="session")
def _no_history() -> None:
    """Readings are not recorded: tests/fleet registers its own recorder."""
    register_history(None)


@pytest.fixture(autouse=True)
def _whole_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages are sent whole however slow the machine is; tests/views/test_streaming.py tests those that are streamed."""
    monkeypatch.setattr(streaming, "WAIT_S", 60.0)


@pytest.fixture
def client() -> Client:
    """A client with a loopback address."""
    return Client(headers=HERE)


class SignedInClient(Client):
    """Opens the link of the start before its first request."""

    has_signed_in = False

    def request(self, **request: Any) -> Any:
        if not self.has_signed_in:
            self.has_signed_in = True
            assert open_link(self).status_code in {302, 404}  # 404 in an access mode without the link
        return super().request(**request)


def open_link(client: Client, code: str = SIGN_IN_CODE, **more: Any) -> Any:
    """Open the link with the code that the site prints when it starts."""
    return client.get(f"/sign-in/?code={code}", **more)


@pytest.fixture
def world(settings: Any) -> Iterator[World]:
    """`world("no-role")` applies that scenario's environment and settings to this process until the test ends."""
    with ExitStack() as worlds:

        def enter(scenario: str = "app-service", **options: Any) -> LocalAzure:
            azure = worlds.enter_context(LocalAzure(scenario, **options))
            settings.SECRETS_APP = inside(azure)
            return azure

        yield enter


@pytest.fixture(scope="session")
def visited() -> Callable[[str], Visit]:
    """`visited("no-role")` returns the recorded output of that scenario, which is recorded on first use."""
    return functools.cache(visit)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=list(CHROMIUM_OPTIONS))
        yield chromium
        chromium.close()


def pytest_collection_finish() -> None:
    """Leave what has been imported and collected out of every later garbage collection: a tenth of the CPU time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def pytest_runtest_setup(item: pytest.Item) -> None:
    program_starts.forbid_unless_marked(item)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    return scheduler(config, log)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not CHROMIUM:
        terminalreporter.section("LEFT OUT")
        terminalreporter.line("No Chromium on this machine: the page was NOT opened in a browser.")
        terminalreporter.line("Install it (Debian: apt-get install chromium) and run the tests again.")
