"""Parses `AzureServicesAuthConnectionString` of the retired .NET library AppAuthentication. Pure, stdlib only.

Messages contain no value of the string, and no key that is not one of the library's: either may be a misplaced secret.
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
