"""Everything the product shows in a scenario, recorded once for all tests that only inspect it."""

import io
import json
import logging
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.test import Client, override_settings

from localazure import LocalAzure, Scenario
from secrets_app import conf
from secrets_app.conf.schema import SETTINGS
from secrets_app.core import runtime
from secrets_app.core.logs import RedactingFormatter, StderrHandler
from tests.support.deadlines import BUSY_S, LONGER
from tests.support.readings import Result, get_reading

HERE = {"host": "127.0.0.1:8000"}
"""What a browser on this machine sends."""
SIGN_IN_CODE = "code-that-the-start-prints"
PAGES = (
    *("/", "/api/reading", "/report/", "/environment/", "/?refresh=1", "/?nonsense=1", "/nothing", "/explain/"),
    *("/healthz", "/readyz", "/secret/", "/token/", "/api/token", "/sign-in/", "/value/"),
)
THOROUGH = ("app-service", "laptop", "no-role", "service-principal-secret", "token-vault")
"""Where the pages that send more requests are visited as well."""
WITH_TEMPLATE_LOG = ("app-service", "no-role")
"""A success and a failure: here Django's templates are logged too, with a traceback for each missing variable."""
MORE_PAGES = (
    *("/identities/", "/secret/?name=demo", "/secret/?name=no-such", "/token-vault/"),
    *("/token/?scope=https://management.azure.com", "/api/token?scope=https://vault.azure.net/.default"),
)
COMMANDS = (("principal",), ("principal", "--json"), ("principal", "--report"), ("doctor",), ("doctor", "--json"))
LOGGERS = ("", "azure", "azure.identity", "azure.core", "msal", "urllib3", "django", "secrets_app")


@dataclass(frozen=True, kw_only=True)
class Visit:
    """What the product returned, printed and logged in one scenario."""

    scenario: Scenario
    reading: Result
    pages: dict[str, str]
    """Path -> the HTML or JSON of the answer."""
    statuses: dict[str, int]
    """Path -> HTTP status."""
    output: str
    """All of it: pages with headers, commands, reprs, the log with and without redaction, stdout and stderr."""
    log: str
    """What the site's own log handler wrote, with every logger at DEBUG."""
    tokens: tuple[str, ...]
    """Every access token the scenario issued."""
    proofs: frozenset[str]
    secret_value: str


def inside(azure: LocalAzure) -> dict[str, str]:
    """Apply the scenario's environment to this process; returns its settings."""
    env = azure.env
    os.environ.clear()
    os.environ.update(env)
    words = {name: env[name] for name in SETTINGS if name in env}
    words["KVSITE_SIGN_IN_CODE"] = SIGN_IN_CODE
    words["KVSITE_RESULT_LIFE_S"] = "0"  # no reading of a test comes from the cache
    if azure.scenario.times_out:  # a reading in this scenario lasts until its deadline
        words["KVSITE_DEADLINE_S"] = "1.5"
    return words


def visit(name: str) -> Visit:
    """Start the scenario, request every page, run every command, and stop it."""
    with _started(name) as (azure, words):
        return _record(azure, words)


@cache
def api_reading(name: str) -> str:
    """The body of `/api/reading` in the scenario."""
    with _started(name):
        return _body(Client(headers=HERE).get("/api/reading"))


@contextmanager
def _started(name: str) -> Iterator[tuple[LocalAzure, dict[str, str]]]:
    """The scenario and the site's settings in it, until the end of the block."""
    before = dict(os.environ)
    with ExitStack() as undo:
        undo.callback(os.environ.update, before)
        undo.callback(os.environ.clear)
        azure = undo.enter_context(LocalAzure(name))
        words = inside(azure)
        words["KVSITE_RESULT_LIFE_S"] = "60"  # pages and commands show the same reading
        undo.enter_context(override_settings(SECRETS_APP=words))
        undo.callback(runtime.reset)
        yield azure, words


def proofs_of(azure: LocalAzure) -> frozenset[str]:
    """The credentials of this scenario: identity header, client secret, private key, assertion."""
    named = {name: text for name, text in azure.env.items() if name.endswith(("_HEADER", "_SECRET", "_FILE", "_PATH"))}
    files = [Path(text) for name, text in named.items() if name.startswith("AZURE_") and Path(text).is_file()]
    lines = {line for file in files for line in file.read_text().splitlines() if line and not line.startswith("-----")}
    return frozenset(lines | {text for name, text in named.items() if name.endswith(("_HEADER", "_SECRET"))})


def first_hint(reading: Result) -> str | None:
    """The cause that is shown first."""
    return reading.hints[0].cause if reading.hints else None


@contextmanager
def everything_logged(*, templates: bool) -> Iterator[tuple[io.StringIO, io.StringIO]]:
    """Set every logger to DEBUG; yields the output of the site's handler, and the same records without redaction.

    The handlers of pytest are removed meanwhile: they would format every record three more times.
    """
    redacted, plain = StderrHandler(), logging.StreamHandler(io.StringIO())
    redacted.setFormatter(RedactingFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    redacted.stream = io.StringIO()
    levels = dict.fromkeys(LOGGERS, logging.DEBUG)
    if not templates:  # a missing template variable logs a traceback
        levels["django.template"] = logging.INFO
    before = {name: logging.getLogger(name).level for name in levels}
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    root = logging.getLogger()
    handlers, root.handlers = root.handlers, [redacted, plain]
    try:
        yield redacted.stream, plain.stream
    finally:
        root.handlers = handlers
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)


def _record(azure: LocalAzure, words: dict[str, str]) -> Visit:
    name = azure.scenario.name
    with _printed() as printed, everything_logged(templates=name in WITH_TEMPLATE_LOG) as (redacted, plain):
        reading = _read(azure, words)
        paths = (*PAGES, *MORE_PAGES) if name in THOROUGH else PAGES
        answers = _pages([path for path in paths if "refresh" not in path or not azure.scenario.times_out])
        answers["explained"] = Client(headers=HERE).post(
            "/api/explain", {"message": plain.getvalue()[-6_000:]}, content_type="application/json"
        )
        pages = {path: _body(answer) for path, answer in answers.items()}
        shown = [f"{pages[path]}\n{answer.headers}\n{answer.cookies}" for path, answer in answers.items()]
        shown += [json.dumps(reading.as_json()), repr(reading), repr(conf.current()), *map(_command, COMMANDS)]
    return Visit(
        scenario=azure.scenario,
        reading=reading,
        pages=pages,
        statuses={path: answer.status_code for path, answer in answers.items()},
        output="\n".join([*shown, plain.getvalue(), redacted.getvalue(), *printed]),
        log=redacted.getvalue(),
        tokens=tuple(token.text for token in azure.tokens),
        proofs=proofs_of(azure),
        secret_value=azure.secret_value,
    )


def _read(azure: LocalAzure, words: dict[str, str]) -> Result:
    """The reading that the pages show; with a longer deadline if the machine is busy."""
    deadline_s = conf.current().deadline_s
    for times in LONGER:
        words["KVSITE_DEADLINE_S"] = f"{min(deadline_s * times, 60)}"
        reading = get_reading(conf.current())
        assert reading.elapsed_s < conf.current().deadline_s + BUSY_S
        if first_hint(reading) == azure.scenario.cause:
            break
    return reading


def _pages(paths: Sequence[str]) -> dict[str, Any]:
    client = Client(headers=HERE)
    return {path: client.get(path) for path in paths}


def _body(answer: Any) -> str:
    return (b"".join(answer.streaming_content) if answer.streaming else answer.content).decode()


def _command(words: Sequence[str]) -> str:
    printed = io.StringIO()
    try:
        call_command(*words, stdout=printed, stderr=printed)
    except SystemExit:
        return printed.getvalue()
    raise AssertionError(f"{words} did not exit")


@contextmanager
def _printed() -> Iterator[list[str]]:
    """The standard output and error of this process and its children; filled in on exit."""
    text: list[str] = []
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as file:
        with ExitStack() as undo:
            for descriptor in (1, 2):
                kept = os.dup(descriptor)
                undo.callback(os.close, kept)
                undo.callback(os.dup2, kept, descriptor)
                os.dup2(file.fileno(), descriptor)
            undo.enter_context(redirect_stdout(file))
            undo.enter_context(redirect_stderr(file))
            yield text
            file.flush()
        file.seek(0)
        text.append(file.read())
