"""`manage.py principal`, as a process of its own in a world of its own."""

import json
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from localazure import LocalAzure
from secrets_app.reading import Kind, Principal, PrincipalType, Reading
from secrets_app.terminal import lines_of

ROOT = Path(__file__).resolve().parent.parent


def principal(scenario: str, *arguments: str, **words: str) -> subprocess.CompletedProcess[str]:
    with LocalAzure(scenario) as azure:
        return subprocess.run(
            [sys.executable, "manage.py", "principal", *arguments],
            cwd=ROOT, env={**azure.env, **words}, capture_output=True, text=True, check=False, timeout=30,
        )  # fmt: skip


def test_read_is_exit_0_and_the_answer_is_the_first_word() -> None:
    result = principal("laptop")
    assert result.returncode == 0
    assert result.stdout.startswith("YES  The secret demo was read.")
    assert "\nPrincipal Used: IsAuthenticated:True Type:User TenantId:" in result.stdout
    assert result.stderr == ""


def test_not_read_is_exit_1_with_the_command_that_mends_it() -> None:
    result = principal("no-role")
    assert result.returncode == 1
    assert result.stdout.startswith("NO  The secret demo was not read.")
    assert "az role assignment create" in result.stdout
    assert "\nPrincipal Used: IsAuthenticated:True Type:App AppId:" in result.stdout
    assert result.stderr == ""


@pytest.mark.parametrize(
    ("arguments", "words", "said"),
    [
        ((), {"SECRET_NAME": ""}, "SECRET_NAME is not set"),
        ((), {"KEY_VAULT_URI": "contoso"}, "KEY_VAULT_URI is not a vault's address"),
        (("--secret", "a_b"), {}, "--secret has an underscore"),
        ((), {"AZURE_TOKEN_CREDENTIALS": "cli"}, "AZURE_TOKEN_CREDENTIALS"),
    ],
)
def test_wrong_settings_are_exit_2_in_words(arguments: tuple[str, ...], words: dict[str, str], said: str) -> None:
    result = principal("app-service", *arguments, **words)
    assert result.returncode == 2
    assert said in result.stdout
    assert "Traceback" not in result.stdout + result.stderr


def test_wrong_arguments_are_exit_2() -> None:
    result = principal("app-service", "--nonsense")
    assert result.returncode == 2
    assert "unrecognized arguments: --nonsense" in result.stderr
    assert "Traceback" not in result.stderr


def test_json_is_one_document_and_nothing_else() -> None:
    result = principal("no-role", "--json")
    document = json.loads(result.stdout)
    assert result.returncode == 1
    assert document["ok"] is False
    assert document["principal"]["kind"] == "system_assigned_managed_identity"
    assert result.stderr == ""


def test_a_report_for_a_ticket_with_its_ids_cut_short() -> None:
    result = principal("no-role", "--report", "--short-ids")
    assert result.returncode == 1
    assert result.stdout.startswith("## The secret demo was not read.")
    assert "az role assignment create" in result.stdout
    assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-", result.stdout)


def test_another_secret_by_name() -> None:
    result = principal("app-service", "--secret", "no-such-secret", "--json")
    assert json.loads(result.stdout)["hints"][0]["cause"] == "kv_secret_not_found"


def test_run_puts_a_command_into_a_scenario_and_gives_back_its_exit_code() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "localazure", "run", "--scenario", "no-role", "--",
         sys.executable, "manage.py", "principal", "--json"],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip
    assert result.returncode == 1
    assert json.loads(result.stdout)["hints"][0]["cause"] == "kv_rbac_denied"


def test_a_reader_who_goes_away_is_no_traceback() -> None:
    with LocalAzure("app-service") as azure:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "principal"],
            cwd=ROOT, env=azure.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        with process:
            assert process.stdout
            assert process.stderr
            process.stdout.close()
            assert "Traceback" not in process.stderr.read()


def test_a_token_cannot_forge_a_line_or_steer_the_terminal() -> None:
    principal = Principal(
        type=PrincipalType.USER, kind=Kind.USER, name="ann\nYES  The secret demo was read.\x1b[2J\u202e"
    )
    reading = Reading(
        vault_url=None, secret_name="demo", started_at=datetime.now(UTC), elapsed_s=0.1, principal=principal
    )
    lines = list(lines_of(reading))
    assert not [line for line in lines if line.startswith("YES")]
    assert not set("\n\x1b\u202e") & set("".join(lines))


@pytest.mark.parametrize("command", ["principal", "explain README.md"])
@pytest.mark.parametrize(
    ("output", "said", "code"),
    [
        (">/dev/full", "The answer could not be written: No space left on device.\n", 2),
        (">&-", "The answer could not be written: standard output is closed.\n", 2),
    ],
)
def test_an_answer_that_cannot_be_written_is_one_sentence(command: str, output: str, said: str, code: int) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    with LocalAzure("app-service") as azure:
        result = subprocess.run(
            ["/bin/sh", "-c", f'"$0" manage.py {command} {output}', sys.executable],
            cwd=ROOT, env=azure.env, capture_output=True, text=True, check=False, timeout=30,
        )  # fmt: skip
    assert (result.stderr, result.returncode) == (said, code)


def test_a_reader_who_takes_one_line_and_goes_is_told_nothing() -> None:
    with LocalAzure("no-role") as azure:
        result = subprocess.run(
            ["/bin/sh", "-c", '{ "$0" manage.py principal; echo "code $?" >&2; } | true', sys.executable],
            cwd=ROOT, env=azure.env, capture_output=True, text=True, check=False, timeout=30,
        )  # fmt: skip
    assert result.stderr == "code 141\n"


def test_a_terminal_that_lacks_a_character_shows_a_question_mark() -> None:
    result = principal("app-service", "--secret", "d\u00e9mo", PYTHONIOENCODING="ascii")
    assert result.returncode == 2
    assert result.stderr == ""
