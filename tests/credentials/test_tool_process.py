"""A tool gets none of the site's secrets, its output is bounded, and nothing of it is left behind."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from azure.core.exceptions import ClientAuthenticationError
from django.test import Client

from secrets_app.azure_client.cancellation import CancellationToken, Cancelled, use_token
from secrets_app.azure_client.process import (
    TOOLS_VARIABLE,
    ToolError,
    ToolTimeoutError,
    process_environment,
    run,
)
from secrets_app.conf.connection_string import NAMES as CONNECTION_STRINGS
from secrets_app.conf.schema import SETTINGS
from secrets_app.core.hosts import is_scope
from secrets_app.core.runtime import reset
from secrets_app.credentials.azure_developer_cli import AzureDeveloperCliCredential
from secrets_app.credentials.azure_powershell import AzurePowerShellCredential
from secrets_app.credentials.tool_credential import ToolCredential
from tests.conftest import World
from tests.support.access_requests import ROOT
from tests.support.doctor_factories import fake_tool, first_on_path
from tests.support.leak_checks import ends, running

DETACHED = "setsid sh -c 'sleep 59; echo {0}' & (setsid sh -c 'setsid sh -c \"sleep 59; echo {0}\" &' &) ; "
"""Processes with sessions of their own; the second one's parents end at once."""


@pytest.fixture
def marker(tmp_path: Path) -> str:
    """In the command line of every process of the test."""
    return f"marker-{tmp_path.name}-{os.getpid()}"


def test_secret_settings__are_not_in_the_tools_environment(tmp_path: Path) -> None:
    secrets = [name for name, row in SETTINGS.items() if row.is_secret] + list(CONNECTION_STRINGS)
    assert {"KVSITE_PASSPHRASE", "KVSITE_CLIENT_SECRET", "KVSITE_SECRET_KEY", "KVSITE_SIGN_IN_CODE"} <= set(secrets)
    os.environ.update(dict.fromkeys(secrets, "never-to-be-seen"), AZURE_CONFIG_DIR="kept")
    tool = fake_tool(tmp_path, "az", "env")
    for environ in (process_environment(), os.environ):
        output = run([str(tool)], environ, 10).stdout
        assert "never-to-be-seen" not in output
        assert "AZURE_CONFIG_DIR=kept" in output


@pytest.mark.parametrize("stream", ["", ">&2"])
def test_flood__is_cut(tmp_path: Path, marker: str, stream: str) -> None:
    tool = fake_tool(tmp_path, "az", f"yes {marker} {stream}")
    with pytest.raises(ToolError, match="more than 256 KiB"):
        run([str(tool)], os.environ, 30)
    assert ends(lambda: running(marker) == [])


def test_tools__run_at_most_so_many_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOOLS_VARIABLE, "2")
    reset()
    tool = fake_tool(
        tmp_path, "az", f"mkdir {tmp_path}/$1; ls -d {tmp_path}/run* | wc -l; sleep 0.1; rmdir {tmp_path}/$1"
    )
    with ThreadPoolExecutor(6) as pool:
        counts = [
            int(done.stdout) for done in pool.map(lambda n: run([str(tool), f"run{n}"], os.environ, 30), range(6))
        ]
    assert set(counts) <= {1, 2}


def test_tool_without_a_place__fails_within_its_time_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOOLS_VARIABLE, "1")
    reset()
    tool, go = fake_tool(tmp_path, "az", f"until [ -e {tmp_path}/go ]; do sleep 0.02; done"), tmp_path / "go"
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(run, [str(tool)], os.environ, 30)
        assert ends(lambda: bool(running(str(tool))))
        with pytest.raises(ToolTimeoutError, match="too many tools are running"):
            run([str(tool)], os.environ, 0.1)
        go.touch()
        assert first.result(30).exit_code == 0


def test_output__is_not_in_a_file(tmp_path: Path) -> None:
    tool = fake_tool(tmp_path, "az", "readlink /proc/self/fd/1; readlink /proc/self/fd/2")
    assert [line.partition(":")[0] for line in run([str(tool)], os.environ, 10).stdout.split()] == ["pipe", "pipe"]


def test_timeout__ends_detached_processes(tmp_path: Path, marker: str) -> None:
    tool = fake_tool(tmp_path, "az", DETACHED.format(marker) + "sleep 59")
    with pytest.raises(ToolTimeoutError):
        run([str(tool)], os.environ, 1)
    assert ends(lambda: running(marker) == [])


def check_cancellation(action: Callable[[], object], marker: str) -> None:
    """Cancel the action when its processes run: it must raise Cancelled, and leave none of them."""
    token = CancellationToken()
    raised: list[type[BaseException]] = []

    def work() -> None:
        use_token(token)
        try:
            action()
        except Exception as error:  # noqa: BLE001 - compared below
            raised.append(type(error))

    thread = threading.Thread(target=work)
    thread.start()
    assert ends(lambda: len(running(marker)) >= 2, within_s=20)
    token.cancel()
    thread.join(50)
    assert raised == [Cancelled]
    assert ends(lambda: running(marker) == [])


def test_cancellation__ends_detached_processes(tmp_path: Path, marker: str) -> None:
    tool = fake_tool(tmp_path, "az", DETACHED.format(marker) + "sleep 59")
    check_cancellation(lambda: run([str(tool)], os.environ, 30), marker)


def test_tool_that_ends__leaves_no_detached_process(tmp_path: Path, marker: str) -> None:
    tool = fake_tool(tmp_path, "az", DETACHED.format(marker) + "sleep 0.2; echo done")
    assert run([str(tool)], os.environ, 20).stdout == "done\n"
    assert ends(lambda: running(marker) == [])


@pytest.mark.program
def test_sigkill_of_the_site__ends_the_tool(tmp_path: Path, marker: str) -> None:
    tool = fake_tool(tmp_path, "az", DETACHED.format(marker) + f"sh -c 'sleep 59; echo {marker}'")
    code = f"import os; from secrets_app.azure_client.process import run; run([{str(tool)!r}], os.environ, 50)"
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT) as site:
        assert ends(lambda: len([line for line in running(marker) if "sleep" in line]) >= 3, within_s=20)
        site.kill()
    assert ends(lambda: running(marker) == [])


def test_tool_that_does_not_start(tmp_path: Path) -> None:
    tool = tmp_path / "az"
    tool.write_text("#!/no/such/interpreter\n")
    tool.chmod(0o700)
    with pytest.raises(ToolError, match="did not start"):
        run([str(tool)], os.environ, 10)


def test_fast_tool__is_not_waited_for(tmp_path: Path) -> None:
    tool = fake_tool(tmp_path, "az", "exit 3")
    started = time.monotonic()
    assert run([str(tool)], os.environ, 60).exit_code == 3
    assert time.monotonic() - started < 30  # not its time limit


@pytest.mark.parametrize("scope", ["--tenant", "-x", "--tenant/.default"])
def test_scope_with_a_hyphen__is_no_argument(client: Client, world: World, scope: str) -> None:
    azure = world("laptop")
    assert not is_scope(scope)
    answer = client.get("/api/token", {"scope": scope}).json()
    assert answer["failure"]["stage"] == "configuration"
    assert azure.tokens == ()


@pytest.mark.parametrize(
    ("name", "credential"), [("azd", AzureDeveloperCliCredential), ("pwsh", AzurePowerShellCredential)]
)
def test_azd_and_powershell__end_with_the_reading(
    tmp_path: Path, marker: str, name: str, credential: type[ToolCredential]
) -> None:
    """Before, only by their own time limit."""
    fake_tool(tmp_path, name, f"env > {tmp_path / 'env'}; {DETACHED.format(marker)} sleep 59")
    os.environ.update(PATH=first_on_path(tmp_path), KVSITE_CLIENT_SECRET="never-to-be-seen")
    scope = "https://vault.azure.net/.default"
    check_cancellation(lambda: credential(process_timeout=50).get_token_info(scope), marker)
    assert "never-to-be-seen" not in (tmp_path / "env").read_text()


@pytest.mark.parametrize(
    ("name", "credential"), [("azd", AzureDeveloperCliCredential), ("pwsh", AzurePowerShellCredential)]
)
@pytest.mark.parametrize("output", ["opaque-Of-a-tool", "azsdk%opaque-Of-a-tool", '{"token": "opaque-Of-a-tool"}'])
def test_output_that_is_no_token_response__is_not_in_the_message(
    tmp_path: Path, name: str, credential: type[ToolCredential], output: str
) -> None:
    fake_tool(tmp_path, name, f"echo '{output}'")
    os.environ["PATH"] = first_on_path(tmp_path)
    with pytest.raises(ClientAuthenticationError, match="Unexpected output from") as raised:
        credential(process_timeout=20).get_token_info("https://vault.azure.net/.default")
    assert "opaque" not in str(raised.value)
