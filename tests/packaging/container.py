"""Local Azure in a container, and the compose file with a second container that reads a secret.

`make image-localazure` builds the image with buildah and runs these tests. docker compose is not needed: the commands
of the compose file are run in the two images, with a folder as the volume.
"""

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

FOLDER = Path(__file__).parents[2] / "packaging" / "localazure"
COMPOSE: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
SERVER, READER = os.environ.get("IMAGE", "localhost/localazure"), "localhost/principal-used"
KEYS = {"build", "command", "volumes", "healthcheck", "user", "depends_on"}
"""The keys of the Compose specification that the file uses: https://github.com/compose-spec/compose-spec"""
USER = 10001
START_LIMIT_S = 60


def buildah(*arguments: str) -> str:
    done = subprocess.run(["buildah", *arguments], check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.strip()


@pytest.fixture
def containers() -> Iterator[dict[str, str]]:
    """Service -> container, in which the host name `localazure` is this machine."""
    names = {
        service: buildah("from", "--pull=never", "--add-host", "localazure:127.0.0.1", image)
        for service, image in (("localazure", SERVER), ("reader", READER))
    }
    yield names
    buildah("rm", *names.values())


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    folder = tmp_path / "volume"
    folder.mkdir(mode=0o700)
    os.chown(folder, USER, USER)
    return folder


def command(container: str, service: str, volume: Path, *before: str) -> list[str]:
    mounts = (f"{volume}:/run/local-azure", f"{FOLDER / 'read.py'}:/app/read.py:ro")
    options = [option for mount in mounts for option in ("--volume", mount)]
    user = ["--user", SERVICES[service].get("user", f"{USER}:{USER}")]
    words = SERVICES[service]["command"]
    return ["buildah", "run", "--isolation", "chroot", *user, *options, container, "--", *before, *words]


def test_compose_file__keys_volumes_and_dependencies() -> None:
    assert set(COMPOSE) == {"services", "volumes"}
    for name, service in SERVICES.items():
        assert set(service) <= KEYS, name
        named = {mount.partition(":")[0] for mount in service["volumes"] if not mount.startswith(".")}
        assert named <= set(COMPOSE["volumes"])
        for mount in service["volumes"]:
            assert not mount.startswith(".") or (FOLDER / mount.partition(":")[0]).exists()
    (dependency,) = SERVICES["reader"]["depends_on"]
    assert dependency in SERVICES
    assert SERVICES[dependency]["healthcheck"]["test"][-1] == SERVICES[dependency]["command"][-1]
    dockerfile = FOLDER / SERVICES["localazure"]["build"]["context"] / SERVICES["localazure"]["build"]["dockerfile"]
    assert os.path.normpath(dockerfile) == str(FOLDER / "Dockerfile")


def test_compose_file__the_second_container_reads_the_secret(containers: dict[str, str], volume: Path) -> None:
    serve = command(containers["localazure"], "localazure", volume, "localazure")
    with subprocess.Popen(serve, stdout=subprocess.PIPE, text=True, start_new_session=True) as server:
        try:
            until = time.monotonic() + START_LIMIT_S
            while not (volume / "azure.env").exists():
                assert server.poll() is None
                assert time.monotonic() < until
                time.sleep(0.1)
            read = command(containers["reader"], "reader", volume)
            done = subprocess.run(read, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
        finally:
            os.killpg(server.pid, 15)
    assert (done.returncode, done.stdout) == (0, "read 32 characters\n")
