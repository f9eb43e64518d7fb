"""What an entry of the catalogue of causes is made of."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from secrets_app.core.reading import Platform
from secrets_app.diagnosis.signature import Signature

WINDOWS, MACOS, LINUX = "Windows", "Darwin", "Linux"

_PLACEHOLDER = re.compile(r"(?<!\{)\{([a-z_]{1,40})\}(?!\})")


class Severity(IntEnum):
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
    signs: tuple[Signature, ...] = ()
    commands: tuple[Command, ...] = ()
    links: tuple[str, ...] = ()
    weight: Severity = Severity.TROUBLE
    alike: tuple[str, ...] = ()
    """Keys of causes with nearly the same words, for "see also"."""

    @property
    def noise(self) -> bool:
        """In a chain this is expected: the member is not meant for this place."""
        return self.weight is Severity.NOISE
