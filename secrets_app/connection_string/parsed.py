"""What a connection string means."""

from collections.abc import Callable
from dataclasses import dataclass

from secrets_app.connection_string.option_reader import OptionReader
from secrets_app.core.credential_options import CredentialOptions


@dataclass(frozen=True, kw_only=True)
class ConnectionStringWarning:
    """What a person should know about a string that works."""

    says: str
    """A sentence that begins after the setting's name."""
    hint: str
    changes_who: bool = False
    """The string may say somebody else than was meant: to be seen before all else."""
    leftover: bool = False
    """A part did nothing: it may be the rest of a value that a ; cut short."""


@dataclass(frozen=True, kw_only=True)
class ParsedConnectionString:
    """Who a connection string says to be."""

    sign_in: CredentialOptions
    who: str
    """In words: `a service principal with a client secret`."""
    remarks: tuple[ConnectionStringWarning, ...] = ()


Form = Callable[[OptionReader, tuple[str, ...]], ParsedConnectionString]
"""(the pairs, vault hosts allowed besides Azure's) -> the meaning. Raises Fault."""
