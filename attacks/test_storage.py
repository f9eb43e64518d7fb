"""Nothing can be written: no folder for files, a full disk, a log that fails. The site answers and loses no secret."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from attacks.support.site import ROOT, Site, running_site
from localazure import LocalAzure

NOWHERE = {"HOME": "/nonexistent", "XDG_CACHE_HOME": "/nonexistent", "XDG_CONFIG_HOME": "/dev/null"}
FULL = ("prlimit", "--fsize=0:0")
"""No byte can be written to a file: the first one ends with EFBIG, for root too."""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project in which the site has not been started: without `.local/`, where its key is stored."""
    names = ("kvsite", "secrets_app", "fleet", "gunicorn.conf.py", "manage.py", "staticfiles")
    for name in names:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.exists():
            shutil.copy(source, tmp_path)
    return tmp_path


@contextmanager
def started(azure: LocalAzure, project: Path, settings: Mapping[str, str], *prefix: str) -> Iterator[Site]:
    with running_site({**azure.env, **NOWHERE, **settings}, prefix=prefix, folder=project) as site:
        yield site


def assert_answers(site: Site) -> None:
    for path in ("/", "/environment/", "/api/reading", "/readyz", "/identities/", "/report/"):
        assert site.get(path).status == 200, path
    assert site.post("/api/explain", b"AADSTS700016 " * 5000, {"Content-Type": "text/plain"}).status == 200


def test_full_disk__from_the_first_start(azure: LocalAzure, project: Path) -> None:
    with started(azure, project, {}, *FULL) as site:
        assert_answers(site)
        assert len(site.workers()) == 1
    keys = list(project.rglob("site-key*"))
    assert all(not key.stat().st_size for key in keys), "a part of a key is stored"


def test_key_of_a_full_disk__is_not_used_afterwards(azure: LocalAzure, project: Path) -> None:
    """The file may exist without content: an empty key would sign the cookies of anyone."""
    (project / ".local").mkdir()
    (project / ".local" / "site-key").touch()
    with started(azure, project, {}) as site:
        assert_answers(site)
    stored = (project / ".local" / "site-key").read_text().strip()
    assert not stored or len(stored) >= 50


def test_no_folder_for_the_key_and_no_home(azure: LocalAzure, project: Path) -> None:
    (project / ".local").write_text("a file where the folder should be")
    with started(azure, project, {}) as site:
        assert_answers(site)


def test_log_that_cannot_be_written(azure: LocalAzure, project: Path) -> None:
    """/dev/full returns ENOSPC for every byte. https://man7.org/linux/man-pages/man4/full.4.html"""
    with (
        Path("/dev/full").open("w") as full,
        running_site({**azure.env, "KVSITE_LOG_LEVEL": "DEBUG"}, folder=project, log=full) as site,
    ):
        assert_answers(site)
        assert site.raw(b"GET / HTTP/9.9\r\n\r\n", timeout_s=2).startswith(b"HTTP/1.1 400 ")
        assert site.get("/secret/?nothing=1").status == 400
