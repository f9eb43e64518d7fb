"""The type of an entry in the tables of fixes by case: CaseFix."""

from dataclasses import dataclass

from secrets_app.core.reading import Platform
from secrets_app.diagnosis.cause import Command
from secrets_app.diagnosis.hosted import Host
from secrets_app.diagnosis.services import ObjectKind
from secrets_app.diagnosis.stacks import Stack


@dataclass(frozen=True, kw_only=True)
class CaseFix:
    """The fix of some causes in one kind of case. Every condition that is set must hold; the first entry wins."""

    causes: tuple[str, ...]
    fix: str
    hosts: tuple[Host, ...] = ()
    """Where the failed program ran."""
    stacks: tuple[Stack, ...] = ()
    platforms: tuple[Platform, ...] = ()
    objects: tuple[ObjectKind, ...] = ()
    said: tuple[str, ...] = ()
    """Words (lowercase) of which the text contains at least one: a code, a product, a path."""
    unless: tuple[str, ...] = ()
    """Words (lowercase) of which the text contains none."""
    title: str = ""
    why: str = ""
    commands: tuple[Command, ...] | None = None
    """Replace the cause's own; None keeps them."""
    keeps_setting: bool = False
    """Whether the name of the setting in the stack is added to the fix, as to the general one."""
