"""What a connection string selects."""

from collections.abc import Callable
from dataclasses import dataclass

from secrets_app.connection_string.check_ids import UNUSED_KEY
from secrets_app.connection_string.parser import OptionReader
from secrets_app.core.check_ids import CheckId
from secrets_app.core.credential_options import CredentialOptions


@dataclass(frozen=True, kw_only=True)
class ConnectionStringWarning:
    """A warning about a string that works."""

    check: CheckId = UNUSED_KEY
    message: str
    """A sentence to be preceded by the setting's name."""
    hint: str
    changes_identity: bool = False
    """The string may select another identity than intended: shown before everything else."""
    may_be_cut_off: bool = False
    """A part has no effect: it may be the rest of a value that was cut off at a ;."""


@dataclass(frozen=True, kw_only=True)
class ParsedConnectionString:
    """The sign-in that a connection string selects."""

    options: CredentialOptions
    description: str
    """As text: `a service principal with a client secret`."""
    warnings: tuple[ConnectionStringWarning, ...] = ()


Form = Callable[[OptionReader, tuple[str, ...]], ParsedConnectionString]
"""(pairs, vault hosts allowed in addition to Azure's) -> what they select. Raises ConnectionStringError."""
