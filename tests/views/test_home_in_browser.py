"""The home page in a real browser: the fix is in the first screen, and the page appears before the answer."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from benchmarks.site_process import running_site
from localazure import LocalAzure
from localazure.demo.toolbar import STYLE, STYLE_PATH, ToolbarInserter, toolbar
from localazure.scenarios.catalog import SCENARIOS
from tests.conftest import CHROMIUM
from tests.support.scenario_visits import Visit

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine"),
]

STATIC = Path(__file__).resolve().parents[2] / "secrets_app" / "static"
ORIGIN = "http://127.0.0.1:8000"
SCREENS = {"laptop": (1280, 720), "phone": (390, 844)}
FAILURES = (
    *("no-role", "wrong-tenant", "vault-unknown", "service-principal-expired-secret", "service-principal-wrong-secret"),
    *("firewall", "private", "laptop-no-az", "no-policy", "laptop-signed-out", "laptop-mfa", "app-service-off"),
    *("vm-no-identity", "vm-two-identities", "kubernetes-wrong-subject", "secret-missing", "secret-disabled"),
    *("secret-deleted", "intercepted"),
)


@pytest.fixture
def screen(browser: Browser) -> Iterator[Page]:
    with browser.new_context() as context:
        yield context.new_page()


def with_toolbar(html: str, scenario: str) -> str:
    """The page as the demo sends it."""
    inserter = ToolbarInserter(toolbar(SCENARIOS[scenario], back="/", can_run=True))
    return (inserter.feed(html.encode()) + inserter.end()).decode()


def open_recorded(page: Page, html: str) -> None:
    """The page as the site sent it, with its style sheet and scripts."""

    def answer(route: Route) -> None:
        path = route.request.url.removeprefix(ORIGIN)
        file = STATIC / path.removeprefix("/static/")
        if path == "/":
            route.fulfill(body=html, content_type="text/html; charset=utf-8")
        elif path == STYLE_PATH:
            route.fulfill(body=STYLE, content_type="text/css")
        elif file.is_file():
            route.fulfill(path=file)
        else:
            route.fulfill(status=404)

    page.route("**/*", answer)
    page.goto(f"{ORIGIN}/")


def assert_buttons_cover_nothing(page: Page) -> None:
    """No button of a command lies on a tab."""
    overlaps = page.evaluate("""() => [...document.querySelectorAll(".tabs .copy")].filter((button) => {
      const a = button.getBoundingClientRect();
      return a.width && [...document.querySelectorAll(".tabs label")].some((label) => {
        const b = label.getBoundingClientRect();
        return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
      });
    }).length""")
    assert overlaps == 0


@pytest.mark.parametrize("scenario", FAILURES)
def test_fix__is_in_the_first_screen(visited: Callable[[str], Visit], screen: Page, scenario: str) -> None:
    """Also below the demo's toolbar: the answer, the hops, the tabs, the first command and the link to the portal."""
    open_recorded(screen, with_toolbar(visited(scenario).pages["/"], scenario))
    fix = screen.locator(".how-to-fix pre >> visible=true").first
    portal = screen.get_by_role("link", name="Open in the Azure portal").all()
    for width, height in SCREENS.values():
        screen.set_viewport_size({"width": width, "height": height})
        for shown in (screen.locator("h1"), screen.locator(".hops"), screen.locator(".tabs label").last, fix, *portal):
            box = shown.bounding_box()
            assert box
            assert box["y"] + box["height"] <= height
            assert box["x"] + box["width"] <= width
        result = screen.locator(".result").bounding_box()
        assert result
        assert result["height"] <= 260
        assert_buttons_cover_nothing(screen)
    screen.set_viewport_size({"width": 1280, "height": 720})
    assert screen.evaluate("document.documentElement.scrollHeight") <= 1300


@pytest.mark.parametrize("scenario", ["no-role"])
def test_picture__is_read_out_with_position_outcome_code_and_time(
    visited: Callable[[str], Visit], screen: Page, scenario: str
) -> None:
    open_recorded(screen, visited(scenario).pages["/"])
    steps = screen.get_by_role("list", name="Steps from this program to the secret")
    assert steps.get_by_role("listitem").count() == 5
    snapshot = steps.aria_snapshot()
    assert re.search(r"4 of 5, vault contoso: denied, 403 ForbiddenByRbac, \d+ ms", snapshot)
    assert "5 of 5, secret demo: not reached" in snapshot
    assert "✗" not in snapshot


@pytest.mark.parametrize("scenario", ["no-role"])
def test_tabs__show_each_shell_and_the_portal(visited: Callable[[str], Visit], screen: Page, scenario: str) -> None:
    open_recorded(screen, visited(scenario).pages["/"])
    shown = screen.locator(".panel >> visible=true")
    for name in ("PowerShell", "cmd", "bash"):
        screen.get_by_text(name, exact=True).click()
        expect(shown).to_have_count(1)
        expect(shown).to_contain_text('az role assignment create --role "Key Vault Secrets User"')
    screen.get_by_text("Portal", exact=True).click()
    expect(shown).to_contain_text("Access control (IAM)")
    expect(screen.get_by_role("link", name="Open in the Azure portal")).to_have_attribute(
        "href",
        re.compile(r"^https://portal\.azure\.com/#@[0-9a-f-]{36}/resource/subscriptions/.*/vaults/contoso/users$"),
    )


@pytest.mark.parametrize("scenario", ["wrong-tenant"])
def test_wrong_tenant__shows_both_tenants(visited: Callable[[str], Visit], screen: Page, scenario: str) -> None:
    reading = visited(scenario).reading
    open_recorded(screen, visited(scenario).pages["/"])
    expect(screen.locator(".tenants")).to_contain_text(reading.principal.tenant_id)
    expect(screen.locator(".tenants")).to_contain_text(reading.vault_tenant_id)
    expect(screen.locator(".tenants")).to_contain_text("is not")


@pytest.mark.parametrize("javascript", [True, False])
def test_silent_vault__page_is_painted_before_the_answer(browser: Browser, javascript: bool) -> None:
    with (
        LocalAzure("vault-silent") as azure,
        running_site({**azure.env, "KVSITE_DEADLINE_S": "4"}) as site,
        browser.new_context(java_script_enabled=javascript) as context,
    ):
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{site.port}/", wait_until="commit")
        waiting = page.locator(".waiting >> visible=true")
        expect(waiting).to_have_count(1)
        expect(waiting).to_contain_text("s left")
        expect(page.locator("section.answer")).to_have_count(0)
        page.wait_for_load_state("load")
        expect(waiting).to_have_count(0)
        expect(page.get_by_role("heading", level=1)).to_have_text("kvsite-demo cannot read the secret demo.")
        expect(page).to_have_title(re.compile("^NO: no response" if javascript else "^Reading demo"))


def test_watch__turns_no_into_yes_when_the_role_is_assigned(browser: Browser) -> None:
    with (
        LocalAzure("no-role") as azure,
        running_site(azure.env) as site,
        browser.new_context(java_script_enabled=False) as context,
    ):
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{site.port}/")
        page.get_by_role("link", name="Watch until it works").click()
        expect(page).to_have_title("Watching: NO: 403 ForbiddenByRbac · Principal Used")
        azure.grant(azure.scenario.identities[0])
        expect(page).to_have_title("YES: demo · Principal Used", timeout=25_000)
        assert page.locator("meta[http-equiv]").count() == 0
