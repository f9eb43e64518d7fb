"""Tokens are renewed before they expire, and no page waits for it."""

import os
from typing import Any

import pytest

from localazure import FaultInjection, LocalAzure
from secrets_app import conf, keyvault
from secrets_app.service import get_reading
from tests.conftest import World
from tests.support.leak_checks import ends, leftovers

DUE_S = 200
"""The life of a token that is renewed from its first day on, and good for a while."""
AZ_S = 0.5


def renewed(azure: LocalAzure, tokens: int) -> bool:
    return ends(lambda: len(azure.tokens) == tokens and not leftovers())


def test_no_page_waits_for_az_while_the_token_at_hand_is_good(world: World) -> None:
    azure = world("laptop", az_latency_s=AZ_S, token_life_s=DUE_S)
    first = get_reading(conf.current())
    assert first.ok
    second, third = get_reading(conf.current()), get_reading(conf.current())
    assert "renewal" in leftovers(), "the pages were there before az was"
    assert second.ok
    assert third.ok
    assert len(azure.tokens) == 1
    assert renewed(azure, 2), "one renewal for both readings"


def test_the_new_token_is_used_and_its_story_is_told(world: World) -> None:
    azure = world("laptop", token_life_s=DUE_S)
    get_reading(conf.current())
    get_reading(conf.current())
    assert renewed(azure, 2)
    azure.inject_fault("entra", FaultInjection(status=503))
    reading = get_reading(conf.current())
    assert reading.ok
    assert reading.token_reused
    assert reading.principal
    assert reading.principal.credential == "AzureCliCredential"
    assert reading.principal.token_expires_at
    assert int(reading.principal.token_expires_at.timestamp()) == azure.tokens[1].expires_on


def test_a_renewal_that_fails__is_tried_again_later_and_shown_to_nobody(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    azure = world("laptop", token_life_s=DUE_S)
    assert get_reading(conf.current()).ok
    azure.inject_fault("entra", FaultInjection(aadsts=53003))
    assert get_reading(conf.current()).ok
    assert ends(lambda: not leftovers())
    assert get_reading(conf.current()).ok
    assert not leftovers(), "the next renewal rests a while"
    assert "token refresh failed (CredentialUnavailableError)" in caplog.text
    assert len(azure.tokens) == 1


@pytest.mark.parametrize(("life_s", "pages"), [(20, 2), (3600, 2)])
def test_a_token_that_has_run_out__or_is_fresh__is_asked_for_as_ever(world: World, life_s: int, pages: int) -> None:
    azure = world("laptop", token_life_s=life_s)
    for _ in range(pages):
        assert get_reading(conf.current()).ok
        assert not leftovers()
    assert len(azure.tokens) == (pages if life_s == 20 else 1)


def test_a_token_the_vault_no_longer_takes__is_replaced_at_the_next_reading(world: World, settings: Any) -> None:
    azure = world("laptop", token_life_s=DUE_S)
    assert get_reading(conf.current()).ok
    azure.inject_fault("keyvault", FaultInjection(status=401))
    refused = get_reading(conf.current())
    assert refused.failure
    assert refused.failure.status == 401
    azure.inject_fault("keyvault", FaultInjection())
    again = get_reading(conf.current())
    assert again.ok
    assert not again.token_reused


def test_closing_gives_a_renewal_up(world: World) -> None:
    azure = world("laptop", az_latency_s=AZ_S, token_life_s=DUE_S)
    get_reading(conf.current())
    get_reading(conf.current())
    assert "renewal" in leftovers()
    keyvault.close()
    assert ends(lambda: not leftovers(), within_s=AZ_S / 2)
    assert len(azure.tokens) == 1


def test_somebody_else_who_signs_in_meanwhile__is_shown_as_soon_as_the_token_is_theirs(
    world: World, settings: Any
) -> None:
    other = world("laptop-service-principal").env["PATH"]
    azure = world("laptop", token_life_s=DUE_S)
    settings.SECRETS_APP["KVSITE_EXPECTED_TYPE"] = "User"
    first = get_reading(conf.current())
    assert first.ok
    assert first.principal
    os.environ["PATH"] = other  # az of the same machine, signed in as an application
    assert get_reading(conf.current()).principal == first.principal, "the vault was given the token at hand"
    assert ends(lambda: not leftovers())
    now = get_reading(conf.current())
    assert now.principal
    assert now.principal.type == "App"
    assert now.main_cause == "unexpected_principal"
    assert len(azure.tokens) == 1
