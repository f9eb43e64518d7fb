"""No output of the product contains a token or a secret's value, in any scenario."""

import io
import os
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from localazure.scenarios import SCENARIOS
from secrets_app import conf
from secrets_app.conf.schema import SETTINGS
from tests.conftest import World
from tests.support.readings import get_reading
from tests.support.scenario_visits import MORE_PAGES, PAGES, Visit, everything_logged, proofs_of


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """The output of the site's log handler, with every logger at DEBUG."""
    with everything_logged(templates=True) as (redacted, _):
        yield redacted


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_output__has_no_token_value_or_credential(
    visited: Callable[[str], Visit], scenario: str, settings: Any
) -> None:
    seen = visited(scenario)
    # The exact strings that must not appear in any output.
    for token in seen.tokens:
        assert token not in seen.output
        assert token.rpartition(".")[2] not in seen.output  # the signature alone is secret too
    for proof in seen.proofs:
        assert proof not in seen.output
    assert "eyJ" not in seen.log  # not a JWT: assertions, refresh tokens
    assert seen.secret_value not in seen.output
    assert settings.SECRET_KEY not in seen.output


@pytest.mark.parametrize("path", MORE_PAGES)
def test_more_pages__exist(client: Client, world: World, path: str) -> None:
    world("token-vault")
    assert client.get(path).status_code == 200


def test_searched_strings__are_in_use(world: World) -> None:
    """The strings searched for above are those that the vault and the token service return."""
    azure = world("app-service")
    get_reading(conf.current())
    assert len(azure.tokens) == 1
    assert len(azure.secret_value) > 8


@pytest.mark.parametrize("scenario", ["app-service"])
def test_visit__records_everything(visited: Callable[[str], Visit], scenario: str) -> None:
    """The record searched above contains each page, each command's output, both logs and the process output."""
    seen = visited(scenario)
    assert len(seen.tokens) >= 1
    assert {*PAGES, *MORE_PAGES} < set(seen.pages)
    for page in seen.pages.values():
        assert page in seen.output
    assert "Principal Used:" in seen.output
    assert "DEBUG secrets_app" in seen.log or "DEBUG azure" in seen.log
    assert seen.log in seen.output
    assert len(seen.output) > 2 * len(seen.log)  # also without redaction


@pytest.mark.parametrize(
    ("scenario", "proofs"),
    [("app-service", 1), ("service-principal-secret", 1), ("service-principal-certificate", 20), ("kubernetes", 1)],
)
def test_credentials_of_the_scenario__are_searched_for(world: World, scenario: str, proofs: int) -> None:
    assert len(proofs_of(world(scenario))) >= proofs


HOLDS_A_SECRET = re.compile(r"SECRET_KEY|CLIENT_SECRET|PASS|ACCESSTOKEN|ConnectionString", re.IGNORECASE)
NAMES = [name for name in SETTINGS if HOLDS_A_SECRET.search(name)]
CANARY = "c4nary-in-a-cage"


CANARIES = (CANARY, f"RunAs=App;AppId=a;TenantId=b;AppKey={CANARY}", CANARY * 10)


def test_secret_settings__are_in_no_message_or_repr() -> None:
    """Valid or not: the message for an invalid setting does not quote its value."""
    each = [[name] for name in NAMES]
    assert [(names, text) for names in (NAMES, *each) for text in CANARIES if CANARY in _said_of(names, text)] == []


def _said_of(names: list[str], text: str) -> str:
    """Everything that is shown for a configuration in which these settings have this value."""
    config = conf.load({"KVSITE_CREDENTIAL": "client-secret", **dict.fromkeys(names, text)})
    output = [repr(config), *(f"{problem!r}{problem.sentence}{problem.hint}" for problem in config.problems)]
    return "".join(output)


def test_secret_settings__are_on_no_page(client: Client, world: World, settings: Any, log: io.StringIO) -> None:
    world("app-service")
    settings.SECRETS_APP |= dict.fromkeys(NAMES, CANARY * 10)
    output = [client.get(path).content.decode() for path in ("/", "/environment/", "/report/", "/api/reading")]
    assert CANARY not in "".join([*output, log.getvalue()])


def test_proxy_password__is_shown_nowhere(client: Client, world: World, log: io.StringIO) -> None:
    azure = world("app-service")
    for name in ("HTTPS_PROXY", "https_proxy"):
        os.environ[name] = azure.env[name].replace("://", f"://me:{CANARY}@")
    output = [client.get(path).content.decode() for path in ("/", "/environment/", "/report/", "/api/reading")]
    assert CANARY not in "".join([*output, log.getvalue()])


def test_secret_in_the_wrong_setting__is_in_no_message() -> None:
    secrets = (
        f"RunAs=App;AppId=a;TenantId=b;AppKey={CANARY}",
        f"https://user:{CANARY}@contoso.vault.azure.net",
        f"abc8Q~{CANARY}{'x' * (33 - len(CANARY))}",
    )
    modes = ("loopback", "easy-auth", "token")
    settings = [{"KVSITE_ACCESS": mode, name: text} for mode in modes for name in SETTINGS for text in secrets]
    assert [words for words in settings if CANARY in _problems(words)] == []


def _problems(words: dict[str, str]) -> str:
    return "".join(f"{problem.sentence} {problem.hint} {problem.example}" for problem in conf.load(words).problems)
