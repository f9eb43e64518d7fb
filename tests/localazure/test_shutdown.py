"""Local Azure removes its files however it is stopped, and reports invalid input in one line."""

import gc
import os
import signal
import socket
import subprocess
import sys
import threading
import warnings
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path

import pytest

from localazure import LocalAzure
from localazure.cli.commands import main
from tests.support.leak_checks import ends, is_running

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.program
@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_serve__signal__removes_all_files(signal_number: signal.Signals, tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "localazure", "serve"],
        cwd=ROOT, env={**os.environ, "TMPDIR": str(tmp_path)}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as served:  # fmt: skip
        assert served.stdout
        assert served.stdout.readline()
        assert list(tmp_path.iterdir())
        served.send_signal(signal_number)
        served.communicate(timeout=50)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.program
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux only")
def test_run__killed__command_ends_and_the_next_start_removes_the_files(tmp_path: Path) -> None:
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    sleeper = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    command = [
        sys.executable,
        "-m",
        "localazure",
        "run",
        "--scenario",
        "kubernetes",
        "--",
        sys.executable,
        "-c",
        sleeper,
    ]
    with subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True) as killed:
        assert killed.stdout
        child = int(killed.stdout.readline())
        (folder,) = tmp_path.iterdir()
        assert folder.stat().st_mode & 0o777 == 0o700
        killed.kill()
        killed.wait(timeout=50)
        assert killed.stdout.read() == ""  # the pipe is closed shortly before the process has ended
    assert ends(lambda: not is_running(child))
    assert folder.exists()
    done = subprocess.run([*command[:7], "true"], cwd=ROOT, env=env, timeout=50)
    assert done.returncode == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("seed", "message"),
    [
        ("vault=" + "[" * 3000, "nested too deeply"),
        ('[[vault]]\nname = "a/b"\n', "letters, digits and hyphens"),
        ('[[vault]]\nname = "kv"\nlocation = "a\\r\\nx: 1"\n', "lower-case letters and digits"),
        ('[[identity]]\nname = "me"\nclient-id = "nonsense"\n', "a GUID"),
        ('[[vault]]\nname = "kv"\n[vault.secrets]\na_b = "x"\n', "letters, digits and hyphens"),
    ],
)
def test_invalid_seed__one_line_and_exit_code_2(
    seed: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "seed.toml"
    file.write_text(seed)
    try:
        code = main(("run", "--seed", str(file), "--", "true"))
    except SystemExit as exited:
        code = exited.code
    output = capsys.readouterr()
    assert (code, output.out) == (2, "")
    assert message in output.err
    assert len(output.err.splitlines()) == 1


def test_request_headers_too_large__431() -> None:
    with LocalAzure("no-role") as azure:
        host, port = azure.env["HTTP_PROXY"].removeprefix("http://").split(":")
        connection = HTTPConnection(host, int(port), timeout=10)
        connection.request("GET", "http://169.254.169.254/metadata", headers={"X-Long": "a" * 17_000})
        assert connection.getresponse().status == 431
        connection.close()


def test_stop__while_clients_connect__closes_every_connection() -> None:
    stopped = threading.Event()

    def connect(address: tuple[str, int]) -> None:
        while not stopped.is_set():
            with suppress(OSError):
                socket.create_connection(address, timeout=5).close()

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(3):
            stopped.clear()
            with LocalAzure("no-role") as azure:
                host, port = azure.env["HTTP_PROXY"].removeprefix("http://").split(":")
                clients = [threading.Thread(target=connect, args=((host, int(port)),)) for _ in range(3)]
                for client in clients:
                    client.start()
            stopped.set()
            for client in clients:
                client.join()
        gc.collect()
    assert [str(warning.message) for warning in caught] == []
