"""References in the documents exist: links, headings, files, make targets, modules, settings."""

import re
import runpy
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.urls import resolve

from docs.pictures import DIGEST_FILE, MAX_BYTES, PICTURES, digest
from secrets_app.conf.schema import SETTINGS

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("localazure/*.md")])
HISTORY = ("CHANGELOG.md", "decisions.md")
"""They also name what has been removed."""

LINK = re.compile(r"\]\(([^)\s]+)\)")
INLINE_CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
FENCE = re.compile(r"^ *```.*?^ *```$", re.M | re.S)
FILE_NAME = re.compile(r"[\w./-]+\.(?:py|md|toml|txt|in|html|css|js|png)")
FOLDER_NAME = re.compile(r"(?:[\w-]+/)+")


def slug(heading: str) -> str:
    """The anchor that GitHub generates for a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def anchors(document: Path) -> set[str]:
    return {slug(heading) for heading in re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.M)}


def broken_links(text: str, document: Path) -> Iterator[str]:
    for target in LINK.findall(FENCE.sub("", text)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        linked = (document.parent / name).resolve() if name else document
        if not linked.exists() or (anchor and anchor not in anchors(linked)):
            yield target


def missing_paths(text: str, document: Path) -> Iterator[str]:
    words = (word for code in INLINE_CODE.findall(FENCE.sub("", text)) for word in code.split())
    for word in words:
        if FILE_NAME.fullmatch(word) or (FOLDER_NAME.fullmatch(word) and (ROOT / word.split("/")[0]).is_dir()):
            places = (ROOT / word, document.parent / word, ROOT / ".venv" / word.removeprefix(".venv/"))
            if not any(place.exists() for place in places):
                yield word


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: str(document.relative_to(ROOT)))
def test_links_and_paths__exist(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    assert list(broken_links(text, document)) == []
    if document.name not in HISTORY:
        assert list(missing_paths(text, document)) == []


def test_broken_links_and_missing_paths__are_reported() -> None:
    text = (
        "[a](docs/none.md) [b](README.md#none) [c](README.md#settings) `secrets_app/none/` `none.py` `manage.py check`"
    )
    assert list(broken_links(text, ROOT / "README.md")) == ["docs/none.md", "README.md#none"]
    assert list(missing_paths(text, ROOT / "README.md")) == ["secrets_app/none/", "none.py"]


def test_readme__is_short() -> None:
    assert 900 <= len((ROOT / "README.md").read_text(encoding="utf-8").split()) <= 1200


def test_make_targets_and_benchmarks__exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        code = "\n".join([*INLINE_CODE.findall(text), *FENCE.findall(text)])
        assert set(re.findall(r"\bmake (?:[A-Z]+=\S+ )*([a-z-]+)", code)) <= targets, document.name
        for module in re.findall(r"\bbenchmarks\.(\w+)", code):
            assert (ROOT / "benchmarks" / f"{module}.py").exists(), module


def test_settings__exist() -> None:
    for document in DOCUMENTS:
        if document.name not in HISTORY:
            named = re.findall(r"\bKVSITE_[A-Z_]*[A-Z]\b(?!_)", document.read_text(encoding="utf-8"))
            assert set(named) <= set(SETTINGS), document.name


def test_reference__urls_exist() -> None:
    reference = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    urls = re.findall(r"^\| (.+?) \|", reference, re.M)
    paths = [path for cell in urls for path in re.findall(r"`(?:POST )?(/[\w/-]*)(?:<key>/)?(?:\?[^`]*)?`", cell)]
    assert len(paths) > 15
    for path in set(paths) - {"/healthz", "/readyz"}:  # answered by middleware
        resolve(path)


def test_pictures__were_taken_of_the_current_pages() -> None:
    assert DIGEST_FILE.read_text(encoding="ascii").strip() == digest(), "Run `make pictures`."


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
def test_pictures__are_small_and_used(picture: object) -> None:
    name = f"{picture.name}.png"  # type: ignore[attr-defined]
    assert (ROOT / "docs" / name).stat().st_size <= MAX_BYTES
    assert any(name in document.read_text(encoding="utf-8") for document in DOCUMENTS)


def test_package_readme__has_no_relative_link() -> None:
    absolute_links = runpy.run_path(str(ROOT / "packaging" / "pypi_readme.py"))["absolute_links"]
    for folder, readme in ((".", ROOT / "README.md"), ("localazure", ROOT / "localazure" / "README.md")):
        text = readme.read_text(encoding="utf-8")
        found = LINK.findall(absolute_links(text, folder, "https://github.com/owner/name"))
        paths = [link.split("/HEAD/")[1].split("#")[0] for link in found if "/HEAD/" in link]
        assert paths
        assert all((ROOT / path).exists() for path in paths), paths
        for links in (found, LINK.findall(absolute_links(text, folder, ""))):
            assert all(link.startswith(("https://", "#")) for link in links), links
