"""What an entry of the catalogue of causes is made of."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from secrets_app.diagnosis.cleaning import bare
from secrets_app.diagnosis.evidence import Evidence
from secrets_app.reading import Platform

WINDOWS, MACOS, LINUX = "Windows", "Darwin", "Linux"
POSIX = (MACOS, LINUX)

_PLACEHOLDER = re.compile(r"(?<!\{)\{([a-z_]{1,40})\}(?!\})")


class Strength(IntEnum):
    """How much a sign proves. Between two causes the stronger sign wins, then the catalogue's order."""

    WEAK = 1  # fits many causes; only when nothing else is known
    LIKELY = 2
    CLEAR = 3  # words that one cause uses
    CODE = 4  # a number or code of the service
    EXACT = 5  # a code and the words that tell it from its look-alikes


class Weight(IntEnum):
    """How much a member of a chain stands out when it ends with this cause."""

    NOISE = 0  # what this member needs is simply not here
    SIGNED_OUT = 1  # the tool is here and nobody is signed in
    TROUBLE = 2  # something answered or ran, and failed
    REFUSED = 3  # Microsoft Entra itself gave the answer


class Area(StrEnum):
    """Where a cause lives."""

    PROGRAM = "This program"
    TOOL = "A tool on this machine"
    HOST = "The Azure host"
    ENTRA = "Microsoft Entra"
    NETWORK = "The network"
    VAULT = "The vault"


@dataclass(frozen=True, kw_only=True)
class Sign:
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
            object.__setattr__(self, name, tuple(bare(phrase) for phrase in getattr(self, name)))

    def fits(self, evidence: Evidence) -> bool:
        """Every part of this sign holds for the evidence."""
        return self._codes_fit(evidence) and self._words_fit(evidence.bare) and self._context_fits(evidence)

    def _codes_fit(self, evidence: Evidence) -> bool:
        return (
            (not self.aadsts or not self.aadsts.isdisjoint(evidence.aadsts))
            and (not self.akv or not self.akv.isdisjoint(evidence.akv))
            and (not self.codes or not self.codes.isdisjoint(evidence.codes))
            and (not self.status or evidence.status in self.status)
        )

    def _words_fit(self, text: str) -> bool:
        return (
            all(phrase in text for phrase in self.phrases)
            and (not self.any_of or any(phrase in text for phrase in self.any_of))
            and not any(phrase in text for phrase in self.unless)
        )

    def _context_fits(self, evidence: Evidence) -> bool:
        return (
            (not self.exceptions or evidence.exception_name in self.exceptions)
            and (not self.credentials or evidence.credential in self.credentials)
            and (self.where is None or self.where(evidence))
        )


def says(
    *phrases: str,
    any_of: tuple[str, ...] = (),
    unless: tuple[str, ...] = (),
    strength: Strength = Strength.CLEAR,
    where: Callable[[Evidence], bool] | None = None,
) -> Sign:
    """A sign by words alone."""
    return Sign(phrases=phrases, any_of=any_of, unless=unless, strength=strength, where=where)


def aadsts(
    *numbers: int, says: tuple[str, ...] = (), any_of: tuple[str, ...] = (), unless: tuple[str, ...] = ()
) -> Sign:
    """A sign by the numbers Microsoft Entra gives its refusals; with words it is exact."""
    strength = Strength.EXACT if says or any_of else Strength.CODE
    return Sign(phrases=says, any_of=any_of, unless=unless, aadsts=frozenset(numbers), strength=strength)


def akv(*numbers: int) -> Sign:
    """A sign by the numbers Key Vault gives its refusals of a token."""
    return Sign(akv=frozenset(numbers), strength=Strength.CODE)


def code(*codes: str, says: tuple[str, ...] = (), any_of: tuple[str, ...] = (), unless: tuple[str, ...] = ()) -> Sign:
    """A sign by the service's own error code."""
    names = frozenset(name.lower() for name in codes)
    strength = Strength.EXACT if says or any_of else Strength.CODE
    return Sign(phrases=says, any_of=any_of, unless=unless, codes=names, strength=strength)


@dataclass(frozen=True, kw_only=True)
class Command:
    """A command to paste, with named placeholders: `{vault}`; `{{` and `}}` stand for braces.

    Empty `systems` or `platforms` means all.
    """

    template: str
    systems: tuple[str, ...] = ()
    platforms: tuple[Platform, ...] = ()
    needs: tuple[str, ...] = ()
    """Facts without which the command is left out."""
    unless: tuple[str, ...] = ()
    """Facts with which the command is left out: a better one is there."""

    @property
    def placeholders(self) -> tuple[str, ...]:
        return tuple(_PLACEHOLDER.findall(self.template))

    def filled(self, value: Callable[[str], str]) -> str:
        """The command with each placeholder replaced by what `value` gives for its name, quotes included."""
        parts = _PLACEHOLDER.split(self.template)
        parts[::2] = [part.replace("{{", "{").replace("}}", "}") for part in parts[::2]]
        parts[1::2] = [value(name) for name in parts[1::2]]
        return "".join(parts)


def run(
    template: str,
    *,
    systems: tuple[str, ...] = (),
    platforms: tuple[Platform, ...] = (),
    needs: tuple[str, ...] = (),
    unless: tuple[str, ...] = (),
) -> Command:
    """A command of an entry."""
    return Command(template=template, systems=systems, platforms=platforms, needs=needs, unless=unless)


@dataclass(frozen=True, kw_only=True)
class Cause:
    """One cause: how it is recognised, what it means and what to do first."""

    key: str
    area: Area
    title: str
    why: str
    fix: str
    signs: tuple[Sign, ...] = ()
    commands: tuple[Command, ...] = ()
    links: tuple[str, ...] = ()
    weight: Weight = Weight.TROUBLE
    alike: tuple[str, ...] = field(default=())
    """Keys of causes with nearly the same words, for "see also"."""

    @property
    def noise(self) -> bool:
        """In a chain this is expected: the member is not meant for this place."""
        return self.weight is Weight.NOISE

    def strength(self, evidence: Evidence) -> Strength | None:
        """The strength of the best sign that fits, None when none does."""
        return max((sign.strength for sign in self.signs if sign.fits(evidence)), default=None)
