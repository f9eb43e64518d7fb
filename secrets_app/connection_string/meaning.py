"""What a connection string means."""

from collections.abc import Callable
from dataclasses import dataclass

from secrets_app.connection_string.words import Words
from secrets_app.sign_in import SignIn


@dataclass(frozen=True, kw_only=True)
class Remark:
    """What a person should know about a string that works."""

    says: str
    """A sentence that begins after the setting's name."""
    way_out: str
    changes_who: bool = False
    """The string may say somebody else than was meant: to be seen before all else."""
    leftover: bool = False
    """A part did nothing: it may be the rest of a value that a ; cut short."""


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """Who a connection string says to be."""

    sign_in: SignIn
    who: str
    """In words: `a service principal with a client secret`."""
    remarks: tuple[Remark, ...] = ()


Form = Callable[[Words, tuple[str, ...]], Meaning]
"""(the pairs, vault hosts allowed besides Azure's) -> the meaning. Raises Fault."""
