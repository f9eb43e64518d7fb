"""What the documents repeat of the code is what the code says."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from secrets_app.diagnosis import CAUSES
from secrets_app.setting_readers import SETTINGS

ROOT = Path(__file__).resolve().parent.parent


def test_the_documents_are_not_stale() -> None:
    call_command("documents", "--check")


def test_a_stale_document_is_found(tmp_path: Path, settings: object) -> None:
    settings.BASE_DIR = tmp_path  # type: ignore[attr-defined]
    (tmp_path / "README.md").write_text(
        (ROOT / "README.md").read_text().replace("KVSITE_DEADLINE_S", "KVSITE_PATIENCE")
    )
    with pytest.raises(CommandError, match=r"README\.md, causes\.md"):
        call_command("documents", "--check")


def test_every_setting_and_every_cause_is_in_the_documents() -> None:
    readme, causes = (ROOT / "README.md").read_text(), (ROOT / "docs" / "causes.md").read_text()
    assert [name for name in SETTINGS if f"| `{name}` |" not in readme] == []
    assert [key for key in CAUSES if f"### {key}\n" not in causes] == []
