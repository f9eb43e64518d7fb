"""The site's own key: made once, kept whole, made anew when it is damaged."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from secrets_app.site_key import kept_site_key


def test_it_is_made_once_and_readable_by_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "kept" / "site-key"
    key = kept_site_key(path)
    assert len(key) >= 50
    assert kept_site_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_all_who_come_first_get_the_same(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as crowd:
        keys = set(crowd.map(lambda _: kept_site_key(tmp_path / "site-key"), range(64)))
    assert len(keys) == 1


@pytest.mark.parametrize("damaged", [b"", b"short", b"\xff\xfe" * 60])
def test_a_damaged_key_is_made_anew(tmp_path: Path, damaged: bytes) -> None:
    path = tmp_path / "site-key"
    path.write_bytes(damaged)
    key = kept_site_key(path)
    assert len(key) >= 50
    assert kept_site_key(path) == key


def test_where_nothing_can_be_kept_there_is_a_key_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    assert len(kept_site_key(tmp_path / "file" / "site-key")) >= 50
