"""The container image, run for real on Local Azure: `make image` builds it with buildah and runs these tests.

buildah's chroot isolation runs where no container runtime is available. It cannot make the file system read-only, so
the tests assert instead that nothing was written.
"""

import json
import os
import shlex
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import pytest

from localazure import LocalAzure
from tests.support.serving import free_port

IMAGE = os.environ.get("IMAGE", "localhost/principal-used")


def buildah(*arguments: str) -> str:
    done = subprocess.run(["buildah", *arguments], check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.strip()


@pytest.fixture
def container() -> Iterator[str]:
    name = buildah("from", "--pull=never", IMAGE)
    yield name
    buildah("rm", name)


def layers(image: str) -> list[str]:
    """The digests of the layers. Docker's image ID also depends on a random host name in its configuration."""
    digests: list[str] = json.loads(buildah("inspect", "--type", "image", image))["OCIv1"]["rootfs"]["diff_ids"]
    return digests


def command(container: str, env: Mapping[str, str], *arguments: str) -> list[str]:
    """The command line that runs the image's entry point with these arguments, as the user that the image names."""
    ours = {
        name: value
        for name, value in env.items()
        if os.environ.get(name) != value and name not in {"HOME", "PATH", "USERPROFILE"}
    }
    files = {value for value in ours.values() if value.startswith("/") and Path(value).is_file()}
    options = [option for path in sorted(files) for option in ("--volume", f"{path}:{path}:ro")]
    options += [option for name, value in ours.items() for option in ("--env", f"{name}={value}")]
    return ["buildah", "run", "--isolation", "chroot", *options, container, "--", "principal-used", *arguments]


def test_command__reads_the_secret_and_writes_no_file(container: str) -> None:
    with LocalAzure("vm") as azure:
        done = subprocess.run(
            command(container, azure.env, "principal", "--json"), stdout=subprocess.PIPE, text=True, check=True
        )
        token = azure.tokens[0].text
    reading = json.loads(done.stdout)
    assert reading["ok"]
    assert reading["principal"]["type"] == "App"
    assert token not in done.stdout
    mounted = buildah("mount", container)
    written = subprocess.run(
        ["find", f"{mounted}/app", f"{mounted}/venv", "-uid", "10001"], stdout=subprocess.PIPE, text=True, check=True
    )
    assert written.stdout == ""


def test_site__runs_as_an_unprivileged_user_and_passes_its_health_check(container: str) -> None:
    port = str(free_port())
    with (
        LocalAzure("vm") as azure,
        subprocess.Popen(command(container, {**azure.env, "PORT": port}, "serve"), start_new_session=True) as site,
    ):
        env = {"PORT": port}
        assert subprocess.run(command(container, {"PORT": "1"}, "healthcheck"), check=False).returncode != 0
        try:
            until = time.monotonic() + 30
            while subprocess.run(command(container, env, "healthcheck"), check=False).returncode:
                assert time.monotonic() < until
            with closing(HTTPConnection("127.0.0.1", int(port))) as connection:
                connection.request("GET", "/")
                page = connection.getresponse().read().decode()
                connection.request("GET", "/static/secrets_app/principal-used.css")
                assert connection.getresponse().status == 200
            users = subprocess.run(["ps", "-eo", "uid,args"], stdout=subprocess.PIPE, text=True, check=True).stdout
        finally:
            os.killpg(site.pid, 15)
    assert "kvsite-vm" in page
    assert any(line.split()[0] == "10001" and "gunicorn" in line for line in users.splitlines()[1:])


@pytest.mark.skipif("BUILD_AGAIN" not in os.environ, reason="run make image: it sets BUILD_AGAIN")
def test_second_build__has_the_same_layers() -> None:
    again = subprocess.run(shlex.split(os.environ["BUILD_AGAIN"]), check=True, stdout=subprocess.PIPE, text=True)
    image = again.stdout.strip()
    try:
        assert layers(image) == layers(IMAGE)
    finally:
        buildah("rmi", image)
