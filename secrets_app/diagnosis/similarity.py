"""Known error texts similar to a text, for a guess where neither codes nor sentences nor rules tell the cause.

TF-IDF over the stems of words and of pairs of words, compared by cosine; about 0.5 MiB, built at its first use.
"""

import math
import re
from array import array
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from secrets_app.core.reading import UNEXPECTED
from secrets_app.diagnosis.catalog.examples import known_texts
from secrets_app.diagnosis.evidence import Evidence
from secrets_app.diagnosis.extraction import extract_evidence
from secrets_app.diagnosis.layers import split_layers

_STEM = 6
"""Letters of a word that count: `authorize`, `authorized` and `authorization` are the same."""
_MAX_CHARACTERS = 1500
_MIN_CHARACTERS = 60
_MAX_LAYERED = 8000
_MAX_WORDS = 160
_MIN_TEXTS = 2
_MAX_SHARE = 0.15
"""Terms in more than this share of the texts say nothing."""
_UNKNOWN_WEIGHT = 4.0
"""Squared weight of a term that no known text has: such terms make a text less similar to all of them."""
_MIN_TERMS = 8
"""A text with fewer terms is similar to too many."""
_NEIGHBORS = 5
_SURE_ENOUGH = 0.65
_MINIMUM = 0.5
_MARGIN = 0.85
"""Below _SURE_ENOUGH, the best text of another cause must be this much less similar."""

_WORD = re.compile(r"[a-z]{2,}|\d{3,8}")
_VALUE = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{20,}|https?://\S+|\d{4}-\d\d-\d\d\S*|[0-9a-f]{16,}")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


@dataclass(frozen=True, kw_only=True)
class SimilarText:
    """A known error text, its cause, and its similarity between 0 and 1."""

    cause: str
    text: str
    score: float


class Index:
    """Term -> the texts that contain it, with the term's share of the text's length."""

    def __init__(self, texts: tuple[tuple[str, str], ...]) -> None:
        self.texts = texts
        documents = [terms_of(text) for _, text in texts]
        counts = Counter(term for document in documents for term in document)
        most = len(documents) * _MAX_SHARE
        self.weights = {
            term: math.log(len(documents) / count) for term, count in counts.items() if _MIN_TEXTS <= count <= most
        }
        self.numbers = {term: array("H") for term in self.weights}
        self.shares = {term: array("f") for term in self.weights}
        for number, document in enumerate(documents):
            known = document & self.weights.keys()
            length = math.sqrt(sum(self.weights[term] ** 2 for term in known)) or 1.0
            for term in known:
                self.numbers[term].append(number)
                self.shares[term].append(self.weights[term] / length)

    def scores(self, text: str) -> Mapping[int, float]:
        """Number of each text that has a term in common with `text` -> its similarity."""
        terms = terms_of(text)
        known = terms & self.weights.keys()
        unknown = len(terms) - len(known)
        length = math.sqrt(sum(self.weights[term] ** 2 for term in known) + _UNKNOWN_WEIGHT * unknown) or 1.0
        scores: dict[int, float] = {}
        for term in known:
            weight = self.weights[term] / length
            for number, share in zip(self.numbers[term], self.shares[term], strict=True):
                scores[number] = scores.get(number, 0.0) + weight * share
        return scores


def terms_of(text: str) -> set[str]:
    """The terms of a text: stems of its words, and pairs of neighboring stems, without IDs, URLs and times."""
    plain = _VALUE.sub(" ", _CAMEL.sub(" ", _innermost(text)[:_MAX_CHARACTERS]).lower())
    stems = [word[:_STEM] for word in _WORD.findall(plain)[:_MAX_WORDS]]
    return {*stems, *map(" ".join, pairwise(stems))}


def _innermost(text: str) -> str:
    """The text without the words of the programs that passed the error on, unless little is left."""
    inner = ""
    for layer in reversed(split_layers(text[:_MAX_LAYERED])):
        inner = f"{layer} {inner}"
        if len(inner) >= _MIN_CHARACTERS:
            break
    return inner


@cache
def _index() -> Index:
    return Index(known_texts())


def neighbors(text: str, index: Index | None = None) -> list[SimilarText]:
    """The known texts most similar to `text`, the most similar first."""
    index = index or _index()
    best = sorted(index.scores(text).items(), key=lambda item: -item[1])[:_NEIGHBORS]
    return [SimilarText(cause=index.texts[n][0], text=index.texts[n][1], score=score) for n, score in best]


def most_similar(evidence: Evidence, index: Index | None = None) -> SimilarText | None:
    """The known text to which this one is similar enough for a guess; None if there is none.

    A text about another service is no neighbor, whatever its words, and a known text without a cause forbids a guess.
    """
    if len(terms_of(evidence.text)) < _MIN_TERMS:
        return None
    found = [text for text in neighbors(evidence.text, index) if text.score >= _MINIMUM * _MARGIN]
    found = [text for text in found if _same_service(evidence, text)]
    if not found or found[0].score < _MINIMUM or UNEXPECTED in [text.cause for text in found]:
        return None
    rival = next((text.score for text in found if text.cause != found[0].cause), 0.0)
    return found[0] if found[0].score >= _SURE_ENOUGH or rival <= found[0].score * _MARGIN else None


def _same_service(evidence: Evidence, known: SimilarText) -> bool:
    service = extract_evidence(known.text).service
    return service is None or evidence.service is None or service is evidence.service
