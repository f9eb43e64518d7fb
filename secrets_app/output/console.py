"""A terminal: its width, and whether it shows colours. Escape sequences are added last, after the text is made safe."""

import shutil
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple, TextIO

from secrets_app.core.redaction import printable

_PIPE_WIDTH = 100
"""Columns for a file or a pipe."""
_MIN_WIDTH, _MAX_WIDTH = 40, 120
"""Longer lines of prose are hard to read on a wide terminal."""


class Style(Enum):
    """The SGR parameters of each role that text has."""

    GOOD = "1;32"
    BAD = "1;31"
    WARNING = "33"
    TITLE = "1"
    COMMAND = "36"
    QUIET = "2"


class Styled(NamedTuple):
    """Text with a style."""

    text: str
    style: Style


Part = str | Styled
Line = Part | tuple[Part, ...]
"""One line: text, or several parts of it."""


@dataclass(frozen=True)
class Console:
    """How lines are shown. The default is a file or a pipe."""

    width: int = _PIPE_WIDTH
    has_colours: bool = False
    is_terminal: bool = False

    def show(self, line: Line) -> str:
        """The line without any control character but those of its styles."""
        parts: Iterable[Part] = line if isinstance(line, tuple) and not isinstance(line, Styled) else (line,)
        return "".join(map(self._part, parts))

    def wrap(self, text: str, indent: str = "    ", style: Style | None = None) -> Iterator[Line]:
        """The text in lines of this width. A longer word is not broken: it may be a URL or an ID."""
        lines = textwrap.wrap(
            printable(text), self.width, initial_indent=indent, subsequent_indent=indent,
            break_long_words=False, break_on_hyphens=False,
        )  # fmt: skip
        return (Styled(line, style) if style else line for line in lines)

    def shorten(self, text: str, *, used: int) -> str:
        """The text cut to the rest of a terminal's line, of which `used` columns are taken; elsewhere in full."""
        room = max(self.width - used, 20)
        return text if not self.is_terminal or len(text) <= room else f"{text[: room - 3].rstrip()}..."

    def _part(self, part: Part) -> str:
        if isinstance(part, str):
            return printable(part)
        text = printable(part.text)
        return f"\x1b[{part.style.value}m{text}\x1b[0m" if self.has_colours and text else text


PLAIN = Console()


def console_for(stream: TextIO, environ: Mapping[str, str], *, colour: bool | None = None) -> Console:
    """The console that writes to `stream`; `colour` overrides what the environment selects."""
    is_terminal = hasattr(stream, "isatty") and stream.isatty()
    # The terminal's own size, or COLUMNS where the shell exports it.
    columns = shutil.get_terminal_size((_PIPE_WIDTH, 24)).columns if is_terminal else _PIPE_WIDTH
    return Console(
        width=min(max(columns, _MIN_WIDTH), _MAX_WIDTH),
        has_colours=_has_colours(environ, is_terminal=is_terminal) if colour is None else colour,
        is_terminal=is_terminal,
    )


def _has_colours(environ: Mapping[str, str], *, is_terminal: bool) -> bool:
    """In Python's own order: NO_COLOR, then FORCE_COLOR, then the terminal. https://no-color.org

    https://docs.python.org/3/using/cmdline.html#controlling-color
    """
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR"):
        return True
    # Set by terminals on Linux and macOS, and by Windows Terminal; the older Windows console shows escape sequences.
    return is_terminal and environ.get("TERM") != "dumb" and bool(environ.get("TERM") or environ.get("WT_SESSION"))
