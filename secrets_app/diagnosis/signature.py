"""Signatures: the patterns that identify a cause in the evidence."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from string import Formatter
from typing import TypeVar

from secrets_app.core.reading import Platform
from secrets_app.diagnosis.evidence import Evidence
from secrets_app.diagnosis.normalize import squash, tokenize
from secrets_app.diagnosis.services import Action, ObjectKind, Service
from secrets_app.diagnosis.stacks import Stack

T = TypeVar("T")

_MAX_SHORT_PHRASE = 9
"""Phrases with at most this many letters and digits must match whole words."""


class Strength(IntEnum):
    """How specific a signature is. Causes are ranked by their strongest match, then by their order in the catalog."""

    WEAK = 1  # matches many causes; used only if nothing else matches
    LIKELY = 2
    RULE = 3  # which service refused what, and how
    CLEAR = 4  # a phrase used by one cause only
    CODE = 5  # a service error code
    EXACT = 6  # a service error code and a phrase that distinguishes similar cases


@dataclass(frozen=True, kw_only=True)
class Signature:
    """One way to identify a cause: every field that is set must match."""

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
    """Chain members whose messages this signature applies to; empty means all."""
    services: frozenset[Service] = frozenset()
    """The service that refused."""
    objects: frozenset[ObjectKind] = frozenset()
    actions: frozenset[Action] = frozenset()
    stacks: frozenset[Stack] = frozenset()
    platforms: frozenset[Platform] = frozenset()
    where: Callable[[Evidence], bool] | None = None
    strength: Strength = Strength.CLEAR

    def __post_init__(self) -> None:
        for name in ("phrases", "any_of", "unless"):
            object.__setattr__(self, name, tuple(map(_normalized, getattr(self, name))))

    def matches(self, evidence: Evidence) -> bool:
        """Whether every field that is set matches the evidence."""
        return self._codes_match(evidence) and self._phrases_match(evidence) and self._context_matches(evidence)

    def _codes_match(self, evidence: Evidence) -> bool:
        return (
            (not self.aadsts or not self.aadsts.isdisjoint(evidence.aadsts))
            and (not self.akv or not self.akv.isdisjoint(evidence.akv))
            and (not self.codes or not self.codes.isdisjoint(evidence.codes))
            and (not self.status or evidence.status in self.status)
        )

    def _phrases_match(self, evidence: Evidence) -> bool:
        return (
            all(map(evidence.contains, self.phrases))
            and (not self.any_of or any(map(evidence.contains, self.any_of)))
            and not any(map(evidence.contains, self.unless))
        )

    def _context_matches(self, evidence: Evidence) -> bool:
        return (
            (not self.exceptions or evidence.exception_name in self.exceptions)
            and (not self.credentials or evidence.credential in self.credentials)
            and (not self.services or evidence.service in self.services)
            and (not self.objects or evidence.operation.object in self.objects)
            and (not self.actions or evidence.operation.action in self.actions)
            and (not self.stacks or evidence.stack in self.stacks)
            and (not self.platforms or evidence.platform in self.platforms)
            and (self.where is None or self.where(evidence))
        )


def _normalized(phrase: str) -> str:
    squashed = squash(phrase)
    return squashed if len(squashed) > _MAX_SHORT_PHRASE else tokenize(phrase)


def phrase(
    *phrases: str,
    any_of: tuple[str, ...] = (),
    unless: tuple[str, ...] = (),
    strength: Strength = Strength.CLEAR,
    where: Callable[[Evidence], bool] | None = None,
) -> Signature:
    """A signature with phrases only."""
    return Signature(phrases=phrases, any_of=any_of, unless=unless, strength=strength, where=where)


def rule(
    *services: Service,
    status: tuple[int, ...] = (),
    codes: tuple[str, ...] = (),
    objects: tuple[ObjectKind, ...] = (),
    actions: tuple[Action, ...] = (),
    stacks: tuple[Stack, ...] = (),
    platforms: tuple[Platform, ...] = (),
    phrases: tuple[str, ...] = (),
    any_of: tuple[str, ...] = (),
    unless: tuple[str, ...] = (),
    where: Callable[[Evidence], bool] | None = None,
    strength: Strength = Strength.RULE,
) -> Signature:
    """A signature over evidence: which service refused, with which status or code, which operation, on which stack.

    It also matches wordings that no example has, so prefer it to phrases. `status`, `codes` or a phrase must be given.
    """
    return Signature(
        services=_shared_set(services),
        status=_shared_set(status),
        codes=frozenset(name.lower() for name in codes),
        objects=_shared_set(objects),
        actions=_shared_set(actions),
        stacks=_shared_set(stacks),
        platforms=_shared_set(platforms),
        phrases=phrases,
        any_of=any_of,
        unless=unless,
        where=where,
        strength=strength,
    )


@cache
def _shared_set(values: tuple[T, ...]) -> frozenset[T]:
    """One set for equal values: many rules have the same service, and a set takes 216 bytes."""
    return frozenset(values)


def own_message(template: str, *, strength: Strength = Strength.CLEAR) -> Signature:
    """A signature with the fixed text of a message in `secrets_app.core.own_messages`, without its placeholders."""
    fixed = tuple(text for text, *_ in Formatter().parse(template) if squash(text))
    return Signature(phrases=fixed, strength=strength)


def aadsts(
    *numbers: int, phrases: tuple[str, ...] = (), any_of: tuple[str, ...] = (), unless: tuple[str, ...] = ()
) -> Signature:
    """A signature with AADSTS error numbers of Microsoft Entra ID; with phrases it is exact."""
    strength = Strength.EXACT if phrases or any_of else Strength.CODE
    return Signature(phrases=phrases, any_of=any_of, unless=unless, aadsts=frozenset(numbers), strength=strength)


def akv(*numbers: int) -> Signature:
    """A signature with AKV error numbers, with which Key Vault rejects a token."""
    return Signature(akv=frozenset(numbers), strength=Strength.CODE)


def code(
    *codes: str, phrases: tuple[str, ...] = (), any_of: tuple[str, ...] = (), unless: tuple[str, ...] = ()
) -> Signature:
    """A signature with service error codes; with phrases it is exact."""
    names = frozenset(name.lower() for name in codes)
    strength = Strength.EXACT if phrases or any_of else Strength.CODE
    return Signature(phrases=phrases, any_of=any_of, unless=unless, codes=names, strength=strength)
