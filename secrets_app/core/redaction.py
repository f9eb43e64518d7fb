"""Takes what must stay secret out of a text: tokens, passwords, keys."""

import re

HIDDEN = "[hidden]"

# The second part follows a token that was wrapped: its next line starts with a long run of the same letters.
_JWT = re.compile(r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_.-]{8,}(?:\s{1,10}[A-Za-z0-9_.-]{24,})*")
_AUTHORIZATION = re.compile(
    r"""((?:proxy-)?authorization["']?\s{0,4}[:=]\s{0,4}["']?(?:(?:bearer|basic|digest|negotiate|pop|sharedkey)\s{1,4})?)
        (?!["'\s]|https?://)[^\s"',;<>]{1,20000}""",
    re.IGNORECASE | re.VERBOSE,
)
_SCHEME = re.compile(r"(?<![A-Za-z])(bearer\s{1,4})([A-Za-z0-9._~+/-]{20,}=*)", re.IGNORECASE)
_NAMES = (
    "a(?:pp[_-]?key|pi[_-]?key|ccount[_-]?key|ccess[_-]?token)|bearer[_-]?token"
    "|client[_-]?(?:secret|assertion(?![_-]?type))|id(?:entity[_-]header|[_-]?token)|msi[_-]secret|oidc[_-]?token"
    "|p(?:ass(?:word|wd|phrase)|wd|ri(?:vate|mary)[_-]?key)|refresh[_-]?token"
    "|s(?:ession[_-]?token|hared[_-]?access[_-]?(?:key|signature)|ecret[_-]?(?:value|key))|x-identity-header"
)
"""Grouped by their first letters: an alternative more is a question more at every character."""


def _in_any_case(names: str) -> str:
    """The same pattern for both cases of each letter.

    With IGNORECASE the engine walks into every branch at every character; sets of letters it can refuse at once.
    """
    return re.sub("[a-z]", lambda letter: f"[{letter[0]}{letter[0].upper()}]", names)


_NAMED = re.compile(
    rf"""(?=[aAbBcCiImMoOpPrRsSxX])((?:{_in_any_case(_NAMES)})\\?["']{{0,2}}\s{{0,4}}(?:=>|[:=]|%3[dD])\s{{0,4}})
        (?:"(?:[^"\\\n]|\\.)*(?:"|$)|'(?:[^'\\\n]|\\.)*(?:'|$)|\\"(?:[^"\\\n]|\\[^"])*(?:\\"|$)|[^\s"',;&<>}}]+)""",
    re.VERBOSE | re.MULTILINE,
)
_OPTION = re.compile(
    r"""(?<![\w-])(--(?:client-secret|password|app-key|account-key|sas-token|secret|access-token)(?:\s{1,4}|=)|-p\s{1,4}(?=["']))
        (?:"[^"\n]*"|'[^'\n]*'|[^\s"']+)""",
    re.IGNORECASE | re.VERBOSE,
)
# A client secret as Entra makes them, without a name beside it: Q~ is in each. A setting read in small letters has q~.
_CLIENT_SECRET = re.compile(r"(?<![\w~.-])[\w~.-]{3}[0-9][Qq]~[\w~.-]{31,34}(?![\w~.-])", re.ASCII)
_SIGNATURE = re.compile(r"(?<![A-Za-z])(sig=)[A-Za-z0-9%+/_~.-]{8,}={0,2}", re.IGNORECASE)
_URL_PASSWORD = re.compile(r"(?<=://)([^\s/@:\"'<>]{0,256}):([^\s/\"'<>]{1,256})@")
# A vault's own answer with a secret in it: `{"value": "...", "id": "https://contoso.vault.azure.net/secrets/..."`; an
# entry of msal's token cache: `"secret": "..."`.
_VALUE = re.compile(
    r"""(\\?["'](?:value|secret)\\?["']\s{0,4}:\s{0,4})
        (?:"(?:[^"\\\n]|\\.)*(?:"|$)|'(?:[^'\\\n]|\\.)*(?:'|$)|\\"(?:[^"\\\n]|\\[^"])*(?:\\"|$))""",
    re.VERBOSE | re.MULTILINE,
)
_PEM = re.compile(r"-----BEGIN ([A-Z ]{0,40}PRIVATE KEY)-----[^-]*(?:-----END [A-Z ]{0,40}-----)?")


def well_formed(text: str) -> str:
    """The text with a question mark for each half of a character pair that stands alone: those cannot be written."""
    return text.encode("utf-8", errors="replace").decode("utf-8")


def printable(text: str) -> str:
    """One line, with a question mark for each character that a terminal would obey instead of showing."""
    return "".join(character if character.isprintable() else "?" for character in text)


def redact(text: str) -> str:
    """The text with every token, key and password replaced by `[hidden]`; ids, hosts and codes stay readable.

    Covers JSON Web Tokens (whole or cut off), Authorization headers, named values in JSON, forms, connection strings
    and command lines, SAS signatures, passwords in addresses and private keys. Linear in the length of the text.
    """
    text = _PEM.sub(HIDDEN, well_formed(text))
    text = _JWT.sub(HIDDEN, text)
    text = _AUTHORIZATION.sub(rf"\1{HIDDEN}", text)
    text = _CLIENT_SECRET.sub(HIDDEN, text) if "~" in text else text
    text = _SCHEME.sub(rf"\1{HIDDEN}", text)
    text = _NAMED.sub(rf"\1{HIDDEN}", text)
    text = _OPTION.sub(rf"\1{HIDDEN}", text)
    text = _VALUE.sub(rf"\1{HIDDEN}", text)
    text = _SIGNATURE.sub(rf"\1{HIDDEN}", text)
    return _URL_PASSWORD.sub(rf"\1:{HIDDEN}@", text)
