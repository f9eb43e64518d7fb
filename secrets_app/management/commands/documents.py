"""`manage.py documents`: writes what the documents repeat of the code, or says what is stale."""

import re
from argparse import ArgumentParser
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from secrets_app.conf.schema import SETTINGS
from secrets_app.diagnosis import CAUSES
from secrets_app.diagnosis.search import by_area
from secrets_app.management.licenses import licences_page

_SETTINGS_IN_README = re.compile(
    r"(?<=<!-- settings: made by manage.py documents -->\n).*?(?=\n<!-- end of settings -->)", re.S
)


class Command(BaseCommand):
    help = "Writes the settings into README.md, causes and licences into docs/. --check only says what is stale."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 when a document is stale")

    def handle(self, *_args: Any, **options: Any) -> None:
        stale = [path for path, text in _documents() if not path.exists() or path.read_text(encoding="utf-8") != text]
        if options["check"] and stale:
            names = ", ".join(path.name for path in stale)
            raise CommandError(f"{names}: not what the code says. Run `python manage.py documents`.")
        for path, text in _documents():
            path.write_text(text, encoding="utf-8")


def _documents() -> Iterator[tuple[Path, str]]:
    readme = settings.BASE_DIR / "README.md"
    yield readme, _SETTINGS_IN_README.sub(lambda _: settings_table(), readme.read_text(encoding="utf-8"))
    yield settings.BASE_DIR / "docs" / "causes.md", causes_page()
    yield settings.BASE_DIR / "docs" / "licences.md", _licences()


def _licences() -> str:
    try:
        return licences_page(settings.BASE_DIR)
    except PackageNotFoundError as error:
        raise CommandError(f"{error.name} is not installed, so its licence is not known. Run `make setup`.") from error


def settings_table() -> str:
    """The settings as a Markdown table."""
    rows = (f"| `{name}` | {default} | {meaning} |" for name, (default, meaning) in SETTINGS.items())
    return "\n".join(["| setting | default | meaning |", "|---|---|---|", *rows])


def causes_page() -> str:
    """Every cause of the catalogue as Markdown, by where it lives."""
    lines = [
        "# Causes",
        "",
        "What the site can find out, by where it lives. Made by `python manage.py documents`; the site shows the same",
        "at `/causes/`, with commands filled in where it can.",
    ]
    for area, causes in by_area(CAUSES.values()):
        lines += ["", f"## {area}"]
        for cause in causes:
            lines += ["", f"### {cause.key}", "", f"**{cause.title}.** {cause.why}", "", f"{cause.fix}"]
    return "\n".join(lines) + "\n"
