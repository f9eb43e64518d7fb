"""The demo, in the scenario that a test in a real browser needs."""

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.support.browser import LINKS, enter

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def demo() -> Iterator[str]:
    """The URL of the demo's site on a free port; stopped with SIGINT, like Ctrl-C."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "localazure", "demo", "--port", str(port),
               "--suggestions", "/api/reading",
               "--code-variable", "KVSITE_SIGN_IN_CODE", "--code-path", "/sign-in/?code={code}", "--",
               sys.executable, "-m", "gunicorn", "kvsite.wsgi", "--bind", "127.0.0.1:{port}"]  # fmt: skip
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout
        found = re.search(r"http://127\.0\.0\.1:\d+/", process.stdout.readline())
        link = re.search(r"http://127\.0\.0\.1:\d+/sign-in/\?code=\S+", process.stdout.readline())
        assert found
        assert link
        LINKS[found[0]] = link[0]
        yield found[0]
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0


@pytest.fixture(scope="session")
def inside(browser: Browser, demo: str, request: pytest.FixtureRequest) -> str:
    """The site's URL, in the scenario of the mark `inside`.

    Changing the scenario restarts the site, so pytest runs the tests of one scenario consecutively.
    The scenario is changed without JavaScript, because the form must work without it.
    """
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(demo)
        if page.get_by_label("Scenario").input_value() != request.param:
            enter(page, request.param)
    return demo
