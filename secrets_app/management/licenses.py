"""The licence of every package the lock files name, from the metadata of what is installed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path

_LINE = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>\S+)(?: ; (?P<marker>.*?))? \\$", re.MULTILINE)
_LONGEST_NAME_OF_A_LICENCE = 40
NOT_SAID = "its metadata does not say"


@dataclass(frozen=True, kw_only=True)
class Package:
    name: str
    version: str
    elsewhere: bool
    """Needed on another system alone, so not installed on every machine that makes this list."""


def licences_page(root: Path) -> str:
    """Markdown: what production runs, and what the tests and checks add. Raises PackageNotFoundError."""
    production = tuple(_locked(root / "requirements.txt"))
    development = tuple(package for package in _locked(root / "requirements-dev.txt") if package not in production)
    return "\n".join(
        [
            "# Licences",
            "",
            "Of every package in the lock files, as its own metadata says it. Made by `python manage.py documents`.",
            *_section("What production runs", production),
            *_section("What tests and checks add", development),
            "",
        ]
    )


def _locked(path: Path) -> Iterator[Package]:
    for line in _LINE.finditer(path.read_text(encoding="utf-8")):
        elsewhere = "sys_platform" in (line["marker"] or "")
        yield Package(name=line["name"], version=line["version"], elsewhere=elsewhere)


def _section(title: str, packages: tuple[Package, ...]) -> Iterator[str]:
    yield from ("", f"## {title}", "", "| package | version | licence |", "|---|---|---|")
    for package in packages:
        if not package.elsewhere:
            yield f"| {package.name} | {package.version} | {licence_of(package.name)} |"
    if elsewhere := [f"{package.name} {package.version}" for package in packages if package.elsewhere]:
        yield ""
        yield f"On Windows alone, and not looked at here: {', '.join(elsewhere)}."


def licence_of(name: str) -> str:
    """What the metadata says, the newest field first: https://packaging.python.org/specifications/core-metadata/

    Where no field says it, the first line of the package's own licence.
    """
    package = distribution(name)

    def said(field: str) -> list[str]:
        return package.metadata.get_all(field) or []

    classes = [text.rpartition(" :: ")[2] for text in said("Classifier") if text.startswith("License :: ")]
    named = " or ".join(text for text in classes if text not in {"OSI Approved", "DFSG approved"})
    files = [package.read_text(f"licenses/{file}") or "" for file in said("License-File")]
    first_lines = [line.strip() for text in files for line in text.splitlines()[:1]]
    found = (*said("License-Expression"), named, *said("License"), *first_lines)
    return next((text for text in found if _is_name(text)), NOT_SAID)


def _is_name(text: str) -> bool:
    return 0 < len(text) <= _LONGEST_NAME_OF_A_LICENCE and "\n" not in text
