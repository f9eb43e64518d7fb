"""The log contains no secret and no response body, for every logger and at every level."""

import io
import logging
import operator
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import azure.core.pipeline.policies._universal as azure_core
import msal.managed_identity
import msal.oauth2cli.authcode
import msal.oauth2cli.oauth2
import msal.wstrust_request
import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.urls import include, path

from kvsite.settings import LOGGING, is_probe
from localazure import LocalAzure
from localazure.scenarios.faults import Fault, FaultInjection
from secrets_app import conf
from secrets_app.conf.schema import READERS
from secrets_app.core.logs import LEVELS, RedactingFormatter, StderrHandler, logging_settings
from tests.conftest import World
from tests.support.readings import get_reading

TOKEN = f"eyJ{'hbGciOiJSUzI1NiJ9' * 3}.eyJ{'vaWQiOiJ4In0' * 3}.{'s1gnature' * 5}"
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """The output of the site's log handler, with every logger at DEBUG."""
    handler, written = StderrHandler(), io.StringIO()
    handler.setFormatter(RedactingFormatter("%(name)s %(message)s"))
    handler.stream = written
    loggers = [logging.getLogger(name) for name in ("", "azure", "msal", "urllib3", "django", "secrets_app")]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    logging.getLogger().addHandler(handler)
    yield written
    logging.getLogger().removeHandler(handler)
    for logger, level in zip(loggers, before, strict=True):
        logger.setLevel(level)


def test_message_arguments_and_traceback__are_redacted(log: io.StringIO) -> None:
    error = ValueError(f"refused: {TOKEN}")
    logging.getLogger("somebody").error("sent %s with %r", TOKEN, {"client_secret": "Zq8~k3y"}, exc_info=error)
    assert log.getvalue().startswith("somebody sent [hidden] with {'client_secret': [hidden]}\n")
    assert "ValueError: refused: [hidden]" in log.getvalue()
    assert "Zq8" not in log.getvalue()
    assert TOKEN[:20] not in log.getvalue()


@pytest.mark.parametrize(
    "text",
    [
        f'{{"token_type": "Bearer", "access_token": "{TOKEN}"}}',
        '{"access_token":"opaque-0123","refresh_token":"0.AXopaque-0123"}',
        '{"access_token":"opaque-0123',
        f"grant_type=client_credentials&client_id=a&client_secret=opaque-0123&client_assertion={TOKEN}",
        "{'X-IDENTITY-HEADER': 'opaque-0123'}",
        "{'Authorization': 'Bearer opaque-0123'}",
        "https://me:opaque-0123@proxy.contoso.example:3128",
        "RunAs=App;AppId=a;TenantId=b;AppKey=opaque-0123",
        '{"value":"opaque-0123","id":"https://contoso.vault.azure.net/secrets/demo/0"}',
    ],
)
def test_library_records__are_redacted(log: io.StringIO, text: str) -> None:
    logging.getLogger("azure.identity").debug("answer: %s", text)
    assert log.getvalue().startswith("azure.identity answer: ")
    assert "opaque" not in log.getvalue()
    assert TOKEN[:20] not in log.getvalue()


@pytest.mark.parametrize(
    ("module", "template"),
    [
        (msal.managed_identity, "IMDS emits unexpected payload: %s"),
        (msal.oauth2cli.oauth2, "Token response is not in json format: %s"),
        (msal.wstrust_request, "Unsuccessful WsTrust request receives: %s"),
        (msal.oauth2cli.authcode, "Got auth response: %s"),
    ],
)
def test_response_bodies__are_not_logged(log: io.StringIO, module: Any, template: str) -> None:
    assert template in Path(module.__file__).read_text()  # as long as the library uses this wording
    logging.getLogger(module.__name__).error(template, "just-a-value")
    assert log.getvalue() == f"{module.__name__} {template % '[body not logged]'}\n"


def test_azure_core_trace__is_not_logged(log: io.StringIO) -> None:
    assert azure_core.__name__ == "azure.core.pipeline.policies._universal"
    logging.getLogger(azure_core.__name__).debug("Response content:\njust-a-value")
    assert "just-a-value" not in log.getvalue()


def test_azure_error_body__is_not_logged(log: io.StringIO, world: World) -> None:
    logging.getLogger("azure.identity").debug("failed: %s", "JSON is invalid\nContent: just-a-value\nof two lines")
    assert log.getvalue() == "azure.identity failed: JSON is invalid\nContent: [body not logged]\n"


def test_control_characters__are_escaped(log: io.StringIO) -> None:
    logging.getLogger("azure").warning("az said: %s", "\x1b[2J\x1b]0;gone\x07 \r\x9b1m \u202egnp.exe\n\tnext line")
    assert log.getvalue() == "azure az said: ?[2J?]0;gone? ??1m ?gnp.exe\n\tnext line\n"


def test_unformattable_record__does_not_print_its_arguments() -> None:
    handler, written = StderrHandler(), io.StringIO()
    handler.stream = written
    handler.handle(
        logging.makeLogRecord({"msg": "%d pieces", "args": ("just-a-value",), "pathname": "here", "lineno": 7})
    )
    assert written.getvalue() == "A log line could not be written: here, line 7.\n"


def test_closed_stderr__raises_nothing() -> None:
    handler = StderrHandler()
    handler.stream = io.StringIO()
    handler.stream.close()
    handler.handle(logging.makeLogRecord({"msg": "nobody reads this"}))


UNCAUGHT = """
import sys, threading
from secrets_app.core.logs import redact_uncaught
redact_uncaught()
def fail():
    raise ValueError(f"refused: {sys.argv[1]}\\nContent: {sys.argv[2]}")
thread = threading.Thread(target=fail)
thread.start()
thread.join()
fail()
"""


@pytest.mark.program
def test_uncaught_exception__is_redacted() -> None:
    result = subprocess.run(
        [sys.executable, "-c", UNCAUGHT, TOKEN, "just-a-value"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 1
    assert result.stderr.count("ValueError: refused: [hidden]\nContent: [body not logged]\n") == 2
    assert TOKEN[:20] not in result.stderr
    assert "just-a-value" not in result.stderr


def test_other_handlers__get_the_original_record() -> None:
    record = logging.makeLogRecord({"msg": "IMDS emits unexpected payload: %s", "args": ("body",)})
    RedactingFormatter().format(record)
    assert record.getMessage() == "IMDS emits unexpected payload: body"


@pytest.mark.parametrize(
    ("scenario", "service"),
    [
        ("app-service", "keyvault"),
        ("app-service", "app-service"),
        ("vm", "imds"),
        ("service-principal-secret", "entra"),
    ],
)
@pytest.mark.parametrize("fault", [Fault.TRUNCATED, Fault.WRONG_TYPE])
def test_broken_response_at_debug__is_not_logged(
    log: io.StringIO, world: World, scenario: str, service: str, fault: Fault
) -> None:
    azure = world(scenario, faults={service: FaultInjection(fault=fault)})
    get_reading(conf.current())
    assert "azure." in log.getvalue()
    assert azure.secret_value[:8] not in log.getvalue()
    assert "eyJ" not in log.getvalue()


def test_logging_settings__redact_every_logger() -> None:
    assert LOGGING["root"]["handlers"] == ["stderr"]
    assert LOGGING["formatters"]["line"]["()"] is RedactingFormatter
    for level in LEVELS:
        for name, logger in logging_settings(level, log_filter=is_probe)["loggers"].items():
            assert not logger.get("handlers"), f"{name} has a handler of its own"


@pytest.mark.parametrize("level", LEVELS)
def test_audit_log__is_written_at_every_level(level: str) -> None:
    assert logging_settings(level, log_filter=is_probe)["loggers"]["secrets_app.access.audit"] == {"level": "INFO"}


@pytest.mark.program
@pytest.mark.parametrize(("level", "talks"), [("DEBUG", True), ("INFO", False)])
def test_azure_libraries__log_at_debug_only(level: str, talks: bool) -> None:
    with LocalAzure("app-service") as azure:
        result = subprocess.run(
            [sys.executable, "manage.py", "principal", "--json"],
            cwd=ROOT, env={**azure.env, "KVSITE_LOG_LEVEL": level}, capture_output=True, text=True, check=True,
        )  # fmt: skip
        for logger in ("azure.core", "msal", "urllib3"):
            assert (f"DEBUG {logger}" in result.stderr or f"INFO {logger}" in result.stderr) is talks
        assert azure.secret_value not in result.stdout + result.stderr
        assert "eyJ" not in result.stdout + result.stderr
        assert azure.env["IDENTITY_HEADER"] not in result.stdout + result.stderr


SECRETS = [f"{word}-0123" for word in ("typed", "cookie", "value", "inside")]


def test_error_page__shows_nothing_and_the_log_has_the_redacted_traceback(
    settings: Any, world: World, log: io.StringIO
) -> None:
    world("app-service")
    settings.ROOT_URLCONF = __name__
    browser = Client(raise_request_exception=False, headers={"host": "127.0.0.1", "Authorization": f"Bearer {TOKEN}"})
    browser.cookies["kvsite"] = SECRETS[1]
    page = browser.post("/", {"passphrase": SECRETS[0]})
    assert page.status_code == 500
    assert "ValueError" not in page.content.decode()
    assert "ValueError: 30: {" in log.getvalue()
    assert "in breaks" in log.getvalue()
    for secret in (*SECRETS, TOKEN[:20], django_settings.SECRET_KEY):
        assert secret not in page.content.decode() + log.getvalue()


def test_error_while_settings_are_read__shows_none_of_their_values(
    settings: Any, world: World, monkeypatch: pytest.MonkeyPatch, log: io.StringIO
) -> None:
    world("app-service")
    canary = "c4nary 'it''s; here'"
    settings.SECRETS_APP |= dict.fromkeys(("KVSITE_PASSPHRASE", "AzureServicesAuthConnectionString"), canary)
    monkeypatch.setitem(READERS, "threads", operator.itemgetter("no such setting"))
    page = Client(raise_request_exception=False, headers={"host": "127.0.0.1", "accept": "text/html"}).get("/")
    assert page.status_code == 500
    assert "KeyError" in log.getvalue()
    for text in (page.content.decode(), log.getvalue()):
        assert "c4nary" not in text
        assert "s; here" not in text


@pytest.mark.program
def test_diffsettings__shows_no_values(world: World) -> None:
    azure = world("app-service")
    environ = {**azure.env, "KVSITE_PASSPHRASE": "c4nary in a cage", "KVSITE_CLIENT_SECRET": "c4nary-0123"}
    command = [sys.executable, "manage.py", "diffsettings"]
    result = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=True)
    assert "KVSITE_PASSPHRASE" in result.stdout
    assert "c4nary" not in result.stdout


def breaks(_request: Any) -> None:
    """A view that raises an exception while a local variable holds a secret."""
    value, told, words = SECRETS[2], {"access_token": SECRETS[3], "x": TOKEN}, " ".join(["an", "ordinary", "variable"])
    raise ValueError(f"{len(value + words)}: {told}")


urlpatterns = [path("", breaks), path("", include("secrets_app.urls"))]
