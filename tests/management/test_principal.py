"""`manage.py principal`: output and exit code; in a separate process where the test depends on it."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from localazure import LocalAzure
from secrets_app.conf.schema import SETTINGS
from secrets_app.core.reading import Attempt, Diagnosis, Outcome, Principal, PrincipalKind, PrincipalType, Reading
from secrets_app.output.console import PLAIN
from secrets_app.output.terminal import lines_of
from tests.conftest import World
from tests.support.command_line import CompletedCommand, manage

ROOT = Path(__file__).resolve().parents[2]


def process(scenario: str, *arguments: str, **words: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a separate process, in a separate scenario."""
    with LocalAzure(scenario) as azure:
        return subprocess.run(
            [sys.executable, "manage.py", "principal", *arguments],
            cwd=ROOT, env={**azure.env, **words}, capture_output=True, text=True, check=False, timeout=30,
        )  # fmt: skip


@pytest.fixture
def principal(world: World, settings: Any) -> Callable[..., CompletedCommand]:
    """Run the command in this process, in a scenario, with additional settings."""

    def run(scenario: str, *arguments: str, **words: str) -> CompletedCommand:
        world(scenario)
        os.environ.update(words)
        settings.SECRETS_APP |= {name: words[name] for name in SETTINGS if name in words}
        return manage("principal", *arguments)

    return run


@pytest.mark.program
def test_success__is_exit_0_with_the_result_first() -> None:
    result = process("laptop")
    assert result.returncode == 0
    assert result.stdout.startswith("YES  The secret demo was read.")
    assert "\nPrincipal Used: IsAuthenticated:True Type:User TenantId:" in result.stdout
    assert result.stderr == ""


def test_failure__is_exit_1_with_the_command_that_fixes_it(principal: Callable[..., CompletedCommand]) -> None:
    result = principal("no-role")
    assert result.returncode == 1
    assert result.stdout.startswith("NO  kvsite-demo cannot read the secret demo.")
    assert "az role assignment create" in result.stdout
    assert "\nPrincipal Used: IsAuthenticated:True Type:App AppId:" in result.stdout
    assert result.stderr == ""


@pytest.mark.parametrize(
    ("arguments", "words", "expected"),
    [
        ((), {"SECRET_NAME": ""}, "SECRET_NAME is not set"),
        ((), {"KEY_VAULT_URI": "contoso"}, "KEY_VAULT_URI is not a valid vault URL"),
        (("--secret", "a_b"), {}, "--secret contains an underscore"),
        ((), {"AZURE_TOKEN_CREDENTIALS": "cli"}, "AZURE_TOKEN_CREDENTIALS"),
    ],
)
def test_invalid_settings__are_exit_2_with_a_message(
    principal: Callable[..., CompletedCommand], arguments: tuple[str, ...], words: dict[str, str], expected: str
) -> None:
    result = principal("app-service", *arguments, **words)
    assert result.returncode == 2
    assert expected in result.stdout
    assert "Traceback" not in result.stdout + result.stderr


def test_invalid_arguments__are_exit_2(principal: Callable[..., CompletedCommand]) -> None:
    result = principal("app-service", "--nonsense")
    assert result.returncode == 2
    assert "unrecognized arguments: --nonsense" in result.stderr
    assert "Traceback" not in result.stderr


def test_json__is_one_document_only(principal: Callable[..., CompletedCommand]) -> None:
    result = principal("no-role", "--json")
    document = json.loads(result.stdout)
    assert result.returncode == 1
    assert document["ok"] is False
    assert document["principal"]["kind"] == "system_assigned_managed_identity"
    assert result.stderr == ""


def test_report__with_short_ids(principal: Callable[..., CompletedCommand]) -> None:
    result = principal("no-role", "--report", "--short-ids")
    assert result.returncode == 1
    assert result.stdout.startswith("## kvsite-demo cannot read the secret demo.")
    assert "az role assignment create" in result.stdout
    assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-", result.stdout)


def test_secret_argument__reads_another_secret(principal: Callable[..., CompletedCommand]) -> None:
    result = principal("app-service", "--secret", "no-such-secret", "--json")
    assert json.loads(result.stdout)["hints"][0]["cause"] == "kv_secret_not_found"


@pytest.mark.program
def test_localazure_run__returns_the_exit_code_of_the_command() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "localazure", "run", "--scenario", "no-role", "--",
         sys.executable, "manage.py", "principal", "--json"],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip
    assert (result.returncode, result.stderr) == (1, "")
    assert json.loads(result.stdout)["hints"][0]["cause"] == "kv_rbac_denied"


def test_token_claims__are_escaped_for_the_terminal() -> None:
    principal = Principal(
        type=PrincipalType.USER, kind=PrincipalKind.USER, name="ann\nYES  The secret demo was read.\x1b[2J\u202e"
    )
    reading = Reading(
        vault_url=None, secret_name="demo", started_at=datetime.now(UTC), elapsed_s=0.1, principal=principal
    )
    lines = list(map(PLAIN.show, lines_of(reading, Diagnosis())))
    assert not [line for line in lines if line.startswith("YES")]
    assert not set("\n\x1b\u202e") & set("".join(lines))


def test_certificate_reader__is_aligned_with_other_attempts() -> None:
    attempts = [
        Attempt(credential="ManagedIdentityCredential", outcome=Outcome.TOKEN, elapsed_s=0.008, reads_certificate=reads)
        for reads in (True, False)
    ]
    reading = Reading(
        vault_url=None, secret_name="demo", started_at=datetime.now(UTC), elapsed_s=0.1, attempts=tuple(attempts)
    )
    *_, first, second = map(PLAIN.show, lines_of(reading, Diagnosis()))
    assert first == f"{second}  Reads the certificate."


@pytest.mark.program
@pytest.mark.parametrize(
    ("command", "output", "expected"),
    [
        ("principal", ">/dev/full", "The output could not be written: No space left on device.\n"),
        ("explain README.md", ">/dev/full", "The output could not be written: No space left on device.\n"),
        ("explain README.md", ">&-", "The output could not be written: standard output is closed.\n"),
    ],
)
def test_unwritable_output__has_one_message(command: str, output: str, expected: str) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    with LocalAzure("app-service") as azure:
        result = subprocess.run(
            ["/bin/sh", "-c", f'"$0" manage.py {command} {output}', sys.executable],
            cwd=ROOT, env=azure.env, capture_output=True, text=True, check=False, timeout=30,
        )  # fmt: skip
    assert (result.stderr, result.returncode) == (expected, 2)


@pytest.mark.program
def test_broken_pipe__is_silent() -> None:
    with LocalAzure("no-role") as azure:
        result = subprocess.run(
            ["/bin/sh", "-c", '{ "$0" manage.py principal; echo "code $?" >&2; } | true', sys.executable],
            cwd=ROOT, env=azure.env, capture_output=True, text=True, check=False, timeout=30,
        )  # fmt: skip
    assert result.stderr == "code 141\n"


@pytest.mark.program
def test_unencodable_character__is_a_question_mark() -> None:
    result = process("app-service", "--secret", "d\u00e9mo", PYTHONIOENCODING="ascii")
    assert result.returncode == 2
    assert result.stderr == ""
