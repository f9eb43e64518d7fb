"""Prints a README for a package: links relative to the repository do not work on PyPI.

`python packaging/pypi_readme.py README.md [https://github.com/owner/repository]`. With the URL of the repository, the
links become absolute; without it, their text remains, and pictures are left out.
"""

import posixpath
import re
import sys
from pathlib import Path

_LINK = re.compile(r"(!?)\[([^\]]*)\]\((?!https?:|#)([^)\s]+)\)")


def absolute_links(markdown: str, folder: str, repository: str) -> str:
    """The Markdown without relative links. `folder`: that of the file in the repository; `repository`: URL or empty."""

    def link(match: re.Match[str]) -> str:
        picture, text, target = match.groups()
        if not repository:
            return "" if picture else text
        path = posixpath.normpath(posixpath.join(folder, target))
        return f"{picture}[{text}]({repository.rstrip('/')}/{'raw' if picture else 'blob'}/HEAD/{path})"

    return _LINK.sub(link, markdown)


if __name__ == "__main__":
    readme = Path(sys.argv[1])
    sys.stdout.write(
        absolute_links(readme.read_text(encoding="utf-8"), readme.parent.as_posix(), "".join(sys.argv[2:]))
    )
