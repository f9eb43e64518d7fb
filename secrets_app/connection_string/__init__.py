"""`AzureServicesAuthConnectionString` of the old .NET library: its text -> who to be. Pure, stdlib only.

No value of such a string is in any sentence made here, nor any key that is not one of the library's own: either may
be a secret that lost its place.
"""

from secrets_app.connection_string.forms import parse_form
from secrets_app.connection_string.parsed import ConnectionStringWarning, ParsedConnectionString
from secrets_app.connection_string.parser import ConnectionStringError, Key, parse_options
from secrets_app.connection_string.translation import Equivalent, equivalent_of

__all__ = [
    "ConnectionStringError",
    "ConnectionStringWarning",
    "Equivalent",
    "Key",
    "ParsedConnectionString",
    "equivalent_of",
    "parse_form",
    "parse_options",
]
