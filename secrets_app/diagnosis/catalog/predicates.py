"""Questions about the evidence that words alone do not answer."""

import re

from secrets_app.diagnosis.evidence import Evidence
from secrets_app.diagnosis.normalize import squash

_NAMED_RESOURCE = re.compile(
    r"(?:resource\s(?:principal\s)?named|The\sresource|for\sresource|resource)\s{1,3}['\"]?([^\s'\"]{1,300}?)['\"]?\s(?:was|is|could|has)",
    re.IGNORECASE,
)

_AZURE = tuple(
    squash(words)
    for words in (
        "azure",
        "microsoft",
        "msal",
        "aadsts",
        "vault",
        "managed identity",
        "169.254.169.254",
        "tenant id",
        "windows.net",
        "Credential authentication",
    )
)
_SHORT = 20
"""Letters and digits of a text that is hardly more than one sign."""
_PROGRAM = (
    "errno",
    "winerror",
    "connectionpool",
    "econn",
    "etimedout",
    "getaddrinfo",
    "dialtcp",
    "urlopen",
    "443",
    "sslc",
    "connectionaborted",
    "connectionreset",
    "connectionrefused",
    "remotedisconnected",
    "forciblyclosed",
    "activelyrefused",
    "networkisunreachable",
    "noroutetohost",
    "serverdisconnected",
    "socket",
)
_AZURE_CALLS = ("credential", "gettoken", "secret", "clientid", "scopes", "assertion")
_AZURE_WORDS = (" az ", " azd ", " entra ", " imds ", " aad ", " msi ", " nmi ", " adal ")
_AZURE_MODULES = ("azure.", "msal", "com.azure.", "com.microsoft.", "microsoft.")


def about_azure(evidence: Evidence) -> bool:
    """Something beside the sign itself speaks of Azure: general words prove nothing in a text about something else."""
    return (
        evidence.credential is not None
        or (evidence.exception or "").lower().startswith(_AZURE_MODULES)
        or any(words in evidence.bare for words in _AZURE)
        or any(word in evidence.spaced for word in _AZURE_WORDS)
    )


def about_azure_or_bare(evidence: Evidence) -> bool:
    """About Azure, or so short that the sign is all of it, as when only a library's message was pasted."""
    return about_azure(evidence) or len(evidence.bare) <= _SHORT


def from_a_program(evidence: Evidence) -> bool:
    """It comes with an exception or a status, or names a system's error or a connection: it is no one's prose."""
    return (
        evidence.exception is not None or evidence.status is not None or any(mark in evidence.bare for mark in _PROGRAM)
    )


def about_azure_calls(evidence: Evidence) -> bool:
    """A wrong call of something in the Azure libraries: their classes, functions or arguments are named."""
    return about_azure(evidence) or any(word in evidence.bare for word in _AZURE_CALLS)


def no_refusal(evidence: Evidence) -> bool:
    """The status, where it is known, is not one by which a service refuses the caller (4xx)."""
    return evidence.status is None or evidence.status // 100 != 4


def ran_in_azure_cli(evidence: Evidence) -> bool:
    """The stack goes through az itself, so what is broken is az and not the program that called it."""
    frames = evidence.frames.replace("\\", "/")
    return any(mark in frames for mark in ("azure-cli", "azure/cli", "/knack/"))


def read_the_token_cache(evidence: Evidence) -> bool:
    """The stack ends in the part of az that reads and writes its stored sign-ins."""
    return any(mark in evidence.frames for mark in ("msal_extensions", "binary_cache", "msal_token_cache"))


def asks_for_a_scope_as_resource(evidence: Evidence) -> bool:
    """AADSTS500011 and its kin quote a resource: a name that ends like a scope was a typing error, not a resource."""
    match = _NAMED_RESOURCE.search(evidence.text)
    if not match:
        return False
    name = match[1].rstrip("/.,").lower()
    return name.endswith(("default", "user_impersonation", "/.read", ".read", "//")) or not re.search("[a-z0-9]", name)
