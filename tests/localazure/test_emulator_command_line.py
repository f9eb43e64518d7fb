"""The command line: python -m localazure."""

import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from localazure import SCENARIOS
from localazure.cli.commands import main

PRINT_SECRET_NAME = "import os; print(os.environ['KEY_VAULT_URI'], os.environ['SECRET_NAME'])"
SLEEP = "import time; print('ready', flush=True); time.sleep(60)"


def localazure(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "localazure", *arguments],
        capture_output=True,
        text=True,
        timeout=50,
        env=os.environ | environment,
    )


def test_list__prints_one_scenario_per_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(("--list",)) == 0
    lines = [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()]
    assert dict(lines) == {n: s.sentence for n, s in SCENARIOS.items()}


@pytest.mark.program
@pytest.mark.parametrize("code", [0, 7])
def test_run__returns_the_exit_code_of_the_command(code: int) -> None:
    assert localazure("run", "--", sys.executable, "-c", f"raise SystemExit({code})").returncode == code


@pytest.mark.program
def test_run__command_has_the_scenarios_environment() -> None:
    done = localazure("run", "--scenario", "no-role", "--", sys.executable, "-c", PRINT_SECRET_NAME)
    assert done.stdout == "https://contoso.vault.azure.net demo\n"


@pytest.mark.program
def test_run__options_after_double_dash_belong_to_the_command() -> None:
    done = localazure("run", "--", sys.executable, "-c", "import sys; print(sys.argv[1:])", "--list", "--", "x")
    assert done.stdout == "['--list', '--', 'x']\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "choose --list, run, serve or demo"),
        (("run",), "add the command to run after --"),
        (("demo",), "add the command to demo after --"),
        (("run", "--scenario", "nowhere", "--", "true"), "Unknown scenario 'nowhere'. Choose from: app-service"),
        (("fly",), "invalid choice: 'fly'"),
        (("run", "--colour", "--", "true"), "unrecognized arguments: --colour"),
        (("demo", "--port", "65536", "--", "true"), "'65536' is not a port number"),
        (("demo", "--host", "192.0.2.1", "--", "true"), "listens only on loopback addresses"),
    ],
)
def test_invalid_arguments__one_line_and_exit_code_2(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], sentence: str
) -> None:
    try:
        code = main(arguments)
    except SystemExit as exited:
        code = exited.code
    output = capsys.readouterr()
    assert (code, output.out) == (2, "")
    assert sentence in output.err
    assert len(output.err.splitlines()) == 1


@pytest.mark.program
def test_run__missing_command__exit_code_127() -> None:
    done = localazure("run", "--", "no-such-command")
    assert (done.returncode, done.stderr.strip()) == (
        127,
        "localazure: no-such-command cannot be started: No such file or directory",
    )


@pytest.mark.program
def test_list__closed_pipe__no_error() -> None:
    command = shlex.join([sys.executable, "-m", "localazure", "--list"])
    done = subprocess.run(["sh", "-c", f"{command} | head -1"], capture_output=True, text=True, timeout=50)
    assert done.stderr == ""


@pytest.mark.program
@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_run__signal_reaches_the_command_and_files_are_removed(tmp_path: Path, signal_number: signal.Signals) -> None:
    process = start("run", "--", sys.executable, "-c", SLEEP, temporary=tmp_path)
    assert process.stdout.readline() == "ready\n"
    assert len(list(tmp_path.iterdir())) == 1
    process.send_signal(signal_number)
    assert process.wait(timeout=50) in (128 + signal_number, 1, 130)
    process.stdout.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.program
def test_serve__prints_commands_for_a_shell(tmp_path: Path) -> None:
    process = start("serve", "--scenario", "laptop", temporary=tmp_path, AZURE_CLIENT_ID="left from before")
    lines = []
    while "export no_proxy" not in (line := process.stdout.readline()):
        lines.append(line)
    shell = "".join([*lines, 'az account show --output json && echo "[$AZURE_CLIENT_ID]"\n'])
    done = subprocess.run(["sh", "-c", shell], capture_output=True, text=True, timeout=50)
    process.terminate()
    assert "dana@contoso" in done.stdout
    assert done.stdout.endswith("[]\n")
    assert process.wait(timeout=50) == 0
    process.stdout.close()
    assert list(tmp_path.iterdir()) == []


def start(*arguments: str, temporary: Path, **environment: str) -> subprocess.Popen[str]:
    env = os.environ | environment | {"TMPDIR": str(temporary)}
    return subprocess.Popen(
        [sys.executable, "-m", "localazure", *arguments],
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        env=env,
    )
