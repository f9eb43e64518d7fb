"""The generated SECRET_KEY: created once, written atomically, and replaced if its file is damaged."""

import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from secrets_app import conf
from secrets_app.checks import check_settings
from secrets_app.conf.secret_key import is_stored, load_or_create_key
from tests.conftest import World

ROOT = Path(__file__).resolve().parents[2]


def test_secret_key__is_created_once_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "kept" / "site-key"
    key = load_or_create_key(path)
    assert len(key) >= 50
    assert load_or_create_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_secret_key__concurrent_first_readers_get_the_same_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as crowd:
        keys = set(crowd.map(lambda _: load_or_create_key(tmp_path / "site-key"), range(64)))
    assert len(keys) == 1


@pytest.mark.parametrize("damaged", [b"", b"short", b"\xff\xfe" * 60])
def test_secret_key__damaged_is_replaced(tmp_path: Path, damaged: bytes) -> None:
    path = tmp_path / "site-key"
    path.write_bytes(damaged)
    key = load_or_create_key(path)
    assert len(key) >= 50
    assert load_or_create_key(path) == key


def test_secret_key__exists_without_writable_storage(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    path = tmp_path / "file" / "site-key"
    key = load_or_create_key(path)
    assert len(key) >= 50
    assert not is_stored(path, key)
    assert is_stored(tmp_path / "site-key", load_or_create_key(tmp_path / "site-key"))


@pytest.mark.parametrize(
    ("production", "kept", "id_", "expected"),
    [
        (True, True, "E029", "the key in .local is used"),
        (True, False, "E029", "each process generates its own"),
        (False, False, "W027", "each process generates its own"),
    ],
)
def test_missing_secret_key__is_shown_on_the_working_page(
    client: Client, world: World, settings: Any, production: bool, kept: bool, id_: str, expected: str
) -> None:
    world("app-service")
    settings.PRODUCTION, settings.SITE_KEY_IS_STORED = production, kept
    assert [problem.id for problem in conf.current().problems] == [f"secrets_app.{id_}"]
    page = client.get("/").content.decode()
    assert "The secret demo was read." in page
    assert "KVSITE_SECRET_KEY is not set" in page
    assert expected in page


def test_missing_secret_key__fails_the_production_check(settings: Any) -> None:
    settings.SECRETS_APP = {"KEY_VAULT_URI": "https://contoso.vault.azure.net", "SECRET_NAME": "demo"}
    settings.PRODUCTION = True
    assert [(found.id, found.is_serious()) for found in check_settings()] == [("secrets_app.E029", True)]
    settings.SECRETS_APP |= {"KVSITE_SECRET_KEY": "k" * 64}
    assert check_settings() == []


@pytest.mark.program
def test_server_start__logs_what_the_check_reports() -> None:
    words = {"KVSITE_HOSTS": "kvsite.example.org", "KEY_VAULT_URI": "https://contoso.vault.azure.net"}
    result = subprocess.run(
        [sys.executable, "-c", "import kvsite.wsgi"],
        cwd=ROOT, env={**os.environ, **words}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "ERROR secrets_app (secrets_app.E029) KVSITE_SECRET_KEY is not set" in result.stderr
    assert "ERROR secrets_app (secrets_app.E006) SECRET_NAME is not set" in result.stderr
