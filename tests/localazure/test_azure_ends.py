"""However Local Azure is ended, nothing of it stays; whatever a seed says, it is told in a sentence."""

import os
import signal
import subprocess
import sys
from http.client import HTTPConnection
from pathlib import Path

import pytest

from localazure import LocalAzure
from localazure.commands import main

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_a_world_that_is_served_leaves_nothing_behind(number: signal.Signals, tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "localazure", "serve"],
        cwd=ROOT, env={**os.environ, "TMPDIR": str(tmp_path)}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as served:  # fmt: skip
        assert served.stdout
        assert served.stdout.readline()
        assert list(tmp_path.iterdir())
        served.send_signal(number)
        served.communicate(timeout=20)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("seed", "said"),
    [
        ("vault=" + "[" * 3000, "nested too deeply"),
        ('[[vault]]\nname = "a/b"\n', "letters, digits and hyphens"),
        ('[[vault]]\nname = "kv"\nlocation = "a\\r\\nx: 1"\n', "small letters and digits"),
        ('[[identity]]\nname = "me"\nclient-id = "nonsense"\n', "a GUID"),
        ('[[vault]]\nname = "kv"\n[vault.secrets]\na_b = "x"\n', "letters, digits and hyphens"),
    ],
)
def test_a_wrong_seed_is_one_sentence(seed: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "seed.toml"
    file.write_text(seed)
    try:
        code = main(("run", "--seed", str(file), "--", "true"))
    except SystemExit as ended:
        code = ended.code
    told = capsys.readouterr()
    assert (code, told.out) == (2, "")
    assert said in told.err
    assert len(told.err.splitlines()) == 1


def test_a_head_that_comes_whole_has_the_same_limit() -> None:
    with LocalAzure("no-role") as azure:
        host, port = azure.env["HTTP_PROXY"].removeprefix("http://").split(":")
        connection = HTTPConnection(host, int(port), timeout=10)
        connection.request("GET", "http://169.254.169.254/metadata", headers={"X-Long": "a" * 17_000})
        assert connection.getresponse().status == 431
        connection.close()
