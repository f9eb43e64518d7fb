"""Fixtures for tests of the access modes."""

from typing import Any

import pytest
from django.test import Client

from secrets_app.core import runtime
from tests.conftest import World
from tests.support.access_requests import BROWSER, ELSEWHERE, PASSPHRASE, VALUES_PASSPHRASE


@pytest.fixture
def site(world: World, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """`site(KVSITE_ACCESS="open")` returns a client with a remote address, for a site with these settings."""

    def open_site(*, signs_in: bool = True, csrf: bool = False, **words: str) -> Client:
        world("app-service")
        settings.SECRETS_APP = {**settings.SECRETS_APP, **words}
        settings.PLATFORM_SIGNS_IN = signs_in
        runtime.reset()
        return Client(headers=BROWSER, enforce_csrf_checks=csrf, **ELSEWHERE)  # type: ignore[arg-type]

    return open_site


@pytest.fixture
def locked(site: Any) -> Client:
    """A client of a site with passphrase sign-in."""
    client: Client = site(
        KVSITE_ACCESS="token", KVSITE_PASSPHRASE=PASSPHRASE, KVSITE_VALUES_PASSPHRASE=VALUES_PASSPHRASE
    )
    return client
