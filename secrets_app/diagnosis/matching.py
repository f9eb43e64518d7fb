"""Finds the causes that match the evidence, the best match first."""

from array import array
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple
from zlib import crc32

from secrets_app.core.reading import UNEXPECTED, Certainty
from secrets_app.diagnosis.catalog import CAUSES
from secrets_app.diagnosis.catalog.predicates import (
    about_azure,
    about_other_vault,
    calls_kubernetes_api,
    is_program_output,
)
from secrets_app.diagnosis.cause import Cause
from secrets_app.diagnosis.codes import (
    Code,
    Family,
    ad_fs_codes,
    codes_in,
    has_governing_code,
    has_only_new_entra_codes,
    has_unexplained_entra_code,
)
from secrets_app.diagnosis.evidence import Evidence
from secrets_app.diagnosis.normalize import squash
from secrets_app.diagnosis.rules import RULES
from secrets_app.diagnosis.signature import Signature, Strength
from secrets_app.diagnosis.wordings import stated_causes

_Entry = tuple[int, str, Signature]
"""The cause's position in the catalog, its key, and one of its signatures."""
_Indexed = tuple[str, tuple[_Entry, ...]]
"""A phrase and the signatures that need it."""


_GRAM = 5
"""Characters of the substrings by which phrases are indexed. Every phrase is longer."""
_BUCKETS = 1 << 16


class SignatureIndex:
    """The signatures of all causes, indexed by a phrase, code or status that must be present.

    Checking all of the roughly six hundred signatures takes about a millisecond per text; the index leaves few of them.
    """

    def __init__(self, causes: Mapping[str, Cause]) -> None:
        phrases: dict[str, list[_Entry]] = defaultdict(list)
        self.words: dict[str, list[tuple[str, _Entry]]] = defaultdict(list)
        """The first word of a short phrase -> the phrase and its signature."""
        self.identifiers: dict[object, list[_Entry]] = defaultdict(list)
        for order, cause in enumerate(causes.values()):
            for signature in cause.signatures:
                self._add(signature, (order, cause.key, signature), phrases)
        for order, (key, signature) in enumerate(RULES, start=len(causes)):
            self._add(signature, (order, key, signature), phrases)
        self.grams = _by_rarest_gram(phrases)

    def _add(self, signature: Signature, entry: _Entry, indexed: dict[str, list[_Entry]]) -> None:
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
                if phrase[0] == " ":
                    self.words[phrase.split()[0]].append((phrase, entry))
                else:
                    indexed[phrase].append(entry)

    def candidates(self, evidence: Evidence) -> Iterator[_Entry]:
        text = evidence.squashed
        for gram in sorted(self.grams.keys() & _grams(text)):
            for phrase, entries in self.grams[gram]:
                if phrase in text:
                    yield from entries
        for word in sorted(self.words.keys() & set(evidence.tokenized.split())):
            yield from (entry for phrase, entry in self.words[word] if phrase in evidence.tokenized)
        for identifier in _identifiers(evidence):
            yield from self.identifiers.get(identifier, ())


def _by_rarest_gram(phrases: Mapping[str, Sequence[_Entry]]) -> dict[str, tuple[_Indexed, ...]]:
    """Each phrase, with its signatures, under the one of its 5-grams that the fewest phrases share.

    So few phrases are left to look for. The 5-grams are counted by a checksum: as texts they take 4 MiB, which the
    process would keep.
    """
    counts = array("H", bytes(2 * _BUCKETS))
    for phrase in phrases:
        for gram in _grams(phrase):
            counts[_bucket(gram)] += 1
    index: dict[str, tuple[_Indexed, ...]] = {}
    for phrase, entries in phrases.items():
        gram = min(sorted(_grams(phrase)), key=lambda gram: counts[_bucket(gram)])
        index[gram] = (*index.get(gram, ()), (phrase, tuple(entries)))
    return index


def _grams(text: str) -> set[str]:
    return {text[i : i + _GRAM] for i in range(len(text) - _GRAM + 1)}


def _bucket(gram: str) -> int:
    return crc32(gram.encode()) % _BUCKETS


def _identifiers(evidence: Evidence) -> Iterator[tuple[str, object]]:
    yield "status", evidence.status
    yield from (("aadsts", number) for number in evidence.aadsts)
    yield from (("akv", number) for number in evidence.akv)
    yield from (("code", name) for name in evidence.codes)


INDEX = SignatureIndex(CAUSES)


def _has_context(evidence: Evidence, strength: Strength) -> bool:
    """Whether the text is about Azure; for a LIKELY signature, program output is enough."""
    return about_azure(evidence) or (strength >= Strength.LIKELY and is_program_output(evidence))


class Match(NamedTuple):
    """A cause that explains the evidence, and how sure that is."""

    cause: str
    certainty: Certainty | None
    """None if the cause is unexpected."""


NOTHING_MATCHES = Match(UNEXPECTED, None)


class _Found(NamedTuple):
    """The strongest thing in the evidence that stands for a cause."""

    strength: Strength
    order: int
    certainty: Certainty
    words: str
    """What was found, squashed: a phrase or a code. It tells the layer."""


_CERTAINTY = {
    Strength.WEAK: Certainty.GUESS,
    Strength.LIKELY: Certainty.LIKELY,
    Strength.RULE: Certainty.LIKELY,
    Strength.CLEAR: Certainty.SURE,
    Strength.CODE: Certainty.SURE,
    Strength.EXACT: Certainty.SURE,
}
_CODE_STRENGTH = {
    Certainty.SURE: Strength.CODE,
    Certainty.LIKELY: Strength.CLEAR,
    Certainty.GUESS: Strength.WEAK,
}
_FIRST_ANSWER = "kv_token_missing"
"""A vault's first answer to every client asks for a token; a log may show it above the error."""
_ORDER = {key: order for order, key in enumerate(CAUSES)}


def match_causes(evidence: Evidence) -> tuple[Match, ...]:
    """The matching causes, best first: by strength, then the innermost layer, then the catalog's order.

    If a service code matches, phrases alone are ignored. A LIKELY or WEAK match is returned only if nothing stronger
    matches, alone, only in a text about Azure or from a program, and never for a code of Microsoft Entra ID that has no
    cause: such a code is explained by its family and not as its neighbor. Empty if nothing matches.
    """
    best = _strongest(evidence)
    top = max((found.strength for found in best.values()), default=Strength.WEAK)
    if top == Strength.WEAK and (stated := _stated(evidence)):
        return (stated,)
    if not best:
        return ()
    if any(found.strength >= Strength.CLEAR for key, found in best.items() if key != _FIRST_ANSWER):
        best.pop(_FIRST_ANSWER, None)
    top = max(found.strength for found in best.values())
    if top < Strength.CLEAR:
        if _is_outside_catalog(evidence) or not _has_context(evidence, top):
            return ()
        best = {key: found for key, found in best.items() if found.strength == top}
        return _ranked(best, evidence)[:1]
    threshold = min(top, Strength.CODE)
    return _ranked({key: found for key, found in best.items() if found.strength >= threshold}, evidence)


def _stated(evidence: Evidence) -> Match | None:
    """The cause that a text about Azure states in words which no signature has."""
    is_outside = _is_outside_catalog(evidence) and not has_only_new_entra_codes(evidence)
    if is_outside or not about_azure(evidence) or about_other_vault(evidence) or calls_kubernetes_api(evidence):
        return None
    return next((Match(cause, certainty) for cause, certainty in stated_causes(evidence)), None)


def may_guess(evidence: Evidence) -> bool:
    """Whether a similar text may explain the evidence: it is about Azure, and no code says that the catalog cannot."""
    return about_azure(evidence) and not _is_outside_catalog(evidence)


def _is_outside_catalog(evidence: Evidence) -> bool:
    """Whether the text says what failed, and it is nothing that the catalog has: weak matches would be neighbors."""
    return (
        has_unexplained_entra_code(evidence)
        or has_governing_code(evidence)
        or bool(ad_fs_codes(evidence))
        or (calls_kubernetes_api(evidence) and not about_azure(evidence))
    )


def _strongest(evidence: Evidence) -> dict[str, _Found]:
    best: dict[str, _Found] = {}
    for order, key, signature in INDEX.candidates(evidence):
        previous = best.get(key)
        if (previous is None or signature.strength > previous.strength) and signature.matches(evidence):
            words = max((*signature.phrases, *_present(signature.any_of, evidence)), key=len, default="")
            best[key] = _Found(signature.strength, order, _CERTAINTY[signature.strength], words)
    for code in codes_in(evidence) if _codes_are_azures(evidence) else ():
        strength = _strength(code)
        if _has_cause(code) and (code.cause not in best or strength > best[code.cause].strength):
            best[code.cause] = _Found(strength, _ORDER[code.cause], code.certainty, squash(code.label))
    return best


def _codes_are_azures(evidence: Evidence) -> bool:
    """Whether the codes are from an Azure service."""
    return evidence.code_is_known or evidence.service is not None or about_azure(evidence)


def _strength(code: Code) -> Strength:
    """OAuth errors are few and general: a sentence beside one says more."""
    return min(_CODE_STRENGTH[code.certainty], Strength.LIKELY if code.family is Family.OAUTH else Strength.CODE)


def _has_cause(code: Code) -> bool:
    return code.cause != UNEXPECTED and code.cause in CAUSES


def _present(phrases: Sequence[str], evidence: Evidence) -> Iterator[str]:
    return filter(evidence.contains, phrases)


def _ranked(best: Mapping[str, _Found], evidence: Evidence) -> tuple[Match, ...]:
    top = max(found.strength for found in best.values())
    tied = sum(found.strength == top for found in best.values()) > 1
    layers = [squash(layer) for layer in evidence.layers] if tied else []
    ranked = sorted(best, key=lambda key: (-best[key].strength, -_depth(best[key], layers), best[key].order))
    return tuple(Match(key, best[key].certainty) for key in ranked)


def _depth(found: _Found, layers: Sequence[str]) -> int:
    """The innermost layer with these words; 0 if they span layers."""
    words = squash(found.words)
    return next((depth for depth in range(len(layers) - 1, 0, -1) if words and words in layers[depth]), 0)
