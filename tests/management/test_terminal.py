"""The commands on a real pseudo terminal: colours, width, prompts, waiting, watching and completion."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from localazure import Fault, FaultInjection, LocalAzure
from localazure.scenarios.directory import SITE_IDENTITY
from secrets_app import __version__
from secrets_app.diagnosis.explain import explain
from secrets_app.doctor import Check, Status
from secrets_app.management import overview
from secrets_app.output.console import PLAIN, Console, Style, Styled
from secrets_app.output.terminal import lines_of_checks, lines_of_explanation
from tests.conftest import World
from tests.support.command_line import manage
from tests.support.terminal import Terminal, shown_in_this_process, without_colours

ROOT = Path(__file__).resolve().parents[2]
MANAGE = (sys.executable, "manage.py")
ESCAPE = "\x1b["


@pytest.fixture(scope="module")
def no_role() -> Iterator[dict[str, str]]:
    with LocalAzure("no-role") as azure:
        yield {**azure.env, "TERM": "xterm-256color"}


@pytest.mark.program
def test_terminal__has_colours_and_its_own_width(no_role: dict[str, str]) -> None:
    with Terminal((*MANAGE, "principal"), no_role, 72) as terminal:
        assert terminal.end() == 1
        # A status line is overwritten: what replaces it begins with a carriage return.
        shown = "\n".join(line.rpartition("\r")[2] for line in terminal.shown.split("\n"))
    assert shown.startswith("\x1b[1;31mNO\x1b[0m  ")
    prose = [line for line in without_colours(shown).splitlines() if line.startswith("    ") and ": " not in line]
    assert max(len(line) for line in prose if "/" not in line and " az " not in line) <= 72
    assert "HTTP 403, ForbiddenByRbac" in shown
    assert "Vault https://contoso.vault.azure.net, secret demo, cause kv_rbac_denied" in shown


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"TERM": "xterm"}, True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False),
        ({"TERM": "dumb"}, False),
        ({"TERM": "xterm", "NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
    ],
)
def test_colours__can_be_turned_off(variables: dict[str, str], expected: bool) -> None:
    os.environ.update(variables)
    _, usage = shown_in_this_process("doctor", "--nonsense")
    assert "unrecognized arguments: --nonsense" in usage
    assert expected or ESCAPE not in usage
    _, shown = shown_in_this_process("principal", "--secret", "https://example.org/secrets/x")
    assert "--secret" in shown
    assert (ESCAPE in shown) is expected


@pytest.mark.parametrize(("variables", "expected"), [({}, False), ({"FORCE_COLOR": "1"}, True)])
def test_pipe__has_colours_only_if_forced(variables: dict[str, str], expected: bool) -> None:
    os.environ.update(variables)
    done = manage("explain", given=b"AADSTS7000222")
    assert done.returncode == 0
    assert (ESCAPE in done.stdout) is expected
    assert done.stderr == ""  # no prompt for a pipe


@pytest.mark.program
def test_explain__asks_for_the_error_on_a_terminal(no_role: dict[str, str]) -> None:
    with Terminal((*MANAGE, "explain"), no_role) as terminal:
        terminal.wait_for("Paste the error, then press Ctrl-D.")
        terminal.type("AADSTS7000222: The provided client secret keys are expired.\n\x04")
        assert terminal.end() == 0
        assert "client_secret_expired" in terminal.shown


def test_doctor__is_one_line_a_check_and_verbose_on_request(world: World) -> None:
    world("no-role")
    code, shown = shown_in_this_process("doctor", width=100)
    lines = without_colours(shown).splitlines()
    checks = [line for line in lines if line.startswith(("ERROR ", "WARNING ", "UNKNOWN ", "OK "))]
    assert code == 1
    assert checks[0].startswith("ERROR    Secret ")
    assert 15 < len(checks) <= len(lines) <= len(checks) + 12
    assert max(map(len, checks)) <= 100
    _, verbose = shown_in_this_process("doctor", "-v", width=100)
    assert "Error code: ForbiddenByRbac" in without_colours(verbose)
    assert "Error code: ForbiddenByRbac" not in without_colours(shown)


@pytest.mark.program
def test_hanging_vault__is_named_on_standard_error_with_the_seconds_left() -> None:
    with LocalAzure("app-service", faults={"keyvault": FaultInjection(fault=Fault.SILENCE)}) as azure:
        env = {**azure.env, "TERM": "xterm", "KVSITE_DEADLINE_S": "2.5"}
        with Terminal((*MANAGE, "principal"), env) as terminal:
            assert terminal.end() == 1
            shown = terminal.shown
        assert "\rWaiting for https://contoso.vault.azure.net to respond, 2 s left" in shown
        assert "\r" + " " * 79 + "\r" in shown  # removed before the result
        done = subprocess.run(
            [*MANAGE, "principal", "--json"], cwd=ROOT, env=env, capture_output=True, text=True, check=False
        )
        assert done.stdout.startswith("{")
        assert done.stderr == "Waiting for https://contoso.vault.azure.net to respond, 2 s left\n"


@pytest.mark.program
def test_until_ok__ends_when_the_role_is_assigned() -> None:
    with LocalAzure("no-role") as azure:
        env = {**azure.env, "TERM": "xterm", "NO_COLOR": "1"}
        with Terminal((*MANAGE, "principal", "--until-ok", "1"), env, 200) as terminal:
            terminal.wait_for(lambda shown: shown.count("NO   403  ForbiddenByRbac  kv_rbac_denied") >= 2)
            assert terminal.shown.count("Principal Used: ") == 1  # the whole result only once
            azure.grant(SITE_IDENTITY)
            assert terminal.end() == 0
            assert "YES  The secret demo was read." in terminal.shown


@pytest.mark.program
def test_watch__ends_with_ctrl_c(no_role: dict[str, str]) -> None:
    with Terminal((*MANAGE, "principal", "--watch", "--json"), no_role, 200) as terminal:
        terminal.wait_for("kv_rbac_denied")
        terminal.type("\x03")
        assert terminal.end() == 130
        assert "Traceback" not in terminal.shown


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("principal", "--watch", "0"), "'0' is not a number of seconds from 1 to 3600"),
        (("principal", "--watch", "--all"), "not allowed with argument"),
        (("principal", "--until-ok", "--report"), "Error: --report cannot be combined with --watch or --until-ok."),
        (("explain", "no-such-file.txt"), "Error: no-such-file.txt: No such file or directory."),
    ],
)
def test_invalid_arguments__have_one_sentence(arguments: tuple[str, ...], expected: str) -> None:
    os.environ["NO_COLOR"] = "1"
    code, shown = shown_in_this_process(*arguments, width=200)
    assert code == 2
    assert expected in shown
    assert "Traceback" not in shown


@pytest.mark.parametrize("arguments", [[], ["help"], ["--help"]])
def test_overview__lists_this_projects_commands_only(
    arguments: list[str], settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.INSTALLED_APPS = [app for app in settings.INSTALLED_APPS if app != "fleet"]  # as without KVSITE_HISTORY
    overview.show("manage.py", arguments)
    shown = capsys.readouterr().out
    for name in ("principal", "doctor", "explain", "check", "runserver"):
        assert f"\n  {name} " in shown
    assert "With KVSITE_HISTORY=on also: fleet, history and watch." in shown
    assert "squashmigrations" not in shown


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*MANAGE, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.program
def test_help_all__lists_djangos_commands_too() -> None:
    overview_shown, everything = run("help"), run("help", "--all")
    assert "With KVSITE_HISTORY=on also: fleet, history and watch." in overview_shown.stdout
    assert "squashmigrations" not in overview_shown.stdout
    assert "squashmigrations" in everything.stdout


@pytest.mark.program
@pytest.mark.parametrize("command", ["fleet", "history", "watch"])
def test_command_of_the_history__names_the_setting(command: str) -> None:
    done = run(command)
    assert done.returncode == 2
    assert "KVSITE_HISTORY=on" in done.stderr


@pytest.mark.parametrize("arguments", [["--version"], ["version"]])
def test_version__is_this_projects(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    overview.show("manage.py", arguments)
    assert capsys.readouterr().out == f"Principal Used {__version__}\n"


def test_version_of_a_command__is_this_projects() -> None:
    assert manage("principal", "--version").stdout == f"Principal Used {__version__}\n"


@pytest.mark.parametrize("command", ["principal", "doctor", "explain"])
def test_help__has_no_option_of_django(command: str) -> None:
    shown = manage(command, "--help").stdout
    assert "examples:" in shown
    for option in ("--pythonpath", "--settings", "--traceback", "--force-color"):
        assert option not in shown


@pytest.mark.program
@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("manage.py pri", ["principal"]),
        ("manage.py principal --un", ["--until-ok"]),
        ("manage.py principal --credential azure-c", ["azure-cli"]),
        ("manage.py doctor --j", ["--json"]),
    ],
)
def test_completion__in_a_real_bash(typed: str, expected: list[str]) -> None:
    script = f"""
        PATH="{Path(sys.executable).parent}:{ROOT}:$PATH"
        eval "$({Path(sys.executable).parent}/register-python-argcomplete manage.py)"
        COMP_LINE={typed!r} COMP_POINT={len(typed)} COMP_TYPE=9
        COMP_WORDS=({typed}) COMP_CWORD={len(typed.split()) - 1}
        _python_argcomplete manage.py
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(["bash", "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert [line.strip() for line in done.stdout.splitlines()] == expected, done.stderr


def test_console__removes_control_characters_and_wraps_at_words() -> None:
    console = Console(width=40, has_colours=True, is_terminal=True)
    assert console.show(("a\x1b[2Jb", Styled("c\nd", Style.BAD))) == "a?[2Jb\x1b[1;31mc?d\x1b[0m"
    assert PLAIN.show(Styled("x", Style.BAD)) == "x"
    lines = list(console.wrap("a " * 30 + "https://learn.microsoft.com/azure/key-vault/general/rbac-guide"))
    assert lines[-1] == "    https://learn.microsoft.com/azure/key-vault/general/rbac-guide"
    assert max(len(str(line)) for line in lines[:-1]) <= 40
    assert console.shorten("x" * 50, used=10) == "x" * 27 + "..."
    assert PLAIN.shorten("x" * 500, used=10) == "x" * 500


def test_suggested_command__is_one_line_on_a_narrow_terminal() -> None:
    explanation = explain("Caller is not authorized: ForbiddenByRbac")
    command = explanation.hints[0].commands[0]
    assert len(command) > 100
    check = Check(key="secret", title="Secret", verdict=Status.PROBLEM, finding="No.", commands=(command,))
    console = Console(width=40, has_colours=False, is_terminal=True)
    for lines in (lines_of_explanation(explanation, console), lines_of_checks([check], console)):
        assert f"      {command}" in [console.show(line) for line in lines]
