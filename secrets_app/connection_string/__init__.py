"""`AzureServicesAuthConnectionString` of the old .NET library: its text -> who to be. Pure, stdlib only.

No value of such a string is in any sentence made here, nor any key that is not one of the library's own: either may
be a secret that lost its place.
"""

from secrets_app.connection_string.fault import Fault
from secrets_app.connection_string.forms import meaning_of
from secrets_app.connection_string.grammar import pairs_in
from secrets_app.connection_string.keys import Key
from secrets_app.connection_string.meaning import Meaning, Remark
from secrets_app.connection_string.modern import Modern, modern_of

__all__ = ["Fault", "Key", "Meaning", "Modern", "Remark", "meaning_of", "modern_of", "pairs_in"]
