"""The system check for `KVSITE_ACCESS=token` without SessionMiddleware."""

from typing import Any

import pytest
from django.contrib.sessions.middleware import SessionMiddleware

from secrets_app.checks import check_settings
from tests.support.access_requests import PASSPHRASE, sign_in

SESSION_MIDDLEWARE = "django.contrib.sessions.middleware.SessionMiddleware"
ACCESS_MIDDLEWARE = "secrets_app.middleware.require_access"


class OwnSessionMiddleware(SessionMiddleware):
    """A project's own subclass."""


@pytest.mark.parametrize("place", ["missing", "last"])
def test_missing_session_middleware__denies_access_and_fails_the_check(site: Any, settings: Any, place: str) -> None:
    site(KVSITE_ACCESS="token", KVSITE_PASSPHRASE=PASSPHRASE)
    assert check_settings() == []
    others = [path for path in settings.MIDDLEWARE if path != SESSION_MIDDLEWARE]
    settings.MIDDLEWARE = others if place == "missing" else [*others, SESSION_MIDDLEWARE]
    client = site(KVSITE_ACCESS="token", KVSITE_PASSPHRASE=PASSPHRASE)
    for response in (client.get("/"), client.get("/sign-in/"), sign_in(client, PASSPHRASE), client.post("/sign-out/")):
        assert response.status_code == 403
    assert "SessionMiddleware is not enabled" in client.get("/").content.decode()
    (error,) = check_settings()
    assert (error.id, error.is_serious()) == ("secrets_app.E097", True)
    assert SESSION_MIDDLEWARE in error.hint
    assert ACCESS_MIDDLEWARE in error.msg
    site(KVSITE_ACCESS="open")
    settings.SECRETS_APP = {name: text for name, text in settings.SECRETS_APP.items() if name != "KVSITE_PASSPHRASE"}
    assert check_settings() == []
    assert client.get("/").status_code == 200


def test_subclass_of_session_middleware__is_accepted(site: Any, settings: Any) -> None:
    settings.MIDDLEWARE = [
        f"{__name__}.OwnSessionMiddleware" if path == SESSION_MIDDLEWARE else path for path in settings.MIDDLEWARE
    ]
    client = site(KVSITE_ACCESS="token", KVSITE_PASSPHRASE=PASSPHRASE)
    assert check_settings() == []
    assert sign_in(client, PASSPHRASE).status_code == 302
    assert client.get("/").status_code == 200
