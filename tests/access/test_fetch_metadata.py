"""Requests that a page of another site makes the browser send."""

import pytest
from django.test import Client

from tests.conftest import HERE, World


def from_elsewhere(site: str, mode: str, dest: str) -> dict[str, str]:
    return {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": dest}


@pytest.mark.parametrize("path", ["/token/?scope=https://a.example", "/secret/?name=a", "/identities/", "/?refresh=1"])
@pytest.mark.parametrize(
    "sent",
    [
        from_elsewhere("cross-site", "no-cors", "image"),
        from_elsewhere("same-site", "no-cors", "script"),
        from_elsewhere("cross-site", "navigate", "iframe"),
        from_elsewhere("cross-site", "cors", "empty"),
    ],
)
def test_cross_site_subrequests__are_blocked(world: World, path: str, sent: dict[str, str]) -> None:
    azure = world("app-service")
    refused = Client(headers=HERE | sent).get(path)
    assert (refused.status_code, refused["Content-Security-Policy"][:11]) == (403, "default-src")
    assert "Open this URL directly in the browser" in refused.content.decode()
    assert azure.requests == ()


@pytest.mark.parametrize(
    "sent",
    [
        from_elsewhere("cross-site", "navigate", "document"),
        from_elsewhere("same-origin", "cors", "empty"),
        from_elsewhere("none", "navigate", "document"),
        {},
    ],
)
def test_links_and_same_origin_requests__are_allowed(world: World, sent: dict[str, str]) -> None:
    world("app-service")
    assert Client(headers=HERE | sent).get("/").status_code == 200
