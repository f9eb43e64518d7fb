"""The types of a catalog entry: Cause, CaseFix, Command, Area, Severity."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from secrets_app.core.reading import Platform
from secrets_app.diagnosis.places import Host
from secrets_app.diagnosis.services import ObjectKind
from secrets_app.diagnosis.signature import Signature
from secrets_app.diagnosis.stack_settings import StackSetting
from secrets_app.diagnosis.stacks import Stack

WINDOWS, MACOS, LINUX = "Windows", "Darwin", "Linux"

_PLACEHOLDER = re.compile(r"(?<!\{)\{([a-z_]{1,40})\}(?!\})")


class Severity(IntEnum):
    """How relevant a credential's failure is within a credential chain."""

    NOISE = 0  # the credential's requirements are not present on this machine
    SIGNED_OUT = 1  # the tool is installed, but no account is signed in
    FAILED = 2  # an endpoint responded or a tool ran, and failed
    REJECTED = 3  # Microsoft Entra ID rejected the request


class Area(StrEnum):
    """The component in which a cause occurs; also the headings of the list of causes."""

    PROGRAM = "This program"
    TOOL = "Developer tools"
    HOST = "Azure host"
    ENTRA = "Microsoft Entra ID"
    NETWORK = "Network"
    VAULT = "Key Vault"
    SERVICE = "Other Azure services"


@dataclass(frozen=True, kw_only=True)
class Command:
    """A shell command with named placeholders such as `{vault}`; `{{` and `}}` are literal braces.

    Empty `systems`, `platforms`, `stacks` and `objects` match all. An unknown stack counts as Python.
    """

    template: str
    systems: tuple[str, ...] = ()
    platforms: tuple[Platform, ...] = ()
    stacks: tuple[Stack, ...] = ()
    objects: tuple[ObjectKind, ...] = ()
    site_only: bool = False
    """Only for a reading of this site: the command is of no use to other programs."""
    requires: tuple[str, ...] = ()
    """Values that must be known; otherwise the command is omitted."""
    unless: tuple[str, ...] = ()
    """Values for which the command is omitted, because a more specific one applies."""

    @property
    def placeholders(self) -> tuple[str, ...]:
        return tuple(_PLACEHOLDER.findall(self.template))

    def fill(self, value: Callable[[str], str]) -> str:
        """The command with each placeholder replaced by `value(name)`, which returns it shell-quoted."""
        parts = _PLACEHOLDER.split(self.template)
        parts[::2] = [part.replace("{{", "{").replace("}}", "}") for part in parts[::2]]
        parts[1::2] = [value(name) for name in parts[1::2]]
        return "".join(parts)


def run(
    template: str,
    *,
    systems: tuple[str, ...] = (),
    platforms: tuple[Platform, ...] = (),
    stacks: tuple[Stack, ...] = (),
    objects: tuple[ObjectKind, ...] = (),
    site_only: bool = False,
    requires: tuple[str, ...] = (),
    unless: tuple[str, ...] = (),
) -> Command:
    """Create a Command."""
    return Command(
        template=template,
        systems=systems,
        platforms=platforms,
        stacks=stacks,
        objects=objects,
        site_only=site_only,
        requires=requires,
        unless=unless,
    )


@dataclass(frozen=True, kw_only=True)
class Cause:
    """One cause: the signatures that identify it, its explanation and its fix."""

    key: str
    area: Area
    title: str
    why: str
    fix: str
    otherwise: tuple[str, ...] = ()
    """Other reasons of the same error, likely ones first: each a sentence that says how to recognize and fix it."""
    setting: StackSetting | None = None
    """The setting that the fix is about; its name in the stack is added to the fix."""
    site_fix: str = ""
    """Replaces the fix for a reading of this site, whose own settings it names."""
    signatures: tuple[Signature, ...] = ()
    commands: tuple[Command, ...] = ()
    links: tuple[str, ...] = ()
    severity: Severity = Severity.FAILED
    related: tuple[str, ...] = ()
    """Keys of related causes, listed under "See also"."""
    look_alikes: tuple[tuple[str, str], ...] = ()
    """Keys of causes with similar texts, each with a sentence on how to tell them apart."""

    @property
    def is_noise(self) -> bool:
        """Whether this failure is expected in a chain, because the credential does not apply to this machine."""
        return self.severity is Severity.NOISE


@dataclass(frozen=True, kw_only=True)
class CaseFix:
    """The fix of some causes in one kind of case. Every condition that is set must hold; the first entry wins."""

    causes: tuple[str, ...]
    fix: str
    otherwise: tuple[str, ...] | None = None
    """Replace the cause's own; None keeps them."""
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
    setting: StackSetting | None = None
    """Another setting, the name of which is added to the fix."""
