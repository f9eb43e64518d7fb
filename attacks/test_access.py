"""Who may see what: visitors without the passphrase, guesses, sites of others, and texts that pretend to be markup."""

import json
import re
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.urls import reverse
from django.urls.resolvers import RoutePattern

from attacks.conftest import Figure
from attacks.support.bodies import after_challenge, as_json
from attacks.support.hostile_azure import HOPS, HostileAzure
from attacks.support.site import Site, running_site
from localazure import LocalAzure
from secrets_app.urls import urlpatterns

PASSPHRASE = "correct horse battery staple"
CLOSED = (
    *("/", "/secret/", "/secret/?name=demo", "/identities/", "/value/", "/api/reading", "/token/", "/api/token"),
    *(
        "/token/?scope=https://vault.azure.net",
        "/token-vault/",
        "/report/",
        "/environment/",
        "/explain/",
        "/api/explain",
    ),
    *("/causes/", "/causes/kv_rbac_denied/", "/sign-out/", "/nothing", "//", "/api/", "/static/../", "/%2e/"),
)
TICKETS = (
    *("", "x", "a:b:c", "e30:1:x", "e30:1tQ0aA:x", "eyJyb2xlIjoidmFsdWVzIn0:1tQ0aA:x", "." * 100, "\u00ff", "A" * 4000),
)


@pytest.fixture(scope="module")
def closed_site(azure: LocalAzure) -> Site:  # type: ignore[misc]
    settings = {"KVSITE_ACCESS": "token", "KVSITE_PASSPHRASE": PASSPHRASE, "KVSITE_SECRET_KEY": "k" * 60}
    with running_site({**azure.env, **settings}) as site:
        yield site


def every_url() -> list[str]:
    """Those of the app that need no argument, also those that are added later."""
    names = [url.name for url in urlpatterns if isinstance(url.pattern, RoutePattern) and not url.pattern.converters]
    return [reverse(f"secrets_app:{name}") for name in names if name != "sign_in"]


@pytest.mark.parametrize("path", sorted({*CLOSED, *every_url()}))
def test_without_a_passphrase__every_page_is_closed(azure: LocalAzure, closed_site: Site, path: str) -> None:
    before = len(azure.requests)
    for method in ("GET", "POST", "HEAD", "OPTIONS", "PUT"):
        answer = closed_site.request(method, path, b"")
        assert answer.status in {302, 403, 404, 405}, (method, path, answer.status)
        assert not re.search(rb"[0-9a-f]{8}-[0-9a-f]{4}-", answer.body)
        assert b"contoso" not in answer.body
    assert len(azure.requests) == before


@pytest.mark.parametrize("ticket", TICKETS)
def test_forged_session__opens_nothing(closed_site: Site, ticket: str) -> None:
    for name in ("kvsite_session", "__Host-kvsite_session", "sessionid"):
        answer = closed_site.get("/", {"Cookie": f"{name}={ticket}"})
        assert answer.status in {302, 403}, answer.status


def test_forty_guesses_at_once__are_throttled(closed_site: Site) -> None:
    form = closed_site.get("/sign-in/")
    token = re.search(rb'name="csrfmiddlewaretoken" value="([^"]+)"', form.body)
    assert token
    cookie = form.headers["set-cookie"].partition(";")[0]
    headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    start = threading.Barrier(40)

    def guess(number: int) -> int:
        start.wait(20)
        return closed_site.post(
            "/sign-in/", b"csrfmiddlewaretoken=%b&passphrase=guess-%d" % (token[1], number), headers
        ).status

    with ThreadPoolExecutor(40) as pool:
        statuses = Counter(pool.map(guess, range(40)))
    assert statuses[403] <= 4, statuses
    assert statuses[403] + statuses[429] == 40, statuses
    assert "guess-" not in closed_site.log()


def test_sixteen_visitors_who_refresh__request_one_token_a_second(azure: LocalAzure, figure: Figure) -> None:
    with running_site(azure.env) as site, ThreadPoolExecutor(16) as pool:
        site.get("/")
        before, start = _token_requests(azure), time.monotonic()
        answers = list(pool.map(lambda _: site.get("/api/reading?refresh=1"), range(16 * 30)))
        elapsed_s = time.monotonic() - start
        assert {answer.status for answer in answers} == {200}
        requested = _token_requests(azure) - before
        assert requested
        figure("tokens requested per second by 16 visitors who refresh", (requested - 1) / elapsed_s, at_most=1.0)


def _token_requests(azure: LocalAzure) -> int:
    return sum(request.service == "app-service" for request in azure.requests)


MARKUP = "<img src=x onerror=alert(1)>{{7*7}}{% csrf_token %}`$(id)`\x1b[31m\u202e\r\nX-Injected: 1\n2026 ERROR forged"


def test_markup_in_texts_of_azure__stays_text() -> None:
    hop = HOPS["vault"]
    error = {"error": {"code": MARKUP, "message": MARKUP, "innererror": {"code": MARKUP}}}
    with (
        LocalAzure(hop.scenario) as azure,
        HostileAzure(azure, hop.host, after_challenge(as_json(error, status="403 Forbidden"))) as hostile,
        running_site({**hostile.env, "KVSITE_RESULT_LIFE_S": "0"}) as site,
    ):
        for path in ("/", "/secret/", "/report/", "/api/reading"):
            answer = site.get(path)
            assert answer.status == 200
            assert "x-injected" not in answer.headers
            assert b"{{49" not in answer.body
            assert b"<img src=x" not in answer.body or path == "/api/reading"
            assert b"\x1b" not in answer.body
        assert json.loads(site.get("/api/reading").body)["failure"]["status"] == 403
        assert "\x1b" not in site.log()
        assert "\n2026 ERROR forged" not in site.log()
