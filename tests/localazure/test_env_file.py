"""The options --host, --port and --env-file of the command."""

import shlex
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from localazure import SCENARIOS, LocalAzure
from localazure.cli.commands import main
from localazure.cli.env_file import EnvFileError, written_env_file

SHOW = "import os, pathlib, sys; print(pathlib.Path(sys.argv[1]).read_text()); print(oct(os.stat(sys.argv[1]).st_mode))"


@pytest.mark.program
def test_env_file__variables_of_the_child_without_folders(tmp_path: Path) -> None:
    path = tmp_path / "azure.env"
    options = ["--scenario", "vm", "--host", "localhost", "--env-file", str(path)]
    command = [sys.executable, "-m", "localazure", "run", *options, "--", sys.executable, "-c", SHOW, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    names = [line.partition("=")[0] for line in done.stdout.splitlines() if "=" in line]
    assert {"HTTPS_PROXY", "KEY_VAULT_URI", "REQUESTS_CA_BUNDLE", "LOCAL_AZURE_STATUS_URL"} <= set(names)
    assert not {"PATH", "HOME"} & set(names)
    assert "HTTPS_PROXY=http://localhost:" in done.stdout
    assert done.stdout.endswith(f"{oct(stat.S_IFREG | 0o600)}\n")
    assert not path.exists()


def test_env_file__shells_and_containers_read_the_same_values(tmp_path: Path) -> None:
    path = tmp_path / "azure.env"
    with LocalAzure() as azure:
        for scenario in SCENARIOS:
            azure.switch(scenario)
            env = azure.env
            with written_env_file(path, azure.variables):
                for line in path.read_text().splitlines():
                    name, _, value = line.partition("=")
                    assert value == env[name], scenario
                    assert shlex.split(line) == [line], scenario


def test_env_file__not_writable__one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--env-file", "/nowhere/azure.env", "--", "true"]) == 1
    assert capsys.readouterr().err == "localazure: /nowhere/azure.env: No such file or directory\n"
    with (
        pytest.raises(EnvFileError, match="the value of X has a line break"),
        written_env_file(tmp_path / "azure.env", {"X": "a\nb"}),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


def test_host__not_of_this_machine__one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--host", "192.0.2.1", "--port", "1", "--", "true"]) == 1
    assert capsys.readouterr().err.startswith("localazure: cannot listen on 192.0.2.1:1: ")
