"""No token and no secret's value in anything the product says, in any world."""

import json
import logging
from typing import Any

import pytest
from conftest import World
from django.test import Client

from localazure.scenarios import SCENARIOS
from secrets_app import conf
from secrets_app.answer import answer
from secrets_app.terminal import lines_of

PAGES = ("/", "/api/reading", "/readyz", "/report/", "/environment/", "/?refresh=1", "/?nonsense=1")


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_neither_token_nor_value_is_seen(
    client: Client, world: World, scenario: str, caplog: pytest.LogCaptureFixture, settings: Any
) -> None:
    azure = world(scenario)
    settings.SECRETS_APP["KVSITE_RESULT_LIFE_S"] = "60"  # the pages may show the same reading
    caplog.set_level(logging.DEBUG)
    for name in ("azure", "azure.identity", "azure.core", "msal", "urllib3", "secrets_app"):
        caplog.set_level(logging.DEBUG, logger=name)
    reading = answer(conf.current())
    pages = [
        client.get(path)
        for path in ("/", "/api/reading", "/readyz", "/report/", "/environment/", "/?refresh=1", "/?nonsense=1")
    ]
    said = "\n".join(
        [
            *(f"{page.content.decode()}\n{page.headers}" for page in pages),
            json.dumps(reading.as_json()),
            "\n".join(lines_of(reading)),
            repr(reading),
            repr(conf.current()),
            caplog.text,
        ]
    )
    # A world's own proxy prints what it must; what is looked for are the very strings that must stay inside.
    for token in azure.tokens:
        assert token.text not in said
        assert token.text.rpartition(".")[2] not in said  # the signature alone would do harm as well
    assert azure.secret_value not in said
    assert settings.SECRET_KEY not in said


def test_the_test_can_fail(world: World) -> None:
    """What is looked for above is really what the vault gives and what the token service hands out."""
    azure = world("app-service")
    answer(conf.current())
    assert len(azure.tokens) == 1
    assert len(azure.secret_value) > 8
