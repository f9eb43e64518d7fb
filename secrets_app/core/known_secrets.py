"""The secrets in use, as digests: finds them in a text whatever their format, which patterns cannot.

A pattern recognizes a JSON Web Token, but not its bare signature, an opaque token, a token in base64 or a secret's
value. Secrets are registered where they come into being: settings, tokens, values, and everything that a request to
Azure sends to authenticate. Only keyed digests are kept.
"""

import base64
import hashlib
import html
import json
import re
import secrets
import threading
from binascii import unhexlify
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import quote, unquote

from cachetools import LRUCache

from secrets_app.core.runtime import shared

HIDDEN = "[hidden]"

MIN_LENGTH = 8
_ALWAYS_FROM = 12
"""A shorter secret needs three kinds of characters: hiding an ordinary word would damage the page and reveal it."""
_KINDS = (re.compile("[a-z]"), re.compile("[A-Z]"), re.compile("[0-9]"), re.compile("[^a-zA-Z0-9]"))
_NO_WORD = 0
_MAX_SECRETS = 1024
"""The least recently used are forgotten; secrets from the settings never are."""
_MAX_CLEAN = 4096
_WORD = re.compile(r"[A-Za-z0-9]{5,}")
_ANY_WORD = re.compile(r"[^\W_]{5,}")
"""The same for texts that are not ASCII, as it is slower."""
_ENCODED = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")
"""Words that may be hex or base64."""
_PERCENT_ENCODED = re.compile(r"(?:[\w.~+/=-]{0,8}%[0-9A-Fa-f]{2}){3,}[\w.~+/=-]*", re.ASCII)
_ORDINARY = re.compile(r"[a-z/_-]+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""Words that match `_ENCODED`, but are not: names, paths and GUIDs."""
_MAX_DECODED = 8 * 1024
"""Characters of a decoded text that are searched one by one."""
_PEM_LINE = re.compile(r"[A-Za-z0-9+/=]{40,}")


@dataclass(frozen=True, slots=True)
class _Form:
    """One format of a secret, found by one of its words."""

    secret: bytes
    """Digest of the secret itself."""
    offset: int
    """Of the word within the form."""
    length: int
    quick: int
    """`hash` of the form, compared before the digest."""
    digest: bytes
    is_word: bool
    """It consists of letters and digits only."""


class _Match(NamedTuple):
    start: int
    end: int


class KnownSecrets:
    """The secrets in use in this process."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._recent: LRUCache[bytes, tuple[tuple[int, _Form], ...]] = _Secrets(_MAX_SECRETS, self._forget)
        self._pinned: set[bytes] = set()
        self._by_word: dict[int, tuple[_Form, ...]] = {}
        """Hash of a word -> the forms that contain it; 0 for forms without words. Never changed, only replaced."""
        self._by_length: dict[int, dict[int, tuple[_Form, ...]]] = {}
        """Of the forms that are one word: length -> `quick` -> forms. Other threads only look up keys."""
        self._clean: set[int] = set()
        """Hashes of lines, and whole texts, without any of these words: most repeat. A new secret starts a new set."""

    def add(self, secret: str | None, *, pinned: bool = False) -> None:
        """Register a secret: its text, reversed and escaped; of a JSON Web Token the signature too, of a key each line.

        `pinned`: it is never forgotten. Texts that are too short or ordinary to be told from words are ignored.
        """
        if not secret:
            return
        self._add(secret, pinned=pinned)
        if secret.startswith("eyJ"):
            self._add(secret.rpartition(".")[2], pinned=pinned)
        elif "PRIVATE KEY-----" in secret:
            for line in _PEM_LINE.findall(secret):
                self._add(line, pinned=pinned)

    def digest(self, text: str) -> bytes:
        """The keyed digest under which a secret is registered."""
        return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), key=self._key, digest_size=16).digest()

    def hide(self, text: str, *, given: str = "", shown: bytes = b"") -> str:
        """The text with each secret replaced by `[hidden]`.

        `given`: what the recipient of the text sent. A secret that stands in it is not replaced: otherwise a visitor
        could try guesses. `shown`: digest of the one secret that the recipient may see.
        """
        if self._is_clean(text):
            return text
        found = self._plain(text, given, shown) + self._encoded(text, given, shown)
        if not found:
            return text
        pieces, end = [], 0
        for match in sorted(found):
            if match.start >= end:
                pieces += [text[end : match.start], HIDDEN]
            end = max(end, match.end)
        return "".join([*pieces, text[end:]])

    def _add(self, secret: str, *, pinned: bool) -> None:
        if not _is_distinctive(secret):
            return
        digest = self.digest(secret)
        with self._lock:
            self._pinned |= {digest} if pinned else set()
            if self._recent.get(digest) is not None or (digest in self._pinned and not pinned):
                return  # `get` has marked it as recently used
            entries = tuple(self._entries(secret, digest))
            by_word = dict(self._by_word)
            for word, form in entries:
                if form not in by_word.get(word, ()):
                    by_word[word] = (*by_word.get(word, ()), form)
                if form.is_word:
                    same = self._by_length.setdefault(form.length, {})
                    same[form.quick] = (*same.get(form.quick, ()), form)
            self._by_word = by_word
            self._clean = set()  # after `_by_word`, so that no line is added that was compared with the previous one
            if not pinned:
                self._recent[digest] = entries

    def _entries(self, secret: str, digest: bytes) -> Iterator[tuple[int, _Form]]:
        for form in _forms(secret):
            word, offset = _word_of(form)
            yield word, _Form(digest, offset, len(form), hash(form), self.digest(form), form.isalnum())

    def _forget(self, digest: bytes, entries: tuple[tuple[int, _Form], ...]) -> None:
        if digest in self._pinned:
            return
        by_word = dict(self._by_word)
        for word, form in entries:
            by_word[word] = tuple(other for other in by_word.get(word, ()) if other != form)
            if not by_word[word]:
                del by_word[word]
            if form.is_word:
                same = self._by_length[form.length]
                same[form.quick] = tuple(other for other in same.get(form.quick, ()) if other != form)
                if not same[form.quick]:
                    del same[form.quick]
        self._by_word = by_word

    def _is_clean(self, text: str) -> bool:
        """Whether no secret can stand in the text. No word, and no encoded secret, extends over two lines."""
        clean = self._clean  # before `_by_word`
        if _NO_WORD in self._by_word:
            return False
        if not self._by_word or hash(text) in clean:
            return True
        lines = text.split("\n")
        other = [line for line in lines if hash(line) not in clean]
        rest = "\n".join(other)
        if self._known_words(rest) or self._encoded(rest, "", b""):
            return False
        if len(clean) + len(other) > _MAX_CLEAN:
            clean.clear()
        clean.update(map(hash, (text, *other[:_MAX_CLEAN])))
        return True

    def _known_words(self, text: str) -> list[str]:
        """The words of the text that stand in a form of a secret."""
        by_word, pattern = self._by_word, _WORD if text.isascii() else _ANY_WORD
        return [word for word in set(pattern.findall(text)) if hash(word) in by_word]

    def _plain(self, text: str, given: str, shown: bytes) -> list[_Match]:
        by_word = self._by_word
        found: list[_Match] = []
        for word in self._known_words(text):
            for form in by_word.get(hash(word), ()):
                if form.secret != shown:
                    found += self._matches(text, _positions(text, word), form, given)
        for form in by_word.get(_NO_WORD, ()):
            if form.secret != shown:
                found += self._matches(text, _slices(text, form), form, given)
        return found

    def _plain_inside_words(self, text: str, given: str, shown: bytes) -> list[_Match]:
        """The same, also where a secret that is one word stands within a longer word of a short text."""
        if len(text) > _MAX_DECODED:
            return self._plain(text, given, shown)
        return self._plain(text, given, shown) or list(self._inside_words(text, given, shown))

    def _inside_words(self, text: str, given: str, shown: bytes) -> Iterator[_Match]:
        for length in list(self._by_length):
            forms = self._by_length[length]
            for start in range(len(text) - length + 1):
                for form in forms.get(hash(text[start : start + length]), ()):
                    if form.secret != shown:
                        yield from self._matches(text, (start,), form, given)

    def _matches(self, text: str, positions: Iterable[int], form: _Form, given: str) -> Iterator[_Match]:
        for position in positions:
            start, end = position - form.offset, position - form.offset + form.length
            candidate = text[start:end] if start >= 0 and end <= len(text) else ""
            if candidate and self.digest(candidate) == form.digest and candidate not in given:
                yield _Match(start, end)

    def _encoded(self, text: str, given: str, shown: bytes) -> list[_Match]:
        words = {word for word in _ENCODED.findall(text) if not _ORDINARY.fullmatch(word)}
        if "%" in text:
            words |= set(_PERCENT_ENCODED.findall(text))
        return [
            _Match(position, position + len(word))
            for word in words
            if any(self._plain_inside_words(decoded, given, shown) for decoded in _decoded(word)) and word not in given
            for position in _positions(text, word)
        ]


def _slices(text: str, form: _Form) -> Iterator[int]:
    """Where a slice of the text has the form's hash."""
    starts = range(len(text) - form.length + 1)
    return (start for start in starts if hash(text[start : start + form.length]) == form.quick)


def _positions(text: str, word: str) -> Iterator[int]:
    position = text.find(word)
    while position >= 0:
        yield position
        position = text.find(word, position + 1)


class _Secrets(LRUCache[bytes, tuple[tuple[int, _Form], ...]]):
    def __init__(self, size: int, forget: object) -> None:
        super().__init__(size)
        self._forget = forget

    def popitem(self) -> tuple[bytes, tuple[tuple[int, _Form], ...]]:
        """Evict the least recently used one; cachetools calls this."""
        item = super().popitem()
        self._forget(*item)  # type: ignore[operator]
        return item


def known_secrets() -> KnownSecrets:
    """Those of this process."""
    return shared(KnownSecrets)


def _is_distinctive(text: str) -> bool:
    if len(text) >= _ALWAYS_FROM:
        return True
    return len(text) >= MIN_LENGTH and sum(bool(kind.search(text)) for kind in _KINDS) >= 3


def _forms(secret: str) -> set[str]:
    """As it is, reversed, and as HTML, JSON, a Python literal and a URL write it."""
    as_json = json.dumps(secret)[1:-1]
    escaped = {html.escape(secret), as_json, repr(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    return {secret, secret[::-1], *escaped, quote(secret, safe="", errors="replace")}


def _word_of(form: str) -> tuple[int, int]:
    """Hash and offset of the longest word of the form: one with a boundary on both sides, if there is one."""
    words = [(match[0], match.start()) for match in (_WORD if form.isascii() else _ANY_WORD).finditer(form)]
    inner = [(word, start) for word, start in words if start > 0 and start + len(word) < len(form)]
    word, offset = max(inner or words, key=lambda found: len(found[0]), default=("", 0))
    return (hash(word), offset) if word else (_NO_WORD, 0)


def _decoded(word: str) -> Iterator[str]:
    """What the word may mean in percent-encoding, hex or base64, at each alignment."""
    if "%" in word:
        yield unquote(word, errors="replace")
        return
    if len(word) % 2 == 0 and not word.strip("0123456789abcdefABCDEF"):
        yield unhexlify(word).decode("utf-8", "replace")
    standard = word.rstrip("=").replace("-", "+").replace("_", "/")
    for skipped in range(4):
        whole_groups = (len(standard) - skipped) // 4 * 4
        rest = standard[skipped + whole_groups :]
        padding = "=" * (4 - len(rest)) if len(rest) > 1 else ""
        decoded = base64.b64decode(standard[skipped : skipped + whole_groups] + (rest + padding if padding else ""))
        if decoded.isascii():
            yield decoded.decode("ascii")
