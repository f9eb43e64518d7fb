"""What the tests in a real browser share."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

LINKS: dict[str, str] = {}
"""The demo's URL -> the link that it prints, which allows a browser to see values."""


def in_scenario(*names: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("inside", names, indirect=True)


def enter(page: Page, scenario: str) -> None:
    """Choose the scenario in the toolbar."""
    page.get_by_label("Scenario").select_option(scenario)
    page.get_by_role("button", name="Change").click()
    expect(page.get_by_label("Scenario")).to_have_value(scenario)


def assert_accessible(page: Page) -> None:
    results = Axe().run(page, options={"resultTypes": ["violations"]})
    assert results.violations_count == 0, results.generate_report()
