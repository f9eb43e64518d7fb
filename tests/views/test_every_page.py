"""Every page in a real browser: accessibility rules, console, widths, targets, headings, printing and contrast."""

import json
import re
from collections.abc import Iterator
from itertools import pairwise

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.conftest import CHROMIUM
from tests.support.browser import assert_accessible, in_scenario

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine"),
]
PATHS = (
    *("", "secret/", "identities/", "token/", "token/?scope=https://management.azure.com", "token-vault/"),
    *("environment/", "explain/", "causes/", "causes/?q=403", "causes/kv_rbac_denied/", "report/", "compare/", "api/"),
    *("sign-in/", "nothing"),
)
SIZES = ((360, "light"), (1440, "dark"))
"""Colours do not depend on the width, so each is checked once."""
SMALL_TARGETS = """() => [...document.querySelectorAll("a, button, summary, input:not([type=hidden]), select")]
  .filter((element) => {
    const box = element.getBoundingClientRect();
    return box.width && box.height && (box.height < 23.5 || box.width < 23.5)
      && getComputedStyle(element).display !== "inline" && !element.closest(".skip, .tabs > input");
  }).map((element) => element.outerHTML.slice(0, 120))"""
HEADINGS = """() => [...document.querySelectorAll("h1, h2, h3, h4")]
  .filter((heading) => !heading.closest(".waiting"))
  .map((heading) => Number(heading.tagName[1]))"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with browser.new_context(viewport={"width": 360, "height": 800}) as context:
        yield context.new_page()


@in_scenario("no-role")
@pytest.mark.parametrize("path", PATHS)
def test_page__is_accessible_at_every_size(page: Page, inside: str, path: str) -> None:
    messages: list[str] = []
    page.on("console", lambda message: messages.append(message.text))
    page.goto(f"{inside}{path}")
    assert [message for message in messages if "404" not in message] == []  # before axe, which adds styles
    for width, scheme in SIZES:
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.evaluate(f"document.querySelectorAll('details').forEach((one) => {{ one.open = {width} < 500; }})")
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        assert page.evaluate(SMALL_TARGETS) == []
        assert_accessible(page)
    page.set_viewport_size({"width": 640, "height": 360})  # 1280 pixels at a zoom of 200 %
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    levels = page.evaluate(HEADINGS)
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert page.locator("meta[name=description]").get_attribute("content")


@in_scenario("no-role")
@pytest.mark.parametrize("path", PATHS)
def test_page__is_complete_without_javascript(browser: Browser, inside: str, path: str) -> None:
    with browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844}) as context:
        page = context.new_page()
        page.goto(f"{inside}{path}")
        expect(page.locator("h1 >> visible=true")).to_have_count(1)
        expect(page.locator(".waiting >> visible=true")).to_have_count(0)
        expect(page.get_by_text("Trying...").locator("visible=true")).to_have_count(0)
        expect(page.locator("footer")).to_be_visible()
        assert page.locator("button.copy, button.copy-id").count() == 0
        folded = page.locator("main details:not([open]) > summary >> visible=true")
        if before := folded.count():
            folded.last.click()
            expect(page.locator("main details:not([open]) > summary")).not_to_have_count(before)


@in_scenario("no-role")
def test_comparison__is_accessible_and_its_ids_can_be_copied(page: Page, inside: str) -> None:
    reading = page.request.get(f"{inside}api/reading").json()
    other = {**reading, "principal": {**reading["principal"], "object_id": "11111111-2222-4333-8444-555555555555"}}
    page.goto(f"{inside}compare/")
    page.get_by_label("Reading A").fill(json.dumps(reading))
    page.get_by_label("Reading B").fill(json.dumps(other))
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("button", name=re.compile("^Copy ID of "))).to_have_count(2)
    for width, scheme in SIZES:
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        assert_accessible(page)


@in_scenario("no-role")
def test_copy_buttons__are_named_and_announce(page: Page, inside: str) -> None:
    page.context.grant_permissions(["clipboard-write"])
    page.goto(inside)
    names = page.locator("button.copy, button.copy-id").evaluate_all(
        "buttons => buttons.map((button) => button.getAttribute('aria-label'))"
    )
    assert len(names) >= 5
    assert len(set(names)) >= len(names) - 2  # one command, quoted for several shells
    page.get_by_role("button", name="Copy object ID").first.click()
    expect(page.get_by_role("status").filter(has_text="Copied: object ID")).to_have_count(1)


@in_scenario("no-role")
def test_print_and_zoom_and_high_contrast(page: Page, inside: str) -> None:
    page.goto(f"{inside}environment/")
    fact = page.get_by_text("ForbiddenByRbac", exact=True).first
    page.locator("details#secret").evaluate("details => { details.open = false; }")
    expect(fact).to_be_hidden()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(fact).to_be_visible()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(fact).to_be_hidden()
    # 200 % of 1280 pixels: half of the pixels of CSS.
    page.set_viewport_size({"width": 640, "height": 360})
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    page.emulate_media(forced_colors="active")
    assert_accessible(page)
    page.set_viewport_size({"width": 718, "height": 1047})  # A4 without Chromium's margins
    page.emulate_media(forced_colors="none", media="print")
    for path in ("", "identities/", "environment/", "explain/", "causes/kv_rbac_denied/"):
        page.goto(inside + path)
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), path


@in_scenario("no-role")
def test_desktop__principal_and_chain_are_in_the_first_screen(page: Page, inside: str) -> None:
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(inside)
    for heading in ("Principal Used", "Credential chain"):
        box = page.locator("section", has=page.get_by_role("heading", name=heading)).bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= 900, heading


@in_scenario("no-role")
def test_phone__explanation_is_above_the_fold(page: Page, inside: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{inside}explain/")
    page.get_by_role("button", name="AADSTS7000222").click()
    command = page.locator("pre.command").first
    expect(command).to_contain_text("az ad app credential reset")
    box = command.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] < 844
