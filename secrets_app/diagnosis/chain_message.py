"""A chain's message, taken apart into its members and what each of them said."""

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
"""Members whose text in .NET, Java and JavaScript does not begin with their name."""
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
"""Members that another language's library writes differently, and the parts one of them is made of."""
_TOKEN = re.compile(
    r"""acquired\sa\stoken\sfrom\s|credential\sselected:\s|Result\sfor\s\w{1,60}:\sSUCCESS
      | getToken\(\)\sresult\sfor\sscopes\s\[[^\]\n]{0,400}\]:\sSUCCESS""",
    re.VERBOSE,
)
"""What the libraries' logs say when a member gave a token."""


def attempts_of(text: str) -> tuple[ChainAttempt, ...]:
    """The members a chain's message names, in its order, each with its own text; nothing when it is no chain's.

    Java and logs print the members without a heading: then two of them make a chain.
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
    """What a log says after a member of the chain gave a token; None when none did."""
    end = max((match.end() for match in _TOKEN.finditer(text)), default=None)
    return None if end is None else text[end:]


def is_default_chain(text: str) -> bool:
    """The message comes from DefaultAzureCredential, whose members and order are known."""
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
