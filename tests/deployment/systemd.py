"""infra/principal-used.service with systemd's own checks: `make test-deployment`. Nothing is started."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deployment.templates import INFRA

EXPOSURE = "20"
"""systemd's rating, 0 to 100: 13 now; a unit without any restriction has 96."""

pytestmark = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit with the project folder and Python environment of this test: systemd checks that the program exists."""
    text = (INFRA / "principal-used.service").read_text()
    text = text.replace("/opt/principal-used/.venv/bin/gunicorn", str(Path(sys.executable).with_name("gunicorn")))
    text = text.replace("WorkingDirectory=/opt/principal-used", f"WorkingDirectory={INFRA.parent}")
    path = tmp_path / "principal-used.service"
    path.write_text(text)
    return path


def test_unit__has_no_unknown_or_invalid_option(unit: Path) -> None:
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True, timeout=50)
    assert (done.returncode, [line for line in done.stderr.splitlines() if "principal-used" in line]) == (0, [])


def test_unit__is_restricted(unit: Path) -> None:
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", f"--threshold={EXPOSURE}", unit]
    done = subprocess.run(command, capture_output=True, text=True, timeout=50)
    assert done.returncode == 0, done.stdout
