"""Signs by which a cause is recognised in the evidence."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from secrets_app.diagnosis.evidence import Evidence
from secrets_app.diagnosis.normalize import squash, tokenize

_SHORT = 9
"""Letters up to which a phrase must stand as words of its own."""


class Strength(IntEnum):
    """How much a sign proves. Between two causes the stronger sign wins, then the catalogue's order."""

    WEAK = 1  # fits many causes; only when nothing else is known
    LIKELY = 2
    CLEAR = 3  # words that one cause uses
    CODE = 4  # a number or code of the service
    EXACT = 5  # a code and the words that tell it from its look-alikes


@dataclass(frozen=True, kw_only=True)
class Signature:
    """One way to recognise a cause: every part that is given must hold."""

    phrases: tuple[str, ...] = ()
    """Words that must all be in the text; compared without case, spaces and punctuation."""
    any_of: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    aadsts: frozenset[int] = frozenset()
    akv: frozenset[int] = frozenset()
    codes: frozenset[str] = frozenset()
    """Service codes, lower case."""
    exceptions: frozenset[str] = frozenset()
    """Class names without their module, lower case."""
    status: frozenset[int] = frozenset()
    credentials: tuple[str, ...] = ()
    """The chain's members this sign belongs to."""
    where: Callable[[Evidence], bool] | None = None
    strength: Strength = Strength.CLEAR

    def __post_init__(self) -> None:
        for name in ("phrases", "any_of", "unless"):
            object.__setattr__(self, name, tuple(map(_comparable, getattr(self, name))))

    def fits(self, evidence: Evidence) -> bool:
        """Every part of this sign holds for the evidence."""
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
    """A sign by words alone."""
    return Signature(phrases=phrases, any_of=any_of, unless=unless, strength=strength, where=where)


def aadsts(
    *numbers: int, says: tuple[str, ...] = (), any_of: tuple[str, ...] = (), unless: tuple[str, ...] = ()
) -> Signature:
    """A sign by the numbers Microsoft Entra gives its refusals; with words it is exact."""
    strength = Strength.EXACT if says or any_of else Strength.CODE
    return Signature(phrases=says, any_of=any_of, unless=unless, aadsts=frozenset(numbers), strength=strength)


def akv(*numbers: int) -> Signature:
    """A sign by the numbers Key Vault gives its refusals of a token."""
    return Signature(akv=frozenset(numbers), strength=Strength.CODE)


def code(
    *codes: str, says: tuple[str, ...] = (), any_of: tuple[str, ...] = (), unless: tuple[str, ...] = ()
) -> Signature:
    """A sign by the service's own error code."""
    names = frozenset(name.lower() for name in codes)
    strength = Strength.EXACT if says or any_of else Strength.CODE
    return Signature(phrases=says, any_of=any_of, unless=unless, codes=names, strength=strength)
