"""Tokens are refreshed in a request before they expire; if the refresh fails, the current token stays in use."""

import os
from typing import Any

import pytest

from localazure import FaultInjection
from secrets_app import conf
from secrets_app.core.reading import Outcome, Stage
from tests.conftest import World
from tests.support.readings import get_reading

REFRESH_DUE_S = 200
"""The life of a token that is due for a refresh from its first use, and valid for a while."""


def test_a_token_close_to_its_end__is_refreshed_in_the_request(world: World) -> None:
    azure = world("laptop", token_life_s=REFRESH_DUE_S)
    assert get_reading(conf.current()).ok
    reading = get_reading(conf.current())
    assert reading.ok
    assert not reading.token_reused
    assert len(azure.tokens) == 2
    assert reading.principal
    assert reading.principal.credential == "AzureCliCredential"
    assert reading.principal.token_expires_at
    assert int(reading.principal.token_expires_at.timestamp()) == azure.tokens[1].expires_on


def test_a_refresh_that_fails__leaves_the_valid_token_in_use(world: World, caplog: pytest.LogCaptureFixture) -> None:
    azure = world("laptop", token_life_s=REFRESH_DUE_S)
    assert get_reading(conf.current()).ok
    azure.inject_fault("entra", FaultInjection(aadsts=53003))
    for _ in range(2):
        assert get_reading(conf.current()).ok
    assert "token refresh failed (CredentialUnavailableError)" in caplog.text
    assert azure.tokens[0].text not in caplog.text
    assert len(azure.tokens) == 1


def test_a_refresh_that_fails__and_a_vault_that_denies__is_the_vaults_failure(world: World) -> None:
    azure = world("laptop", token_life_s=REFRESH_DUE_S)
    first = get_reading(conf.current())
    assert first.ok
    azure.inject_fault("entra", FaultInjection(aadsts=53003))
    azure.inject_fault("keyvault", FaultInjection(status=403))
    for _ in range(2):
        denied = get_reading(conf.current())
        assert denied.failure
        assert (denied.failure.stage, denied.failure.status) == (Stage.VAULT, 403)
        assert denied.principal == first.principal
        assert denied.token_reused
        assert denied.attempts[-1].outcome is not Outcome.FAILED
    azure.inject_fault("keyvault", FaultInjection())
    assert get_reading(conf.current()).ok, "the valid token was kept"


def test_a_refresh_that_fails__is_not_tried_again_at_once(world: World) -> None:
    azure = world("laptop", token_life_s=REFRESH_DUE_S)
    assert get_reading(conf.current()).ok
    azure.inject_fault("entra", FaultInjection(aadsts=53003))
    assert get_reading(conf.current()).ok
    azure.inject_fault("entra", FaultInjection())
    assert get_reading(conf.current()).ok
    assert len(azure.tokens) == 1


def test_a_refresh_that_fails__with_too_little_time_left__is_shown(world: World) -> None:
    azure = world("laptop", token_life_s=20)
    assert get_reading(conf.current()).ok
    azure.inject_fault("entra", FaultInjection(aadsts=53003))
    assert get_reading(conf.current()).main_cause == "conditional_access_blocked"


@pytest.mark.parametrize(("life_s", "tokens"), [(20, 2), (3600, 1)])
def test_token__is_requested_again_only_when_due(world: World, life_s: int, tokens: int) -> None:
    azure = world("laptop", token_life_s=life_s)
    for _ in range(2):
        assert get_reading(conf.current()).ok
    assert len(azure.tokens) == tokens


def test_a_token_that_the_vault_rejects__is_replaced_at_the_next_reading(world: World) -> None:
    azure = world("laptop", token_life_s=REFRESH_DUE_S)
    assert get_reading(conf.current()).ok
    azure.inject_fault("keyvault", FaultInjection(status=401))
    refused = get_reading(conf.current())
    assert refused.failure
    assert refused.failure.status == 401
    azure.inject_fault("keyvault", FaultInjection())
    again = get_reading(conf.current())
    assert again.ok
    assert not again.token_reused


def test_another_account_that_signs_in_meanwhile__is_shown_with_its_first_token(world: World, settings: Any) -> None:
    other = world("laptop-service-principal").env["PATH"]
    world("laptop", token_life_s=REFRESH_DUE_S)
    settings.SECRETS_APP["KVSITE_EXPECTED_TYPE"] = "User"
    assert get_reading(conf.current()).ok
    os.environ["PATH"] = other  # az on the same machine, signed in as a service principal
    now = get_reading(conf.current())
    assert now.principal
    assert now.principal.type == "App"
    assert now.main_cause == "unexpected_principal"
