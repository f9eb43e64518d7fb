"""No token and no secret's value in anything the product says, in any world."""

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import World
from django.core.management import call_command
from django.test import Client

from localazure import LocalAzure
from localazure.scenarios import SCENARIOS
from secrets_app import conf
from secrets_app.answer import answer
from secrets_app.logs import Redacted, Stderr

PAGES = (
    *("/", "/api/reading", "/report/", "/environment/", "/?refresh=1", "/?nonsense=1", "/nothing", "/explain/"),
    *("/healthz", "/readyz"),
)
COMMANDS = (("principal",), ("principal", "--json"), ("principal", "--report"), ("doctor",), ("doctor", "--json"))
LOGGERS = ("", "azure", "azure.identity", "azure.core", "msal", "urllib3", "django", "secrets_app")


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[io.StringIO]:
    """What the site's own handler writes when every logger is at DEBUG."""
    handler, written = Stderr(), io.StringIO()
    handler.setFormatter(Redacted("%(asctime)s %(levelname)s %(name)s %(message)s"))
    handler.stream = written
    for name in LOGGERS:
        caplog.set_level(logging.DEBUG, logger=name)
    logging.getLogger().addHandler(handler)
    yield written
    logging.getLogger().removeHandler(handler)


def proofs_of(azure: LocalAzure) -> set[str]:
    """What this world's program proves with who it is: identity header, client secret, private key, federated token."""
    named = {name: text for name, text in azure.env.items() if name.endswith(("_HEADER", "_SECRET", "_FILE", "_PATH"))}
    files = [Path(text) for name, text in named.items() if name.startswith("AZURE_") and Path(text).is_file()]
    lines = {line for file in files for line in file.read_text().splitlines() if line and not line.startswith("-----")}
    return lines | {text for name, text in named.items() if name.endswith(("_HEADER", "_SECRET"))}


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_no_token_no_value_and_no_proof_is_in_any_byte(
    client: Client,
    world: World,
    scenario: str,
    log: io.StringIO,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    settings: Any,
) -> None:
    azure = world(scenario)
    settings.SECRETS_APP["KVSITE_RESULT_LIFE_S"] = "60"  # pages and commands may show the same reading
    reading = answer(conf.current())
    pages = [client.get(path) for path in PAGES]
    pages.append(client.post("/api/explain", {"message": caplog.text[-200_000:]}, content_type="application/json"))
    printed = io.StringIO()
    for command in COMMANDS:
        with pytest.raises(SystemExit):
            call_command(*command, stdout=printed, stderr=printed)
    said = "\n".join(
        [
            *(f"{page.content.decode()}\n{page.headers}\n{page.cookies}" for page in pages),
            json.dumps(reading.as_json()),
            printed.getvalue(),
            repr(reading),
            repr(conf.current()),
            caplog.text,
            log.getvalue(),
            *capfd.readouterr(),
        ]
    )
    # A world's own proxy prints what it must; what is looked for are the very strings that must stay inside.
    for token in azure.tokens:
        assert token.text not in said
        assert token.text.rpartition(".")[2] not in said  # the signature alone would do harm as well
    for proof in proofs_of(azure):
        assert proof not in said
    assert "eyJ" not in log.getvalue()  # no token of anybody's: assertions, refresh tokens
    assert azure.secret_value not in said
    assert settings.SECRET_KEY not in said


def test_the_test_can_fail(world: World) -> None:
    """What is looked for above is really what the vault gives and what the token service hands out."""
    azure = world("app-service")
    answer(conf.current())
    assert len(azure.tokens) == 1
    assert len(azure.secret_value) > 8


@pytest.mark.parametrize(
    ("scenario", "proofs"),
    [("app-service", 1), ("service-principal-secret", 1), ("service-principal-certificate", 20), ("kubernetes", 1)],
)
def test_what_a_program_proves_itself_with_is_looked_for(world: World, scenario: str, proofs: int) -> None:
    assert len(proofs_of(world(scenario))) >= proofs
