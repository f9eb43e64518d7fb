"""Finds the causes that match the evidence, the best match first."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from secrets_app.diagnosis.catalog import CAUSES
from secrets_app.diagnosis.catalog.predicates import about_azure, is_program_output
from secrets_app.diagnosis.cause import Cause
from secrets_app.diagnosis.evidence import Evidence
from secrets_app.diagnosis.signature import Signature, Strength

_Entry = tuple[int, str, Signature]
"""The cause's position in the catalog, its key, and one of its signatures."""


class _Index:
    """The signatures of all causes, indexed by a phrase, code or status that must be present.

    Checking all of the roughly six hundred signatures takes about a millisecond per text; the index leaves few of them.
    """

    def __init__(self, causes: Mapping[str, Cause]) -> None:
        self.phrases: dict[str, list[_Entry]] = defaultdict(list)
        self.words: dict[str, list[_Entry]] = defaultdict(list)
        self.identifiers: dict[object, list[_Entry]] = defaultdict(list)
        for order, cause in enumerate(causes.values()):
            for signature in cause.signatures:
                self._add(signature, (order, cause.key, signature))

    def _add(self, signature: Signature, entry: _Entry) -> None:
        phrases = (max(signature.phrases, key=len),) if signature.phrases else signature.any_of
        identifiers: list[tuple[str, object]] = [
            *(("aadsts", number) for number in signature.aadsts),
            *(("akv", number) for number in signature.akv),
            *(("code", name) for name in signature.codes),
        ]
        if not identifiers and not phrases:
            identifiers = [("status", status) for status in signature.status]
        for identifier in identifiers:
            self.identifiers[identifier].append(entry)
        if not identifiers:
            for phrase in phrases:
                (self.words if phrase[0] == " " else self.phrases)[phrase].append(entry)

    def candidates(self, evidence: Evidence) -> Iterator[_Entry]:
        for text, phrases in ((evidence.squashed, self.phrases), (evidence.tokenized, self.words)):
            for phrase, entries in phrases.items():
                if phrase in text:
                    yield from entries
        for identifier in _identifiers(evidence):
            yield from self.identifiers.get(identifier, ())


def _identifiers(evidence: Evidence) -> Iterator[tuple[str, object]]:
    yield "status", evidence.status
    yield from (("aadsts", number) for number in evidence.aadsts)
    yield from (("akv", number) for number in evidence.akv)
    yield from (("code", name) for name in evidence.codes)


_INDEX = _Index(CAUSES)


def _has_context(evidence: Evidence, strength: Strength) -> bool:
    """Whether the text is about Azure; for a LIKELY signature, program output is enough."""
    return about_azure(evidence) or (strength is Strength.LIKELY and is_program_output(evidence))


def match_causes(evidence: Evidence) -> tuple[str, ...]:
    """The keys of the matching causes, best first: by the strength of their signatures, then in the catalog's order.

    If a service code matches, phrases alone are ignored. A LIKELY or WEAK match is returned only if nothing stronger
    matches, alone, and only in a text about Azure or from a program. Empty if nothing matches.
    """
    best: dict[str, tuple[Strength, int]] = {}
    for order, key, signature in _INDEX.candidates(evidence):
        previous = best.get(key)
        if (previous is None or signature.strength > previous[0]) and signature.matches(evidence):
            best[key] = (signature.strength, order)
    ranked = sorted(best, key=lambda key: (-best[key][0], best[key][1]))
    if not ranked:
        return ()
    if best[ranked[0]][0] < Strength.CLEAR:
        return tuple(ranked[:1]) if _has_context(evidence, best[ranked[0]][0]) else ()
    threshold = min(best[ranked[0]][0], Strength.CODE)
    return tuple(key for key in ranked if best[key][0] >= threshold)
