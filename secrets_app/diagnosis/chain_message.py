"""Parse a credential chain's error message into one message per credential."""

import re

from secrets_app.diagnosis.evidence import ChainAttempt

_HEADING = re.compile(
    r"""failed\sto\sretrieve\sa\stoken\sfrom\sthe\sincluded\scredentials
      | Attempted\s{1,4}credentials
      | (?:DefaultAzureCredential|ChainedTokenCredential):?\s(?:failed\sto\sacquire\sa\stoken|authentication\sfailed)
      | AggregateAuthenticationError
      | Multiple\sexceptions\swere\sencountered\swhile\sattempting\sto\sauthenticate
      | Multiple\serrors\swere\sencountered\swhile\sattempting\sto\sauthenticate
      | Tried\sthe\sfollowing\s
    """,
    re.IGNORECASE | re.VERBOSE,
)
_SEVERAL = re.compile(r"Tried the following [2-9]|Multiple errors were encountered while attempting to authenticate")
_MEMBER = re.compile(
    r"""(?:^|(?<=[\s(>:=*•"'-]))
        (?P<name>(?!DefaultAzure|ChainedToken)[A-Z][A-Za-z]{2,40}(?:Credential|CredentialAdapter))
        (?:\s{0,2}(?:\.get_token(?:_info)?\sfailed)?:\s
          | (?=\s{1,3}(?:authentication|is|requires|unavailable|failed)\b))""",
    re.VERBOSE | re.MULTILINE,
)
_START = r"(?:^|[-:>]\s{1,3}|\(|\n)"
_BY_MESSAGE = tuple(
    (name, re.compile(f"{_START}(?={pattern})", re.MULTILINE))
    for name, pattern in (
        (
            "AzureCliCredential",
            r"Azure CLI (?:not|couldn?'?t?|authentication)|Tried to get token using Azure CLI|Please run 'az login'",
        ),
        (
            "AzurePowerShellCredential",
            r"(?:Unable to execute |Azure )?PowerShell (?:is not|authentication)|Unable to execute PowerShell"
            r"|Az\.Account module|Please run 'Connect-AzAccount'",
        ),
        (
            "AzureDeveloperCliCredential",
            r"Azure Developer CLI (?:couldn?'?t?|not|authentication)|Please run 'azd auth login'",
        ),
        (
            "VisualStudioCodeCredential",
            r"Stored credentials not found|Failed To Read V[sS] Code Credentials|Failed to read Vs Code credentials",
        ),
        (
            "VisualStudioCredential",
            r"Visual Studio Token provider|Tried to get token using Visual Studio|Process \"C:",
        ),
        ("IntegratedWindowsCredential", r"Tried to get token using Active Directory"),
        ("IntelliJCredential", r"IntelliJ Authentication not available|Unrecognized Auth method"),
        (
            "ManagedIdentityCredential",
            r"Managed Identity authentication is not available|Tried to get token using M"
            r"|The managed identity endpoint|getting managed identity credential",
        ),
        ("EnvironmentCredential", r"error getting environment credential"),
        ("AzureCliCredential", r"error getting token credential from Azure CLI"),
    )
)
"""Credentials whose message in .NET, Java and JavaScript does not start with their class name."""
_MESSAGE_WORDS = (
    "Azure CLI",
    "PowerShell",
    "Az.Account",
    "Azure Developer CLI",
    "Please run '",
    "redentials",
    "Visual Studio",
    "Tried to get token",
    "IntelliJ",
    "Unrecognized Auth",
    "anaged Identity",
    "anaged identity",
    "environment credential",
    'Process "C:',
)
"""One of these is in each of the messages: other texts need not be searched."""
_FOOTER = re.compile(
    r"To mitigate this issue, please refer to the troubleshooting guidelines here at\s"
    r"|\n[ \t]{0,8}(?:Traceback \(most|---> |-{3} End)"
)
_JOINED = re.compile(r"\n[ \t]{0,8}error acquiring \w{1,20} token\b")
"""The next error of a program that prints several attempts to get a token below each other, as KEDA does."""
_MAX_MEMBERS = 40
_ALIASES = {
    "AzureCLICredential": "AzureCliCredential",
    "AzureDeveloperCLICredential": "AzureDeveloperCliCredential",
    "AzurePowershellCredential": "AzurePowerShellCredential",
    "ImdsCredential": "ManagedIdentityCredential",
    "AppServiceCredential": "ManagedIdentityCredential",
    "AzureArcCredential": "ManagedIdentityCredential",
    "AzureMLCredential": "ManagedIdentityCredential",
    "CloudShellCredential": "ManagedIdentityCredential",
    "ServiceFabricCredential": "ManagedIdentityCredential",
    "InteractiveBrowserBrokerCredential": "BrokerCredential",
}
"""Spellings used by other languages' libraries, and internal credentials of ManagedIdentityCredential."""
_TOKEN_ACQUIRED = re.compile(
    r"""acquired\sa\stoken\sfrom\s|credential\sselected:\s|Result\sfor\s\w{1,60}:\sSUCCESS
      | Attempted\scredential\s\w{1,60}\sreturns\sa\stoken
      | getToken\(\)\sresult\sfor\sscopes\s\[[^\]\n]{0,400}\]:\sSUCCESS""",
    re.VERBOSE,
)
"""Log lines of the libraries when a credential returned a token."""


def parse_attempts(text: str) -> tuple[ChainAttempt, ...]:
    """The credentials named in a chain's message, in order, with their messages; empty if it is not from a chain.

    Java and log files print no heading; without one, at least two credentials must be named.
    """
    heading = _HEADING.search(text)
    positions = _credential_positions(text, heading.start() if heading else 0)
    attempts: dict[str, str] = {}
    for number, (start, name) in enumerate(positions):
        end = positions[number + 1][0] if number + 1 < len(positions) else len(text)
        message = _without_footer(text[start:end])
        attempts[name] = f"{attempts[name]}\n{message}" if name in attempts else message
    if not heading and len(attempts) < 2:
        return ()
    return tuple(ChainAttempt(credential=name, message=message) for name, message in attempts.items())


def text_after_token(text: str) -> str | None:
    """The log text after the last credential that returned a token; None if none did."""
    end = max((match.end() for match in _TOKEN_ACQUIRED.finditer(text)), default=None)
    return None if end is None else text[end:]


def text_outside(text: str) -> str:
    """The text above the chain's heading and below an error that a program joined to it; often empty."""
    heading, joined = _HEADING.search(text), _JOINED.search(text)
    return "\n".join(((text[: heading.start()] if heading else ""), (text[joined.start() :] if joined else ""))).strip()


def tried_several(text: str) -> bool:
    """Whether the message says that several credentials failed, even if the text was cut after the first."""
    return _SEVERAL.search(text) is not None


def is_default_chain(text: str) -> bool:
    """Whether the message is from DefaultAzureCredential, whose credentials and order are known."""
    return "DefaultAzureCredential" in text


def _credential_positions(text: str, start: int) -> list[tuple[int, str]]:
    positions = [(match.start(), _ALIASES.get(match["name"], match["name"])) for match in _MEMBER.finditer(text, start)]
    for name, pattern in _BY_MESSAGE if any(words in text for words in _MESSAGE_WORDS) else ():
        if name not in [credential for _, credential in positions]:
            positions += [(match.end(), name) for match in pattern.finditer(text, start)][:1]
    return sorted(positions)[:_MAX_MEMBERS]


def _without_footer(message: str) -> str:
    ends = [end.start() for end in (_FOOTER.search(message), _JOINED.search(message)) if end]
    return message[: min(ends, default=len(message))].strip(" \n\t-")
