"""No token and no secret's value in anything the product says, in any world."""

import io
import json
import logging
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from localazure import LocalAzure
from localazure.scenarios import SCENARIOS
from secrets_app import conf
from secrets_app.conf.schema import SETTINGS
from secrets_app.core.logs import RedactingFormatter, StderrHandler
from secrets_app.service import get_reading
from tests.conftest import World

PAGES = (
    *("/", "/api/reading", "/report/", "/environment/", "/?refresh=1", "/?nonsense=1", "/nothing", "/explain/"),
    *("/healthz", "/readyz", "/secret/", "/token/", "/api/token", "/sign-in/", "/value/"),
)
THOROUGH = ("app-service", "laptop", "no-role", "service-principal-secret", "token-vault")
"""Where every logger talks, Django's templates too, and the pages that ask more of Azure are visited as well."""
MORE_PAGES = (
    *("/identities/", "/secret/?name=demo", "/secret/?name=no-such", "/token-vault/"),
    *("/token/?scope=https://management.azure.com", "/api/token?scope=https://vault.azure.net/.default"),
)
COMMANDS = (("principal",), ("principal", "--json"), ("principal", "--report"), ("doctor",), ("doctor", "--json"))
LOGGERS = ("", "azure", "azure.identity", "azure.core", "msal", "urllib3", "django", "secrets_app")


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[io.StringIO]:
    """What the site's own handler writes when every logger is at DEBUG."""
    handler, written = StderrHandler(), io.StringIO()
    handler.setFormatter(RedactingFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
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


def body_of(page: Any) -> str:
    return (b"".join(page.streaming_content) if page.streaming else page.content).decode()


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
    reading = get_reading(conf.current())
    if scenario not in THOROUGH:  # a template's variable that is not there is a traceback for every handler
        caplog.set_level(logging.INFO, logger="django.template")
    paths = (*PAGES, *MORE_PAGES) if scenario in THOROUGH else PAGES
    pages = [client.get(path) for path in paths if "refresh" not in path or not azure.scenario.times_out]
    pages.append(client.post("/api/explain", {"message": caplog.text[-20_000:]}, content_type="application/json"))
    printed = io.StringIO()
    for command in COMMANDS:
        with pytest.raises(SystemExit):
            call_command(*command, stdout=printed, stderr=printed)
    said = "\n".join(
        [
            *(f"{body_of(page)}\n{page.headers}\n{page.cookies}" for page in pages),
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


@pytest.mark.parametrize("path", MORE_PAGES)
def test_the_pages_that_ask_more_are_there(client: Client, world: World, path: str) -> None:
    world("token-vault")
    assert client.get(path).status_code == 200


def test_the_test_can_fail(world: World) -> None:
    """What is looked for above is really what the vault gives and what the token service hands out."""
    azure = world("app-service")
    get_reading(conf.current())
    assert len(azure.tokens) == 1
    assert len(azure.secret_value) > 8


@pytest.mark.parametrize(
    ("scenario", "proofs"),
    [("app-service", 1), ("service-principal-secret", 1), ("service-principal-certificate", 20), ("kubernetes", 1)],
)
def test_what_a_program_proves_itself_with_is_looked_for(world: World, scenario: str, proofs: int) -> None:
    assert len(proofs_of(world(scenario))) >= proofs


HOLDS_A_SECRET = re.compile(r"SECRET_KEY|CLIENT_SECRET|PASS|ACCESSTOKEN|ConnectionString", re.IGNORECASE)
NAMES = [name for name in SETTINGS if HOLDS_A_SECRET.search(name)]
CANARY = "c4nary-in-a-cage"


@pytest.mark.parametrize("canary", [CANARY, f"RunAs=App;AppId=a;TenantId=b;AppKey={CANARY}", f"{CANARY * 10}"])
@pytest.mark.parametrize("names", [NAMES, *([name] for name in NAMES)])
def test_what_a_setting_keeps_secret_is_in_no_sentence_and_no_repr(names: list[str], canary: str) -> None:
    """Right or wrong: where the setting is refused its text is not quoted."""
    config = conf.load({"KVSITE_CREDENTIAL": "client-secret", **dict.fromkeys(names, canary)})
    said = [repr(config), *(f"{problem!r}{problem.sentence}{problem.hint}" for problem in config.problems)]
    assert CANARY not in "".join(said)


def test_what_the_settings_keep_secret_is_on_no_page(
    client: Client, world: World, settings: Any, log: io.StringIO
) -> None:
    world("app-service")
    settings.SECRETS_APP |= dict.fromkeys(NAMES, CANARY * 10)
    said = [client.get(path).content.decode() for path in ("/", "/environment/", "/report/", "/api/reading")]
    assert CANARY not in "".join([*said, log.getvalue()])


def test_a_password_in_the_proxys_address_is_shown_nowhere(client: Client, world: World, log: io.StringIO) -> None:
    azure = world("app-service")
    for name in ("HTTPS_PROXY", "https_proxy"):
        os.environ[name] = azure.env[name].replace("://", f"://me:{CANARY}@")
    said = [client.get(path).content.decode() for path in ("/", "/environment/", "/report/", "/api/reading")]
    assert CANARY not in "".join([*said, log.getvalue()])


@pytest.mark.parametrize(
    "secret",
    [
        f"RunAs=App;AppId=a;TenantId=b;AppKey={CANARY}",
        f"https://user:{CANARY}@contoso.vault.azure.net",
        f"abc8Q~{CANARY}{'x' * (33 - len(CANARY))}",
    ],
)
@pytest.mark.parametrize("name", SETTINGS)
def test_a_secret_in_the_wrong_setting_is_in_no_sentence(name: str, secret: str) -> None:
    for access in ("loopback", "easy-auth", "token"):
        for problem in conf.load({"KVSITE_ACCESS": access, name: secret}).problems:
            assert CANARY not in f"{problem.sentence} {problem.hint} {problem.example}"
