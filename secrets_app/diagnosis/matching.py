"""Finds the causes that match the evidence, the most certain first."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from secrets_app.diagnosis.catalog import CAUSES
from secrets_app.diagnosis.catalog.predicates import about_azure, from_a_program
from secrets_app.diagnosis.cause import Cause
from secrets_app.diagnosis.evidence import Evidence
from secrets_app.diagnosis.signature import Signature, Strength

_Entry = tuple[int, str, Signature]
"""The cause's place in the catalogue, its key, and one of its signs."""


class _Index:
    """The signs of all causes, indexed by a phrase, code or status that must be present.

    Checking all of the roughly six hundred signs takes about a millisecond per text; most texts have few candidates.
    """

    def __init__(self, causes: Mapping[str, Cause]) -> None:
        self.phrases: dict[str, list[_Entry]] = defaultdict(list)
        self.words: dict[str, list[_Entry]] = defaultdict(list)
        self.marks: dict[object, list[_Entry]] = defaultdict(list)
        for order, cause in enumerate(causes.values()):
            for sign in cause.signs:
                self._add(sign, (order, cause.key, sign))

    def _add(self, sign: Signature, entry: _Entry) -> None:
        marks = (
            [("aadsts", n) for n in sign.aadsts] + [("akv", n) for n in sign.akv] + [("code", n) for n in sign.codes]
        )
        for mark in marks:
            self.marks[mark].append(entry)
        if not marks:
            for phrase in (max(sign.phrases, key=len),) if sign.phrases else sign.any_of:
                (self.words if phrase[0] == " " else self.phrases)[phrase].append(entry)
        if not marks and not sign.phrases and not sign.any_of:
            for status in sign.status:
                self.marks["status", status].append(entry)

    def candidates(self, evidence: Evidence) -> Iterator[_Entry]:
        for text, phrases in ((evidence.bare, self.phrases), (evidence.spaced, self.words)):
            for phrase, entries in phrases.items():
                if phrase in text:
                    yield from entries
        for mark in _marks(evidence):
            yield from self.marks.get(mark, ())


def _marks(evidence: Evidence) -> Iterator[tuple[str, object]]:
    yield "status", evidence.status
    yield from (("aadsts", number) for number in evidence.aadsts)
    yield from (("akv", number) for number in evidence.akv)
    yield from (("code", name) for name in evidence.codes)


_INDEX = _Index(CAUSES)


def _has_context(evidence: Evidence, strength: Strength) -> bool:
    """The text is about Azure; for a LIKELY sign it is enough that a program wrote the text."""
    return about_azure(evidence) or (strength is Strength.LIKELY and from_a_program(evidence))


def match_causes(evidence: Evidence) -> tuple[str, ...]:
    """The keys of the matching causes, best first: by the strength of their signs, then in the catalogue's order.

    If a service code matches, phrases alone are ignored. A LIKELY or WEAK match is returned only if nothing stronger
    matches, alone, and only in a text about Azure or from a program. Empty if nothing matches.
    """
    best: dict[str, tuple[Strength, int]] = {}
    for order, key, sign in _INDEX.candidates(evidence):
        known = best.get(key)
        if (known is None or sign.strength > known[0]) and sign.fits(evidence):
            best[key] = (sign.strength, order)
    ranked = sorted(best, key=lambda key: (-best[key][0], best[key][1]))
    if not ranked:
        return ()
    if best[ranked[0]][0] < Strength.CLEAR:
        return tuple(ranked[:1]) if _has_context(evidence, best[ranked[0]][0]) else ()
    enough = min(best[ranked[0]][0], Strength.CODE)
    return tuple(key for key in ranked if best[key][0] >= enough)
