"""The demo in a real browser."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.conftest import CHROMIUM
from tests.support.browser import LINKS, assert_accessible, in_scenario

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine"),
]

ROOT = Path(__file__).resolve().parents[2]
WIDTHS = (360, 1280)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme="dark")
    yield context.new_page()
    context.close()


def assert_fits(page: Page) -> None:
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@in_scenario("app-service")
def test_app_service__page_shows_success_and_principal(page: Page, inside: str) -> None:
    page.goto(inside)
    expect(page.get_by_role("heading", level=1)).to_have_text("The secret demo was read.")
    expect(page.get_by_text("Signed in as kvsite-demo (system-assigned managed identity).")).to_be_visible()
    page.get_by_text("Legacy line").click()
    expect(page.get_by_text("Principal Used: IsAuthenticated:True Type:App AppId:")).to_be_visible()
    page.get_by_role("complementary").get_by_text("Local Azure · app-service").click()
    expect(page.get_by_role("complementary").get_by_text("no Azure account")).to_be_visible()


@in_scenario("no-role")
def test_no_role__page_has_the_command_that_fixes_it(page: Page, inside: str) -> None:
    page.goto(inside)
    expect(page.get_by_role("heading", level=1)).to_have_text("kvsite-demo cannot read the secret demo.")
    command = page.locator("pre.command").first
    expect(command).to_contain_text("az role assignment create")
    expect(command).to_contain_text(page.locator("[data-copy='object ID']").inner_text())
    expect(page.get_by_role("button", name="Copy").first).to_be_visible()
    expect(page.get_by_role("button", name="Copy object ID")).to_be_visible()


@in_scenario("no-policy")
def test_suggested_command__turns_no_into_yes_until_reset(page: Page, inside: str) -> None:
    page.goto(inside)
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text("kvsite-demo cannot read the secret demo.")
    page.get_by_role("button", name="Run the suggested command").click()
    expect(heading).to_have_text("The secret demo was read.")
    expect(page.get_by_role("complementary").get_by_role("status")).to_contain_text("az keyvault set-policy")
    assert_fits(page)
    assert_accessible(page)
    page.get_by_role("button", name="Reset").click()
    expect(heading).to_have_text("kvsite-demo cannot read the secret demo.")


@in_scenario("laptop-signed-out")
def test_laptop_signed_out__page_shows_az_login(page: Page, inside: str) -> None:
    page.goto(inside)
    assert_fits(page)
    expect(page.locator("pre.command").first).to_contain_text("az login")
    item = page.locator(".chain li").filter(has_text="AzureCliCredential")
    expect(item).to_contain_text("fix this one")
    item.locator("summary").click()
    expect(item.locator("pre")).to_contain_text("az login")


@in_scenario("app-service", "no-role")
def test_page__is_accessible_and_fits_the_viewport(page: Page, inside: str) -> None:
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.goto(inside)
    assert_fits(page)
    for width, scheme in zip(WIDTHS, ("light", "dark"), strict=True):  # colours do not depend on the width
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        assert_accessible(page)
    assert errors == []  # the Content-Security-Policy blocked nothing, and no file was missing


@in_scenario("app-service")
def test_value__is_shown_and_hidden_again(page: Page, inside: str) -> None:
    page.goto(inside)
    expect(page.get_by_role("link", name="Enter code")).to_be_visible()
    page.goto(LINKS[inside])
    page.clock.install()
    page.get_by_role("button", name="Show value").click()
    value = page.get_by_label("Value of the secret")
    expect(value).to_be_visible()
    assert value.inner_text()
    assert_accessible(page)
    page.clock.fast_forward(31_000)
    expect(page.get_by_text("The value is hidden.")).to_be_visible()
    expect(value).to_have_count(0)
    assert page.locator("[data-exactly]").count() == 0


def test_pasted_error__is_explained(page: Page, demo: str) -> None:
    page.goto(f"{demo}explain/")
    page.get_by_label("Error text").fill("AADSTS7000222: The provided client secret keys for app 'x' are expired.")
    page.get_by_role("button", name="Explain").click()
    expect(page.locator("[data-cause=client_secret_expired]")).to_be_visible()
    assert_accessible(page)


def test_catalog__is_searched(page: Page, demo: str) -> None:
    page.goto(f"{demo}causes/")
    page.get_by_label("Search").fill("soft deleted")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="deleted").first.click()
    expect(page.get_by_text("Cause: kv_soft_deleted")).to_be_visible()
    assert_accessible(page)


@in_scenario("app-service")
def test_identities__rows_are_in_order(page: Page, inside: str) -> None:
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.goto(f"{inside}identities/")
    expect(page.get_by_text("This site uses Managed identity")).to_be_visible()
    expect(page.get_by_text("Trying...").locator("visible=true")).to_have_count(0)
    places = page.locator("article[slot]").evaluate_all("rows => rows.map(row => [row.slot, row.offsetTop])")
    by_place = sorted(places, key=lambda place: int(place[0].removeprefix("row-")))
    assert [top for _, top in by_place] == sorted(top for _, top in places)
    assert errors == []  # checked before axe runs, because axe adds a style to the shadow root
    assert_fits(page)
    assert_accessible(page)


@pytest.mark.parametrize("query", ["", "?name=a_b"])
def test_get_secret__the_form_and_its_answer_are_accessible(page: Page, demo: str, query: str) -> None:
    page.goto(f"{demo}secret/{query}")
    expect(page.get_by_label("Managed identity")).to_be_visible()
    assert_fits(page)
    assert_accessible(page)


@in_scenario("no-role")
def test_without_javascript__page_is_complete(browser: Browser, inside: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(inside)
    expect(page.locator("pre.command").first).to_be_visible()
    page.get_by_text("Full error").click()
    expect(page.get_by_label("Error text")).to_contain_text("ForbiddenByRbac")
    context.close()


@in_scenario("no-role")
def test_keyboard__reaches_the_result_first(page: Page, inside: str) -> None:
    page.goto(inside)
    page.locator("body").press("Tab")
    names = [page.evaluate("document.activeElement.textContent")]
    for _ in range(40):
        page.keyboard.press("Tab")
        names.append(page.evaluate("document.activeElement.textContent"))
    assert any("Skip to main content" in name for name in names)
    assert any("Retry" in name for name in names)


def test_page__loads_nothing_from_another_host(browser: Browser, demo: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    requested_urls: list[str] = []
    page.on("request", lambda request: requested_urls.append(request.url))
    page.goto(demo)
    assert requested_urls
    assert [url for url in requested_urls if not url.startswith((demo, "data:"))] == []
    context.close()


if os.environ.get("CI") and not CHROMIUM:
    pytest.fail("CI has to open the page in a browser", pytrace=False)
