"""The expected principal: any other principal is shown as a mismatch, even if the secret was read."""

import json

import pytest
from django.core.management import call_command
from django.test import Client

from secrets_app import conf
from secrets_app.conf import load
from secrets_app.conf.request import secret_request
from secrets_app.core.reading import ExpectedPrincipal, Principal, PrincipalType, Reading
from tests.conftest import World
from tests.support.readings import get_reading

OTHER = "99999999-9999-9999-9999-999999999999"


def expecting(settings, **words: str) -> None:
    settings.SECRETS_APP |= {f"KVSITE_EXPECTED_{name}": value for name, value in words.items()}


def who_we_are(world: World, scenario: str = "app-service") -> Principal:
    world(scenario)
    principal = get_reading(conf.current()).principal
    assert principal
    return principal


def test_expected_principal__match_has_no_mismatch(world, settings) -> None:
    us = who_we_are(world)
    expecting(settings, TYPE="app", APP_ID=us.app_id.upper(), OBJECT_ID=us.object_id, TENANT_ID=us.tenant_id)
    reading = get_reading(conf.current())
    assert reading.ok
    assert reading.mismatches == ()


@pytest.mark.parametrize(
    ("words", "what"),
    [
        ({"TYPE": "User"}, "type"),
        ({"APP_ID": OTHER}, "application (client) ID"),
        ({"OBJECT_ID": OTHER}, "object ID"),
        ({"TENANT_ID": OTHER}, "tenant ID"),
        ({"NAME": "somebody-else"}, "name"),
    ],
)
def test_unexpected_principal__fails_though_secret_was_read(world, settings, client: Client, words, what: str) -> None:
    world("app-service")
    expecting(settings, **words)
    reading = get_reading(conf.current())
    assert reading.secret
    assert not reading.ok
    assert [mismatch.what for mismatch in reading.mismatches] == [what]
    assert reading.main_cause == "unexpected_principal"
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json()) == (503, {"ready": False, "cause": "unexpected_principal"})


def test_unexpected_principal__is_shown_on_page_and_in_command(world, settings, client: Client, capsys) -> None:
    azure = world("app-service")
    expecting(settings, OBJECT_ID=OTHER)
    page = client.get("/").content.decode()
    assert "Unexpected principal:" in page
    assert "was read, but as an unexpected principal" in page
    assert OTHER in page
    assert 'data-cause="unexpected_principal"' in page
    assert azure.secret_value not in page
    with pytest.raises(SystemExit) as ended:
        call_command("principal", json=True)
    assert ended.value.code == 1
    document = json.loads(capsys.readouterr().out)
    assert (document["ok"], document["mismatches"][0]["expected"]) == (False, OTHER)


def test_expected_user__is_compared_by_user_principal_name(world, settings) -> None:
    us = who_we_are(world, "laptop")
    assert us.user_principal_name
    expecting(settings, TYPE="User", NAME=us.user_principal_name.upper())
    assert get_reading(conf.current()).ok


def test_unexpected_principal__is_the_first_cause_of_a_denied_request(world, settings) -> None:
    world("no-role")
    expecting(settings, APP_ID=OTHER)
    reading = get_reading(conf.current())
    assert [hint.cause for hint in reading.hints][:2] == ["unexpected_principal", "kv_rbac_denied"]


def test_without_token__nothing_is_compared(world, settings) -> None:
    world("laptop-no-az")
    expecting(settings, APP_ID=OTHER)
    reading: Reading = get_reading(conf.current())
    assert reading.mismatches == ()
    assert reading.main_cause != "unexpected_principal"


def test_missing_claim__is_a_mismatch() -> None:
    (mismatch,) = ExpectedPrincipal(type=PrincipalType.APP).mismatches(Principal())
    assert (mismatch.expected, mismatch.found) == ("App", None)


@pytest.mark.parametrize(
    ("words", "id_"),
    [
        ({"KVSITE_EXPECTED_TYPE": "Robot"}, "E060"),
        ({"KVSITE_EXPECTED_APP_ID": "my-app"}, "E061"),
        ({"KVSITE_EXPECTED_OBJECT_ID": "1"}, "E062"),
        ({"KVSITE_EXPECTED_TENANT_ID": "contoso.com"}, "E063"),
    ],
)
def test_invalid_setting__has_its_own_message(words: dict[str, str], id_: str) -> None:
    config = load({"KEY_VAULT_NAME": "contoso", "SECRET_NAME": "demo", **words})
    assert [problem.id for problem in secret_request(config).blocking_problems] == [f"secrets_app.{id_}"]
