"""Positions in a seed file: for messages, and the line of a value."""

import re
from dataclasses import dataclass

Key = str | int


class SeedError(ValueError):
    """The seed file is invalid; the message contains the position and the reason."""


class InvalidValueError(ValueError):
    """A value of the seed is invalid. `keys` lead to it."""

    def __init__(self, message: str, keys: tuple[Key, ...]) -> None:
        super().__init__(message)
        self.keys = keys


@dataclass(frozen=True)
class Position:
    """A table of the seed."""

    text: str
    """As messages show it, for example `vault 'contoso', grant 1`."""
    keys: tuple[Key, ...]
    """The names of tables and the numbers of entries in arrays, from 0."""

    def child(self, text: str, *keys: Key) -> "Position":
        return Position(f"{self.text}, {text}" if self.keys else text, (*self.keys, *keys))

    def named(self, text: str) -> "Position":
        """The same position with another text."""
        return Position(text, self.keys)

    def error(self, reason: str, key: str | None = None, separator: str = ": ") -> InvalidValueError:
        """The error for this table or for one of its keys."""
        return InvalidValueError(f"{self.text}{separator}{reason}", (*self.keys, key) if key else self.keys)


FILE = Position("the file", ())


def line_of(text: str, keys: tuple[Key, ...]) -> int:
    """Return the line in TOML text of the value that `keys` lead to, or of the nearest table around it; from 1."""
    lines, found = text.splitlines(), 0
    for name, number in _steps(keys):
        start, seen = found, -1
        for index in range(start, len(lines)):
            seen += len(re.findall(_pattern(name, is_array=number is not None), lines[index]))
            if seen >= (number or 0):
                found = index
                break
    return found + 1


def _steps(keys: tuple[Key, ...]) -> list[tuple[str, int | None]]:
    """Each name with the number of the entry, if it is an array."""
    following = (*keys[1:], None)
    return [
        (name, after if isinstance(after, int) else None)
        for name, after in zip(keys, following, strict=True)
        if isinstance(name, str)
    ]


def _pattern(name: str, *, is_array: bool) -> str:
    """An array is a sequence of `[[name]]`, or a list of inline tables, of which each `{` begins one."""
    quoted = rf"[\"']?{re.escape(name)}[\"']?"
    if is_array:
        return rf"^\s*\[\[\s*(?:\S+\.)?{quoted}\s*\]\]|^\s*{quoted}\s*=\s*\["
    return rf"(?:^|[\s.{{,\[]){quoted}\s*[\].=]"
