"""The value of a secret on its short way from the vault to the one page that shows it."""

import base64
import binascii
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

_SPACING = "\n\t"
# Letters and marks by their category, yet nothing that an eye sees: fillers, a blank pattern, variation selectors.
_UNSEEN = re.compile("[\u034f\u115f\u1160\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4}){8,}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_CONTROLS = (
    "NUL", "SOH", "STX", "ETX", "EOT", "ENQ", "ACK", "BEL", "BS", "HT", "LF", "VT", "FF", "CR", "SO", "SI",
    "DLE", "DC1", "DC2", "DC3", "DC4", "NAK", "SYN", "ETB", "CAN", "EM", "SUB", "ESC", "FS", "GS", "RS", "US",
)  # fmt: skip
_BINARY = ("application/x-pkcs12", "application/octet-stream")


@dataclass(frozen=True)
class Part:
    """A run of the value: shown as it is, or one character that has to be named to be seen."""

    text: str = field(repr=False)
    name: str = ""
    """What the character is called, where it had to be made visible."""


class SecretValue:
    """A secret's value. Neither `repr` nor `str` shows it and it cannot be pickled; who wants it asks for its parts."""

    def __init__(self, text: str, content_type: str | None = None) -> None:
        self._text = text
        self._content_type = (content_type or "").lower()

    def __repr__(self) -> str:
        return "SecretValue([hidden])"

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("A secret's value is not written anywhere.")

    @property
    def length(self) -> int:
        """Characters."""
        return len(self._text)

    @property
    def size(self) -> int:
        """Bytes as UTF-8."""
        return len(self._bytes)

    @property
    def parts(self) -> Iterator[Part]:
        """The value in order, with each character that hides, or moves others about, made visible."""
        start = 0
        for at, character in enumerate(self._text):
            if _is_odd(character):
                if start < at:
                    yield Part(self._text[start:at])
                yield Part(_visible(character), _name(character))
                start = at + 1
        if start < len(self._text):
            yield Part(self._text[start:])

    @property
    def as_base64(self) -> str:
        """The value to the byte, in base64, for the button that copies it: HTML would change line ends and drop NUL."""
        return base64.b64encode(self._bytes).decode("ascii")

    @property
    def notes(self) -> tuple[str, ...]:
        """What an eye misses, as sentences."""
        text = self._text
        odd = sum(map(_is_odd, text))
        found = {
            "It is empty.": not text,
            "It ends with a line break.": text.endswith(("\n", "\r")),
            "It begins or ends with a space.": text != text.strip(" \t"),
            "It has several lines.": "\n" in text.rstrip("\r\n"),
            f"{odd} of its characters cannot be seen or change what stands beside them; each is named instead.": odd,
            self._about_base64(): True,
        }
        return tuple(sentence for sentence, holds in found.items() if holds and sentence)

    @property
    def _bytes(self) -> bytes:
        # JSON may hold half of a character pair, which no UTF-8 can: it is kept, so that nothing breaks over it.
        return self._text.encode("utf-8", "surrogatepass")

    def _about_base64(self) -> str:
        compact = "".join(self._text.split())
        if not _BASE64.fullmatch(compact) or not (self._is_binary or len(compact) >= 64):
            return ""
        try:
            size = len(base64.b64decode(compact, validate=True))
        except binascii.Error:
            return ""
        what = "a certificate with its private key" if "pkcs12" in self._content_type else "bytes"
        return f"It looks like base64: {what}, {size} bytes when decoded."

    @property
    def _is_binary(self) -> bool:
        return self._content_type.startswith(_BINARY)


def _is_odd(character: str) -> bool:
    return character not in _SPACING and (not character.isprintable() or bool(_UNSEEN.match(character)))


def _name(character: str) -> str:
    unnamed = "half of a character pair" if unicodedata.category(character) == "Cs" else "a control character"
    return unicodedata.name(character, unnamed)


def _visible(character: str) -> str:
    """`CR` for the old control characters, `U+202E` for the others."""
    code = ord(character)
    return _CONTROLS[code] if code < len(_CONTROLS) else "DEL" if code == 0x7F else f"U+{code:04X}"
