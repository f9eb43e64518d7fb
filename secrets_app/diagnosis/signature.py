"""Signs: the patterns by which a cause is recognised in the evidence."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from string import Formatter

from secrets_app.diagnosis.evidence import Evidence
from secrets_app.diagnosis.normalize import squash, tokenize

_SHORT = 9
"""Phrases with at most this many letters and digits must match whole words."""


class Strength(IntEnum):
    """How much a sign proves. The cause with the stronger sign comes first, then the catalogue's order decides."""

    WEAK = 1  # fits many causes; used only if nothing else matches
    LIKELY = 2
    CLEAR = 3  # a phrase used by one cause only
    CODE = 4  # a service error code
    EXACT = 5  # a service error code and a phrase that distinguishes similar cases


@dataclass(frozen=True, kw_only=True)
class Signature:
    """One way to recognise a cause: every part that is given must match."""

    phrases: tuple[str, ...] = ()
    """Must all be in the text; compared without case, spaces and punctuation."""
    any_of: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    aadsts: frozenset[int] = frozenset()
    akv: frozenset[int] = frozenset()
    codes: frozenset[str] = frozenset()
    """Service error codes, lower case."""
    exceptions: frozenset[str] = frozenset()
    """Class names without their module, lower case."""
    status: frozenset[int] = frozenset()
    credentials: tuple[str, ...] = ()
    """Chain members whose messages this sign applies to; empty means all."""
    where: Callable[[Evidence], bool] | None = None
    strength: Strength = Strength.CLEAR

    def __post_init__(self) -> None:
        for name in ("phrases", "any_of", "unless"):
            object.__setattr__(self, name, tuple(map(_comparable, getattr(self, name))))

    def fits(self, evidence: Evidence) -> bool:
        """Whether every part of this sign matches the evidence."""
        return self._codes_fit(evidence) and self._words_fit(evidence) and self._context_fits(evidence)

    def _codes_fit(self, evidence: Evidence) -> bool:
        return (
            (not self.aadsts or not self.aadsts.isdisjoint(evidence.aadsts))
            and (not self.akv or not self.akv.isdisjoint(evidence.akv))
            and (not self.codes or not self.codes.isdisjoint(evidence.codes))
            and (not self.status or evidence.status in self.status)
        )

    def _words_fit(self, evidence: Evidence) -> bool:
        return (
            all(map(evidence.says, self.phrases))
            and (not self.any_of or any(map(evidence.says, self.any_of)))
            and not any(map(evidence.says, self.unless))
        )

    def _context_fits(self, evidence: Evidence) -> bool:
        return (
            (not self.exceptions or evidence.exception_name in self.exceptions)
            and (not self.credentials or evidence.credential in self.credentials)
            and (self.where is None or self.where(evidence))
        )


def _comparable(phrase: str) -> str:
    letters = squash(phrase)
    return letters if len(letters) > _SHORT else tokenize(phrase)


def phrase(
    *phrases: str,
    any_of: tuple[str, ...] = (),
    unless: tuple[str, ...] = (),
    strength: Strength = Strength.CLEAR,
    where: Callable[[Evidence], bool] | None = None,
) -> Signature:
    """A sign made of phrases only."""
    return Signature(phrases=phrases, any_of=any_of, unless=unless, strength=strength, where=where)


def own_message(template: str, *, strength: Strength = Strength.CLEAR) -> Signature:
    """A sign made of the fixed text of a message in `secrets_app.core.own_messages`, without its placeholders."""
    fixed = tuple(text for text, *_ in Formatter().parse(template) if squash(text))
    return Signature(phrases=fixed, strength=strength)


def aadsts(
    *numbers: int, says: tuple[str, ...] = (), any_of: tuple[str, ...] = (), unless: tuple[str, ...] = ()
) -> Signature:
    """A sign made of AADSTS error numbers of Microsoft Entra ID; with phrases it is exact."""
    strength = Strength.EXACT if says or any_of else Strength.CODE
    return Signature(phrases=says, any_of=any_of, unless=unless, aadsts=frozenset(numbers), strength=strength)


def akv(*numbers: int) -> Signature:
    """A sign made of AKV error numbers, with which Key Vault rejects a token."""
    return Signature(akv=frozenset(numbers), strength=Strength.CODE)


def code(
    *codes: str, says: tuple[str, ...] = (), any_of: tuple[str, ...] = (), unless: tuple[str, ...] = ()
) -> Signature:
    """A sign made of service error codes; with phrases it is exact."""
    names = frozenset(name.lower() for name in codes)
    strength = Strength.EXACT if says or any_of else Strength.CODE
    return Signature(phrases=says, any_of=any_of, unless=unless, codes=names, strength=strength)
