"""Finds causes by what people type: a code, an HTTP status, a command, a variable, words, or a whole error text."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from itertools import groupby

from secrets_app.core.reading import Certainty, Hint
from secrets_app.diagnosis.catalog import CAUSES
from secrets_app.diagnosis.catalog.examples import examples
from secrets_app.diagnosis.cause import Area, Cause
from secrets_app.diagnosis.codes import Code, table
from secrets_app.diagnosis.command_values import CommandValues
from secrets_app.diagnosis.explain import explain
from secrets_app.diagnosis.hints import hint
from secrets_app.diagnosis.normalize import squash
from secrets_app.diagnosis.search_terms import IGNORED, STATUSES, SYNONYMS, TOOLS
from secrets_app.diagnosis.stack_settings import names_of

MAX_QUERY = 2000
"""Characters of a query that are used."""
_WORD = re.compile(r"[\w@.]+(?:-[\w@.]+)*")
_STATUS = re.compile(r"(?:http\s?|status\s?(?:code\s?)?)?([45]\d\d)")
_MIN_PHRASE = 8
"""Letters and digits of the shortest text that is looked for inside the catalog's phrases."""
_WEIGHTS_OF_FIELDS = {"title": 6, "key": 5, "text": 2, "commands": 2, "examples": 1}
_SHORT_TERM = 2
"""Letters of the longest term that must be the whole query."""
_MAX_TERM_WORDS = 6
"""A longer query is an error text: the terms in it say less than the recognizer."""


class Rank(IntEnum):
    """How well a cause matches, the best last."""

    SIMILAR = 1  # the recognizer guesses
    SOME_WORDS = 2
    WORDS = 3
    SYNONYM = 4
    PHRASE = 5
    STATUS = 6
    COMMAND = 7
    CODE = 8
    RECOGNIZED = 9
    TERM = 10  # the whole query is a term that people use for it
    KEY = 11


@dataclass(frozen=True, kw_only=True)
class Found:
    """A cause that matches a query."""

    cause: Cause
    why: str
    """Why it matches, as a sentence."""
    rank: Rank
    weight: float = 0
    """The order among causes of the same rank."""


def find(query: str) -> list[Found]:
    """The causes that match `query`, the best first, each once; empty for an empty query."""
    text = query.strip()[:MAX_QUERY]
    best: dict[str, Found] = {}
    for found in _candidates(text) if text else ():
        known = best.get(found.cause.key)
        if known is None or (found.rank, found.weight) > (known.rank, known.weight):
            best[found.cause.key] = found
    ranked = sorted(best.values(), key=lambda found: (-found.rank, -found.weight))
    # Single words of a query in which something better was found say little.
    return [found for found in ranked if found.rank > Rank.SOME_WORDS or ranked[0].rank <= Rank.WORDS]


def search(query: str) -> list[Cause]:
    """The causes that match `query`, the best first; all causes if it is empty."""
    return [found.cause for found in find(query)] if query.strip() else list(CAUSES.values())


def by_area(causes: Iterable[Cause]) -> list[tuple[Area, list[Cause]]]:
    """The causes grouped by area, in the order of Area."""
    areas = list(Area)
    ordered = sorted(causes, key=lambda cause: areas.index(cause.area))
    return [(area, list(members)) for area, members in groupby(ordered, key=lambda cause: cause.area)]


def general_hint(cause: Cause) -> Hint:
    """The hint for a cause without a specific error: its commands have <placeholders>."""
    return hint(cause, CommandValues())


def related(cause: Cause) -> list[tuple[Cause, str]]:
    """Similar causes, each with a sentence on how to tell them apart, or an empty one."""
    sentences = dict.fromkeys(cause.related, "") | dict(cause.look_alikes)
    return [(CAUSES[key], sentence) for key, sentence in sentences.items()]


def settings_by_stack(cause: Cause) -> list[tuple[str, str]]:
    """The name in each stack and program of the setting that the fix is about; empty if it is about none."""
    return names_of(cause.setting) if cause.setting else []


def _candidates(text: str) -> Iterator[Found]:
    key = text.lower().replace("-", "_").replace(" ", "_")
    if key in CAUSES:
        yield Found(cause=CAUSES[key], why="This is the key of the cause.", rank=Rank.KEY)
    yield from _by_code(text)
    yield from _by_status(text)
    yield from _by_command(text)
    yield from _by_synonym(text)
    yield from _by_phrase(text)
    yield from _by_words(text)
    yield from _recognized(text)


def _by_code(text: str) -> Iterator[Found]:
    """Codes as people type them: `AADSTS700016`, `aadsts 700016`, `700016`, `ForbiddenByRbac`, `AccessDenied`."""
    words = {word.lower() for word in _WORD.findall(re.sub(r"(?i)\b(aadsts|akv)[\s:]+(?=\d)", r"\1", text))}
    names = _codes()
    for word in words:
        for row in names.get(word, ()):
            yield Found(
                cause=CAUSES[row.cause],
                why=f"The code {row.label}: {row.meaning}",
                rank=Rank.CODE,
                weight=-list(Certainty).index(row.certainty),
            )
        for key in _signature_codes().get(word, ()):
            yield Found(cause=CAUSES[key], why=f"The code {word} stands for this cause.", rank=Rank.CODE, weight=-3)


@cache
def _codes() -> dict[str, tuple[Code, ...]]:
    """Label, number and symbolic name of each code that has a cause -> the code."""
    found: dict[str, list[Code]] = {}
    for row in table():
        if row.cause in CAUSES and row.cause != "unexpected":
            for name in {row.label, row.code, row.name} - {"-"}:
                found.setdefault(name.lower(), []).append(row)
    return {name: tuple(rows) for name, rows in found.items()}


@cache
def _signature_codes() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for cause in CAUSES.values():
        for signature in cause.signatures:
            numbers = (*(f"aadsts{n}" for n in signature.aadsts), *(f"akv{n}" for n in signature.akv))
            for name in (*signature.codes, *signature.exceptions, *numbers):
                found.setdefault(name, []).append(cause.key)
    return {name: tuple(dict.fromkeys(keys)) for name, keys in found.items()}


def _by_status(text: str) -> Iterator[Found]:
    match = _STATUS.fullmatch(text.lower().strip())
    for number, key in enumerate(STATUSES.get(match[1], ()) if match else ()):
        yield Found(
            cause=CAUSES[key],
            why=f"A usual cause of HTTP status {match[1] if match else ''}.",
            rank=Rank.STATUS,
            weight=-number,
        )


def _by_command(text: str) -> Iterator[Found]:
    """Causes that are fixed with this command: `az account set`, `kubectl label`, `Connect-AzAccount`."""
    words = text.lower().split()
    if len(words) < 2 or words[0] not in TOOLS:
        return
    for cause in CAUSES.values():
        for number, command in enumerate(cause.commands):
            used = command.template.lower().split()
            if used[: len(words)] == words:
                yield Found(cause=cause, why=f"Uses the command {text}.", rank=Rank.COMMAND, weight=1 - number / 10)


def _by_synonym(text: str) -> Iterator[Found]:
    """Terms for which people use other words than the catalog, such as MSI for managed identity."""
    words = _WORD.findall(text.lower())
    plain = f" {' '.join(words)} "
    for term, keys in SYNONYMS.items() if len(words) <= _MAX_TERM_WORDS else ():
        is_query = plain.strip() == term
        if is_query or (len(term) > _SHORT_TERM and f" {term} " in plain):
            for number, key in enumerate(keys):
                yield Found(
                    cause=CAUSES[key],
                    why=f'Usually related to "{term}".',
                    rank=Rank.TERM if is_query else Rank.SYNONYM,
                    weight=len(term) - number / 10,
                )


def _by_phrase(text: str) -> Iterator[Found]:
    """Causes whose error texts contain the query, ignoring case, spaces and punctuation."""
    squashed = squash(text)
    if len(squashed) < _MIN_PHRASE:
        return
    for cause in CAUSES.values():
        phrases = _phrases(cause)
        if any(squashed in phrase for phrase in phrases):
            weight = 1 / min(len(phrase) for phrase in phrases if squashed in phrase)
            yield Found(cause=cause, why="The error text contains these words.", rank=Rank.PHRASE, weight=1 + weight)
        elif any(squashed in squash(example) for example in examples().get(cause.key, ())):
            yield Found(cause=cause, why="An example of this error contains these words.", rank=Rank.PHRASE)


@cache
def _phrases(cause: Cause) -> tuple[str, ...]:
    return tuple(
        phrase.replace(" ", "")
        for signature in cause.signatures
        for phrase in (*signature.phrases, *signature.any_of)
        if phrase.strip()
    )


def _by_words(text: str) -> Iterator[Found]:
    words = [word for word in dict.fromkeys(_WORD.findall(text.lower())) if word not in IGNORED][:40]
    for cause in CAUSES.values():
        fields = _fields(cause)
        hits = {
            word: weight
            for word in words
            if (weight := sum(_WEIGHTS_OF_FIELDS[name] for name, field in fields.items() if _has(field, word)))
        }
        if not hits:
            continue
        everything = len(hits) == len(words)
        shown = ", ".join(hits)
        yield Found(
            cause=cause,
            why=f"Contains {shown}.",
            rank=Rank.WORDS if everything else Rank.SOME_WORDS,
            weight=sum(hits.values()) + 10 * len(hits),
        )


def _has(field: str, word: str) -> bool:
    """Whether a field has the word, or for a longer word, one that starts with it or is its singular."""
    if f" {word} " in field:
        return True
    stem = word.removesuffix("s") if len(word) > 4 else word
    return len(stem) > 3 and f" {stem}" in field


@cache
def _fields(cause: Cause) -> dict[str, str]:
    """The searchable texts of a cause, as lower-case words with a space on each side."""
    texts = {
        "title": cause.title,
        "key": cause.key.replace("_", " "),
        "text": " ".join((cause.why, cause.fix, cause.site_fix, cause.area, *(why for _, why in cause.look_alikes))),
        "commands": " ".join(command.template for command in cause.commands),
        "examples": " ".join(examples().get(cause.key, ())),
    }
    return {name: f" {' '.join(_WORD.findall(text.lower()))} " for name, text in texts.items()}


def _recognized(text: str) -> Iterator[Found]:
    """The causes that the recognizer finds in the query, as if it were a pasted error."""
    explanation = explain(text)
    for number, found in enumerate(explanation.hints):
        if found.cause == "unexpected":
            continue
        guess = found.certainty is Certainty.GUESS or found.certainty is None
        yield Found(
            cause=CAUSES[found.cause],
            why="Similar to this text." if guess else "Recognized in this text.",
            rank=Rank.SIMILAR if guess else Rank.RECOGNIZED,
            weight=-number,
        )
