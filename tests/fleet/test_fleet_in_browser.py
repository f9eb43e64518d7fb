"""The fleet in a real browser: accessibility rules, widths, sizes of targets, and the page without scripts."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from wsgiref.simple_server import make_server

import pytest
from django.core.handlers.wsgi import WSGIHandler
from playwright.sync_api import Browser, expect

from fleet.models import Target
from tests.conftest import CHROMIUM, World
from tests.fleet.conftest import DENIED, OK
from tests.fleet.test_fleet_page import EXPECTED, NO_ANSWER, UNEXPECTED, add
from tests.fleet.test_other_site import Quiet, running
from tests.support.browser import assert_accessible
from tests.views.test_every_page import HEADINGS, SIZES, SMALL_TARGETS

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine"),
]
UNSAFE = "DJANGO_ALLOW_ASYNC_UNSAFE"
LONG = "a-name-that-is-as-long-as-names-of-targets-may-be-" * 3


@pytest.fixture(scope="session", autouse=True)
def _database_beside_playwright() -> Iterator[None]:
    """Playwright's event loop runs in this thread; Django would refuse the database in it."""
    os.environ[UNSAFE] = "1"
    yield
    os.environ.pop(UNSAFE, None)


@pytest.fixture
def site(settings: Any, world: World, transactional_db: None) -> Iterator[str]:
    """The site with a small fleet."""
    world("app-service")  # replaces the environment
    os.environ[UNSAFE] = "1"
    settings.SECRETS_APP = {**settings.SECRETS_APP, "KVSITE_ACCESS": "open"}
    soon = datetime.now(UTC) + timedelta(days=3)
    add("fine", {**OK, "expires_on": soon}, labels={"team": "web", "env": "prod"})
    add("denied", DENIED, secret="other", labels={"team": "payments"})
    add(LONG, {**NO_ANSWER}, labels={"team": LONG[:100]})
    add("somebody else", UNEXPECTED, expected_object_id=EXPECTED)
    add("new", None, credential_expires_on=soon.date())
    with running(make_server("127.0.0.1", 0, WSGIHandler(), handler_class=Quiet)) as url:
        yield url


FITS = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"


def test_fleet_and_history__are_accessible_at_every_size(browser: Browser, site: str) -> None:
    number = Target.objects.get(name="denied").pk
    with browser.new_context() as context:
        page, messages = context.new_page(), []
        page.on("console", lambda message: messages.append(message.text))
        for path in ("/fleet/", f"/history/?target={number}"):
            page.goto(f"{site}{path}")
            assert messages == []
            for width, scheme in SIZES:
                page.set_viewport_size({"width": width, "height": 800})
                page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
                page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
                assert page.evaluate(FITS)
                assert page.evaluate(SMALL_TARGETS) == []
                assert_accessible(page)
            assert page.evaluate(HEADINGS)[:2] == [1, 2]


def test_states__are_told_apart_without_colours_and_printed(browser: Browser, site: str) -> None:
    """A failure is a full bar, a readable time a low one; the text of each bar says the same."""
    with browser.new_context(color_scheme="dark") as context:
        page = context.new_page()
        page.goto(f"{site}/fleet/")
        heights = "(all) => all.map((one) => one.getBBox().y)"
        assert set(page.locator(".states .is-no").evaluate_all(heights)) == {0}
        assert min(page.locator(".states .is-yes").evaluate_all(heights)) > 0
        label = page.locator("tr", has_text="denied").locator("svg").get_attribute("aria-label")
        assert label
        assert "readable 0 %" in label
        page.emulate_media(media="print")
        expect(page.locator("nav")).to_be_hidden()
        expect(page.locator(".filters")).to_be_hidden()
        expect(page.locator(".heat")).to_be_visible()
        assert page.locator(".heat svg").first.evaluate("(one) => getComputedStyle(one).printColorAdjust") == "exact"
        assert page.evaluate(FITS)


def test_fleet__works_without_scripts(browser: Browser, site: str) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{site}/fleet/")
        expect(page.get_by_role("heading", level=1)).to_have_text("3 of 5 targets are not readable.")
        page.get_by_label("Search").fill("denied")
        page.get_by_role("button", name="Filter").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("The target is not readable.")
        page.get_by_role("link", name="Show all").click()
        page.get_by_role("link", name="payments").click()
        expect(page.locator(".heat tbody tr")).to_have_count(1)
        page.locator(".heat tbody").get_by_role("link", name="denied", exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text("denied")
