"""The text of a connection string -> its pairs of key and value.

The grammar is that of .NET's DbConnectionOptions, which the library used: pairs with `;` between them, spaces round `;`
and `=`, values bare or in double or single quotes with the quote doubled inside, `==` for `=` inside a key.
https://learn.microsoft.com/dotnet/api/system.data.common.dbconnectionstringbuilder
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from secrets_app.connection_string.fault import Fault
from secrets_app.connection_string.keys import key_named

_WHOLE_IN_QUOTES = re.compile(r"""\s*(["']).*\1\s*""", re.DOTALL)
_BETWEEN = re.compile(r"[\s;]*")
_KEY = re.compile(r"((?:==|[^=;])*+)(=?)\s*")
_QUOTED = re.compile(r"""(?:'((?:[^'\0]|'')*+)'|"((?:[^"\0]|"")*+)")\s*""")
_BARE = re.compile(r"[^;]*")
_CONTROL = re.compile(r"(?!\s)[\x00-\x1f\x7f-\x9f]")
_IN_QUOTES = "A value with a ; or a quote in it goes into quotes, and that quote is doubled inside: 'it''s; here'."


@dataclass(frozen=True, kw_only=True)
class Pair:
    """One part of a connection string. What it holds is in no repr."""

    number: int
    """Its place in the string, from 1: all that may be said of a part whose key is unknown."""
    key: str = field(repr=False)
    value: str = field(repr=False)


def pairs_in(text: str) -> tuple[Pair, ...]:
    """The pairs in their order; a value may be empty. Raises Fault."""
    if _WHOLE_IN_QUOTES.fullmatch(text):
        raise Fault(46, "is in quotes as a whole.", "Take the quotes round the whole string away.")
    pairs = tuple(_pairs(text))
    if not pairs:
        raise Fault(46, "has nothing in it but spaces and semicolons.", "Take it away, or write RunAs=App into it.")
    return pairs


def _pairs(text: str) -> Iterator[Pair]:
    number, position = 1, _end(_BETWEEN, text, 0)
    while position < len(text):
        key, position = _key(text, position, number)
        value, position = _value(text, position, part_named(number, key))
        yield Pair(number=number, key=key, value=value)
        number, position = number + 1, _end(_BETWEEN, text, position)


def part_named(number: int, key: str) -> str:
    """`its part 2 (AppKey)`: a key is named only where it is one of the library's own."""
    known = key_named(key)
    return f"its part {number}" + (f" ({known})" if known else "")


def _end(pattern: re.Pattern[str], text: str, position: int) -> int:
    found = pattern.match(text, position)
    return found.end() if found else position


def _key(text: str, position: int, number: int) -> tuple[str, int]:
    """The key that begins at `position`, and where its value begins."""
    found = _KEY.match(text, position)
    raw, divider = (found[1], found[2]) if found else ("", "")
    part = part_named(number, raw.partition("==")[0].strip())
    if not divider and "==" in raw:
        raise Fault(46, f"has == in {part}. That stands for a = inside a key, so the part has no value.",
                    "Write a single = between key and value.")  # fmt: skip
    if not divider:
        raise Fault(46, f"has no = in {part}. Each part is key=value.", _IN_QUOTES)
    key = raw.replace("==", "=").strip()
    if not key:
        raise Fault(46, f"has nothing before the = in {part}.", f"Write the key there. {_IN_QUOTES}")
    _check_visible(key, part)
    return key, found.end() if found else position


def _value(text: str, position: int, part: str) -> tuple[str, int]:
    """The value that begins at `position`, and where the next part begins."""
    if text[position : position + 1] in {"'", '"'}:
        return _quoted(text, position, part)
    value, end = text[position : _end(_BARE, text, position)].strip(), _end(_BARE, text, position)
    if value.endswith(("'", '"')):
        raise Fault(46, f"has a value in {part} that ends with a quote, but does not begin with one.", _IN_QUOTES)
    _check_visible(value, part)
    return value, end


def _quoted(text: str, position: int, part: str) -> tuple[str, int]:
    found = _QUOTED.match(text, position)
    if not found:
        raise Fault(46, f"opens a quote in {part} and does not close it.", _IN_QUOTES)
    if text[found.end() : found.end() + 1] not in {"", ";"}:
        raise Fault(46, f"has text after the closing quote in {part}.", _IN_QUOTES)
    quote = text[position]
    return (found[1] or found[2] or "").replace(quote * 2, quote), found.end()


def _check_visible(text: str, part: str) -> None:
    if _CONTROL.search(text):
        raise Fault(46, f"has a character in {part} that cannot be seen.", "Type that part anew, without it.")
