"""A chain's message, taken apart into its members and what each of them said."""

import re

from secrets_app.diagnosis.evidence import ChainAttempt

_HEADING = re.compile(
    r"""failed\sto\sretrieve\sa\stoken\sfrom\sthe\sincluded\scredentials
      | Attempted\s{1,4}credentials
      | (?:DefaultAzureCredential|ChainedTokenCredential):?\s(?:failed\sto\sacquire\sa\stoken|authentication\sfailed)
      | AggregateAuthenticationError
      | Multiple\sexceptions\swere\sencountered\swhile\sattempting\sto\sauthenticate
      | Tried\sthe\sfollowing\scredentials
      | All\scredentials\sin\sthe\schain\sfailed
    """,
    re.IGNORECASE | re.VERBOSE,
)
_CHAINS = frozenset({"DefaultAzureCredential", "ChainedTokenCredential"})
_NAME = r"(?P<name>(?!DefaultAzure|ChainedToken|Azure\.Identity)[A-Z][A-Za-z]{2,40}(?:Credential|CredentialAdapter))"
_MEMBER = re.compile(
    rf"""(?:^|(?<=[\s(\->:*•]))(?:{_NAME}(?:\s{{0,2}}:\s|(?=\s{{1,3}}(?:authentication|is|is\snot|requires|unavailable|failed)\b)))""",
    re.VERBOSE | re.MULTILINE,
)
_NAMELESS = (
    # Members of .NET, Java and older chains whose text does not begin with their name.
    (
        "AzureCliCredential",
        re.compile(r"(?:^|[-:]\s|\()(?=Azure CLI not (?:installed|found)|Please run 'az login')", re.MULTILINE),
    ),
    (
        "AzurePowerShellCredential",
        re.compile(r"(?:^|[-:]\s|\()(?=PowerShell is not installed|Please run 'Connect-AzAccount')", re.MULTILINE),
    ),
    (
        "AzureDeveloperCliCredential",
        re.compile(
            r"(?:^|[-:]\s|\()(?=Azure Developer CLI could not be found|Please run 'azd auth login')", re.MULTILINE
        ),
    ),
    ("VisualStudioCodeCredential", re.compile(r"(?:^|[-:]\s|\()(?=Stored credentials not found)", re.MULTILINE)),
    ("VisualStudioCredential", re.compile(r"(?:^|[-:]\s|\()(?=Visual Studio Token provider)", re.MULTILINE)),
    ("IntelliJCredential", re.compile(r"(?:^|[-:]\s|\()(?=IntelliJ Authentication not available)", re.MULTILINE)),
    (
        "ManagedIdentityCredential",
        re.compile(r"(?:^|[-:]\s|\()(?=Managed Identity authentication is not available)", re.MULTILINE),
    ),
)
_FOOTER = re.compile(
    r"To mitigate this issue, please refer to the troubleshooting guidelines here at\s|\n\s{0,8}(?:Traceback \(most|---> |-{3} End)"
)
_MEMBERS = 40


def attempts_of(text: str) -> tuple[ChainAttempt, ...]:
    """The members a chain's message names, in its order, each with its own text; nothing when it is no chain's."""
    heading = _HEADING.search(text)
    if not heading:
        return ()
    marks = _marks(text, heading.start())
    attempts: dict[str, str] = {}
    for number, (start, name) in enumerate(marks):
        end = marks[number + 1][0] if number + 1 < len(marks) else len(text)
        said = _without_footer(text[start:end])
        attempts[name] = f"{attempts[name]}\n{said}" if name in attempts else said
    return tuple(ChainAttempt(credential=name, message=said) for name, said in attempts.items())


def is_default_chain(text: str) -> bool:
    """The message comes from DefaultAzureCredential, whose members and order are known."""
    return "DefaultAzureCredential" in text


def _marks(text: str, start: int) -> list[tuple[int, str]]:
    found = [(match.start(), match["name"]) for match in _MEMBER.finditer(text, start)]
    for name, pattern in _NAMELESS:
        if all(name != known for _, known in found):
            found += [(match.end(), name) for match in pattern.finditer(text, start)][:1]
    return sorted(found)[:_MEMBERS]


def _without_footer(said: str) -> str:
    footer = _FOOTER.search(said)
    return (said[: footer.start()] if footer else said).strip(" \n\t-")
