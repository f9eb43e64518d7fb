"""Each access mode, and the page for visitors without access."""

import re
from typing import Any

import pytest

from secrets_app.access import POLICIES
from secrets_app.conf import load
from secrets_app.conf.access import AccessMode
from tests.support.access_requests import ADA, PASSPHRASE, RIGHT


def test_each_access_mode__has_a_policy() -> None:
    assert set(POLICIES) == set(AccessMode)


@pytest.mark.parametrize("word", ["Open", "OPEN", "open;", "opened", "easy_auth", "Token", "*"])
def test_misspelled_access_mode__denies_access(site: Any, word: str) -> None:
    assert site(KVSITE_ACCESS=word).get("/").status_code == 403


def test_setting_name_in_lower_case__has_no_effect(site: Any) -> None:
    assert site(kvsite_access="open").get("/").status_code == 403


@pytest.mark.parametrize("access", AccessMode)
def test_probes__are_available_in_every_access_mode(site: Any, access: str) -> None:
    client = site(KVSITE_ACCESS=access, KVSITE_PASSPHRASE=PASSPHRASE)
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").json() == {"ready": True}


PATHS = (
    "/", "/api/reading", "/report/", "/environment/", "/causes/", "/value/", "/sign-out/", "/nothing", "/sign-in",
    "//sign-in/", "/sign-in/../", "/sign-in/%2e%2e/", "/sign-in/x", "/SIGN-IN/", "/healthz/", "/readyz/../",
    "/healthz/..", "/;/sign-in/", "/%00",
)  # fmt: skip


@pytest.mark.parametrize("access", ["loopback", "easy-auth", "token"])
def test_every_path__is_denied_to_unauthenticated_visitors(site: Any, access: str) -> None:
    client = site(KVSITE_ACCESS=access, KVSITE_PASSPHRASE=PASSPHRASE)
    for path in PATHS:
        for response in (client.get(path), client.post(path)):
            assert response.status_code == 403, path
            assert b"kvsite-demo" not in response.content
            assert b"Access denied" in response.content


def test_403_page__shows_the_commands_for_this_platform(site: Any) -> None:
    html = re.sub(r"</?span[^>]*>", "", site().get("/").content.decode())
    assert "az webapp config appsettings set -g &lt;resource-group&gt; -n &lt;name&gt; --settings" in html
    assert "KVSITE_ACCESS=open" in html
    assert "az webapp auth update" in html
    assert "KVSITE_PASSPHRASE=" in html
    assert "resource names are hidden from unauthenticated visitors" in html
    assert "<nav" not in html
    assert "kvsite-demo" not in html  # resource names are hidden from unauthenticated visitors


@pytest.mark.parametrize(
    ("variables", "command"),
    [
        ({}, "export KVSITE_ACCESS=open"),
        ({"CONTAINER_APP_NAME": "x"}, "az containerapp update"),
        ({"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, "kubectl set env deployment/"),
    ],
)
def test_command__matches_the_platform(
    site: Any, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], command: str
) -> None:
    client = site()
    monkeypatch.delenv("WEBSITE_SITE_NAME")
    monkeypatch.delenv("IDENTITY_ENDPOINT", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    html = client.get("/").content.decode()
    assert command in html
    assert "az webapp" not in html


def test_api_clients__get_text_or_json(site: Any) -> None:
    client = site()
    curl = client.get("/", headers={"accept": "*/*"})
    assert (curl.status_code, curl["Content-Type"]) == (403, "text/plain; charset=utf-8")
    assert curl.content.decode().startswith("Access denied (KVSITE_ACCESS=loopback).")
    for response in (client.get("/api/reading"), client.get("/", headers={"accept": "application/json"})):
        assert response.status_code == 403
        assert response.json()["setting"] == "KVSITE_ACCESS"
        assert "KVSITE_ACCESS=loopback" in response.json()["error"]


@pytest.mark.parametrize(
    ("words", "id_", "expected"),
    [
        ({"KVSITE_ACCESS": "easy-auth", "KVSITE_PEOPLE": "ada lovelace"}, "E018", "is not a name or object ID"),
        ({"KVSITE_ACCESS": "easy-auth", "KVSITE_PEOPLE": ","}, "E018", "contains no name"),
        ({"KVSITE_ACCESS": "easy-auth", "KVSITE_VALUE_PEOPLE": "*"}, "E019", "is not a name or object ID"),
        ({"KVSITE_ACCESS": "token", "KVSITE_PASSPHRASE": PASSPHRASE, "KVSITE_VALUES_PASSPHRASE": "short"}, "E021",
         "fewer than 12"),
        ({"KVSITE_ACCESS": "token", "KVSITE_PASSPHRASE": PASSPHRASE, "KVSITE_VALUES_PASSPHRASE": PASSPHRASE}, "E022",
         "the same as KVSITE_PASSPHRASE"),
        ({"KVSITE_VALUES": "Never"}, "E023", "no value is shown"),
        ({"KVSITE_ACCESS": "open", "KVSITE_PASSPHRASE": PASSPHRASE}, "W024", "the access mode is open"),
        ({"KVSITE_PEOPLE": ADA}, "W024", "the access mode is loopback"),
        ({"KVSITE_ACCESS": "Token", "KVSITE_PASSPHRASE": PASSPHRASE}, "E009", "only this machine"),
    ],
)  # fmt: skip
def test_each_invalid_setting__has_its_own_check(words: dict[str, str], id_: str, expected: str) -> None:
    config = load({**RIGHT, **words})
    assert [problem.id for problem in config.problems] == [f"secrets_app.{id_}"]
    assert expected in config.problems[0].sentence
    assert PASSPHRASE not in f"{config!r} {config.problems}"


def test_invalid_setting__never_grants_access() -> None:
    assert load({**RIGHT, "KVSITE_ACCESS": "easy-auth", "KVSITE_PEOPLE": "a b"}).people == ()
    assert load({**RIGHT, "KVSITE_VALUES": "off"}).shows_values is False
    assert load(RIGHT).people == ("*",)
    assert load(RIGHT).shows_values is True
