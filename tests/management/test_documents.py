"""What the documents repeat of the code is what the code says."""

import re
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.urls import resolve

from secrets_app.conf.schema import CHECK_IDS, SETTINGS
from secrets_app.connection_string import parse_form, parse_options
from secrets_app.core.credential_options import CredentialKind
from secrets_app.diagnosis import CAUSES

ROOT = Path(__file__).resolve().parents[2]


def test_the_documents_are_not_stale() -> None:
    call_command("documents", "--check")


def test_a_stale_document_is_found(tmp_path: Path, settings: object) -> None:
    settings.BASE_DIR = tmp_path  # type: ignore[attr-defined]
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "settings.md").write_text(
        (ROOT / "docs" / "settings.md").read_text().replace("KVSITE_DEADLINE_S", "KVSITE_PATIENCE")
    )
    with pytest.raises(CommandError, match=r"settings\.md, causes\.md"):
        call_command("documents", "--check")


def test_every_setting_and_every_cause_is_in_the_documents() -> None:
    page, causes = (ROOT / "docs" / "settings.md").read_text(), (ROOT / "docs" / "causes.md").read_text()
    assert [name for name in SETTINGS if f"| `{name}` |" not in page] == []
    assert [str(check) for check in CHECK_IDS if f"| `{check}` | {check.meaning} |" not in page] == []
    assert [key for key in CAUSES if f"### {key}\n" not in causes] == []


def _locked_packages(lock_file: str) -> set[tuple[str, str]]:
    """Names and versions, without the packages for Windows only: they are not installed where the list is written."""
    packages = re.findall(r"^(\S+)==(\S+)(.*)", (ROOT / lock_file).read_text(), re.M)
    return {(name, version) for name, version, marker in packages if "win32" not in marker}


def _listed_licences() -> dict[tuple[str, str], str]:
    rows = re.findall(r"^\| (\S+) +\| (\d\S*) +\| (.+?) +\|$", (ROOT / "docs" / "licences.md").read_text(), re.M)
    return {(name.lower().replace("_", "-"), version): licence for name, version, licence in rows}


def test_licences__list_every_locked_package_with_its_version() -> None:
    """`make lock` writes the list."""
    assert _listed_licences().keys() == _locked_packages("requirements.txt") | _locked_packages("requirements-dev.txt")


def test_licences__are_permissive() -> None:
    licences = _listed_licences()
    permissive = re.compile(r"MIT|BSD|Apache|PSF|MPL|Mozilla")
    production = _locked_packages("requirements.txt")
    assert [package for package in production if not permissive.search(licences[package])] == []
    assert [package for package, licence in licences.items() if re.search(r"\b[AL]?GPL", licence)] == []


def test_every_package_is_pinned_with_its_hashes() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        locked = re.split(r"^(?=[A-Za-z0-9])", (ROOT / name).read_text(), flags=re.M)[1:]
        assert len(locked) > 15
        assert [entry.split()[0] for entry in locked if "==" not in entry or "--hash=sha256:" not in entry] == []


def test_the_guide_for_dotnet_names_what_there_is() -> None:
    guide = (ROOT / "docs" / "coming-from-dotnet.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\bKVSITE_[A-Z_]+\b", guide)) <= set(SETTINGS)
    assert set(re.findall(r"KVSITE_CREDENTIAL=([a-z-]+)", guide)) <= set(CredentialKind)
    for address in re.findall(r"`(/[\w/-]+)(?:\?[^`]*)?`", guide):
        resolve(address)


def test_every_connection_string_of_the_guide_is_understood() -> None:
    guide = (ROOT / "docs" / "coming-from-dotnet.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(RunAs=[^`]+)` \|", guide, re.M)
    filled = {
        "<client ID>": "",
        "AppId=": "AppId=11111111-2222-4333-8444-555555555555",
        "TenantId=": "TenantId=contoso.com",
        "AppKey=": "AppKey=x",
        "CertificateThumbprint=": f"CertificateThumbprint={'0' * 40}",
        "CertificateSubjectName=": "CertificateSubjectName=x",
        "CertificateStoreLocation=": "CertificateStoreLocation=CurrentUser",
        "SecretIdentifier=": "SecretIdentifier=https://contoso.vault.azure.net/secrets/x",
    }
    assert len(rows) == 9
    for row in rows:
        text = row
        for empty, value in filled.items():
            text = text.replace(empty, value)
        assert parse_form(parse_options(text)).options
