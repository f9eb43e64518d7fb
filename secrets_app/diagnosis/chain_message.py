"""Parse a credential chain's error message into one message per credential."""

import re

from secrets_app.diagnosis.evidence import ChainAttempt

_HEADING = re.compile(
    r"""failed\sto\sretrieve\sa\stoken\sfrom\sthe\sincluded\scredentials
      | Attempted\s{1,4}credentials
      | (?:DefaultAzureCredential|ChainedTokenCredential):?\s(?:failed\sto\sacquire\sa\stoken|authentication\sfailed)
      | AggregateAuthenticationError
      | Multiple\sexceptions\swere\sencountered\swhile\sattempting\sto\sauthenticate
      | Tried\sthe\sfollowing\s
    """,
    re.IGNORECASE | re.VERBOSE,
)
_MEMBER = re.compile(
    r"""(?:^|(?<=[\s(>:=*•"'-]))
        (?P<name>(?!DefaultAzure|ChainedToken)[A-Z][A-Za-z]{2,40}(?:Credential|CredentialAdapter))
        (?:\s{0,2}(?:\.get_token(?:_info)?\sfailed)?:\s
          | (?=\s{1,3}(?:authentication|is|requires|unavailable|failed)\b))""",
    re.VERBOSE | re.MULTILINE,
)
_START = r"(?:^|[-:>]\s{1,3}|\(|\n)"
_NAMELESS = tuple(
    (name, re.compile(f"{_START}(?={words})", re.MULTILINE))
    for name, words in (
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
            r"|The managed identity endpoint",
        ),
    )
)
"""Credentials whose message in .NET, Java and JavaScript does not start with their class name."""
_FOOTER = re.compile(
    r"To mitigate this issue, please refer to the troubleshooting guidelines here at\s"
    r"|\n[ \t]{0,8}(?:Traceback \(most|---> |-{3} End)"
)
_MEMBERS = 40
_SAME = {
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
_TOKEN = re.compile(
    r"""acquired\sa\stoken\sfrom\s|credential\sselected:\s|Result\sfor\s\w{1,60}:\sSUCCESS
      | getToken\(\)\sresult\sfor\sscopes\s\[[^\]\n]{0,400}\]:\sSUCCESS""",
    re.VERBOSE,
)
"""Log lines of the libraries when a credential returned a token."""


def attempts_of(text: str) -> tuple[ChainAttempt, ...]:
    """The credentials named in a chain's message, in order, with their messages; empty if it is not from a chain.

    Java and log files print no heading; without one, at least two credentials must be named.
    """
    heading = _HEADING.search(text)
    marks = _marks(text, heading.start() if heading else 0)
    attempts: dict[str, str] = {}
    for number, (start, name) in enumerate(marks):
        end = marks[number + 1][0] if number + 1 < len(marks) else len(text)
        said = _without_footer(text[start:end])
        attempts[name] = f"{attempts[name]}\n{said}" if name in attempts else said
    if not heading and len(attempts) < 2:
        return ()
    return tuple(ChainAttempt(credential=name, message=said) for name, said in attempts.items())


def after_the_token(text: str) -> str | None:
    """The log text after the last credential that returned a token; None if none did."""
    end = max((match.end() for match in _TOKEN.finditer(text)), default=None)
    return None if end is None else text[end:]


def is_default_chain(text: str) -> bool:
    """Whether the message is from DefaultAzureCredential, whose credentials and order are known."""
    return "DefaultAzureCredential" in text


def _marks(text: str, start: int) -> list[tuple[int, str]]:
    found = [(match.start(), _SAME.get(match["name"], match["name"])) for match in _MEMBER.finditer(text, start)]
    for name, pattern in _NAMELESS:
        if all(name != known for _, known in found):
            found += [(match.end(), name) for match in pattern.finditer(text, start)][:1]
    return sorted(found)[:_MEMBERS]


def _without_footer(said: str) -> str:
    footer = _FOOTER.search(said)
    return (said[: footer.start()] if footer else said).strip(" \n\t-")
