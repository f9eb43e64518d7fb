"""No code writes to the outside past the redaction: pages, commands and logs each have one way out."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.management import load_command_class
from django.http import HttpResponse, StreamingHttpResponse
from django.test import RequestFactory

from secrets_app.core.known_secrets import known_secrets
from secrets_app.core.logs import RedactingFormatter
from secrets_app.management.command import Command
from secrets_app.middleware import redact_secrets

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted([*ROOT.glob("secrets_app/**/*.py"), *ROOT.glob("kvsite/*.py"), ROOT / "gunicorn.conf.py"])
SECRET = "Zq8k3yValue0123456789abcdefXYZ"

WRITERS = {
    "secrets_app/core/logs.py": "redacts",
    "secrets_app/management/command.py": "redacts, and reads the encoding of standard output",
    "gunicorn.conf.py": "the link with the sign-in code",
    "kvsite/wsgi.py": "the link with the sign-in code",
    "kvsite/command_line.py": "the sentence that the output could not be written",
    "secrets_app/management/overview.py": "the list of commands",
    "secrets_app/credentials/interactive.py": "the device code, for the user in front of the terminal",
}
"""Modules that use sys.stdout or sys.stderr, and why."""


@cache
def tree_of(source: Path) -> ast.Module:
    return ast.parse(source.read_text(encoding="utf-8"))


@cache
def used_names(source: Path) -> set[str]:
    """Dotted names that the module uses, such as `sys.stdout`."""
    return {dotted(node) for node in ast.walk(tree_of(source)) if isinstance(node, ast.Attribute | ast.Name)}


def dotted(node: ast.expr) -> str:
    """`sys.stdout` of an attribute; the value of an attribute that is no name is a question mark."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else "?"


def users_of(*names: str) -> set[str]:
    return {str(source.relative_to(ROOT)) for source in SOURCES if used_names(source) & set(names)}


def test_standard_streams__are_written_by_these_modules_only() -> None:
    assert users_of("sys.stdout", "sys.stderr", "sys.__stdout__", "sys.__stderr__", "print") == set(WRITERS)


def test_descriptors__are_written_by_no_module() -> None:
    assert users_of("os.write", "os.writev", "os.sendfile", "FileResponse") <= {"secrets_app/output/gate.py"}


def test_responses__are_exempt_in_these_modules_only() -> None:
    exempting = users_of("gate.IS_CHECKED", "IS_CHECKED") - {"secrets_app/output/gate.py"}
    assert exempting == {"secrets_app/views/rendering.py"}
    views = {"explain", "differences"}
    assert users_of("from_visitor_only") - exempting == {f"secrets_app/views/{name}.py" for name in views}
    for view in views:
        imports = ast.dump(tree_of(ROOT / f"secrets_app/views/{view}.py"))
        assert not [
            part for part in ("service", "keyvault", "doctor", "identities") if f"secrets_app.{part}" in imports
        ]


def test_value__is_exempt_in_one_view_only() -> None:
    assert users_of("gate.SHOWN_VALUE") == {"secrets_app/views/value.py"}


def test_results__are_created_in_one_place() -> None:
    """Where they are cleaned. The doctor creates an empty one for the commands of its advice."""
    assert users_of("Reading") >= {"secrets_app/keyvault/operation.py"}
    calls = {str(source.relative_to(ROOT)) for source in SOURCES if "Reading" in called_names(source)}
    assert calls == {"secrets_app/keyvault/operation.py", "secrets_app/doctor/service.py"}


def called_names(source: Path) -> Iterator[str]:
    for node in ast.walk(tree_of(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id


COMMANDS = sorted(path.stem for path in (ROOT / "secrets_app/management/commands").glob("[a-z]*.py"))


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "runserver"])
def test_every_command__redacts_its_output(name: str) -> None:
    assert isinstance(load_command_class("secrets_app", name), Command)


def test_every_log_handler__redacts() -> None:
    logging_settings: Any = django_settings.LOGGING
    formatters = {handler["formatter"] for handler in logging_settings["handlers"].values()}
    assert [logging_settings["formatters"][name]["()"] for name in formatters] == [RedactingFormatter]


def test_redaction__is_the_first_middleware(settings: Any) -> None:
    assert settings.MIDDLEWARE[0] == "secrets_app.middleware.redact_secrets"


@pytest.mark.parametrize("streamed", [False, True])
def test_response__contains_no_secret_and_the_right_length(streamed: bool) -> None:
    known_secrets().add(SECRET)

    def view(_request: object) -> HttpResponse:
        if streamed:
            return StreamingHttpResponse([b"a ", f"<p>{SECRET}</p>".encode()])  # type: ignore[return-value]
        response = HttpResponse(f"<p>{SECRET}\N{SNOWMAN}</p>".encode() + b"\xff")
        response["Content-Length"] = str(len(response.content))
        return response

    response = redact_secrets(view)(RequestFactory().get("/"))
    content = response.getvalue()
    assert b"<p>[hidden]" in content
    assert SECRET.encode() not in content
    if not streamed:
        assert response["Content-Length"] == str(len(content))


def test_what_the_visitor_sent__is_not_hidden_from_them() -> None:
    """`[hidden]` in place of a guess would confirm it."""
    known_secrets().add(SECRET)
    response = redact_secrets(lambda _: HttpResponse(f"No secret {SECRET}."))(RequestFactory().get(f"/?name={SECRET}"))
    assert SECRET.encode() in response.content


def test_findings_in_security_md__name_existing_tests() -> None:
    findings = re.findall(r"`((?:tests|attacks)/[\w/]+\.py)::(test_\w+)`", (ROOT / "SECURITY.md").read_text())
    assert len(findings) >= 19
    assert [found for found in findings if f"\ndef {found[1]}(" not in (ROOT / found[0]).read_text()] == []
