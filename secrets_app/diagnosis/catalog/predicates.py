"""Predicates on the evidence, for signatures whose phrases alone are ambiguous."""

import re

from secrets_app.diagnosis.evidence import Evidence
from secrets_app.diagnosis.normalize import squash

_BROKER_TAG = re.compile(r"error code: -?\d{5,12}, tag: \d{6,12}", re.IGNORECASE)
_NAMED_RESOURCE = re.compile(
    r"(?:resource\s(?:principal\s)?named|The\sresource|for\sresource|resource)\s{1,3}['\"]?([^\s'\"]{1,300}?)['\"]?\s(?:was|is|could|has)",
    re.IGNORECASE,
)

_AZURE = tuple(
    squash(words)
    for words in (
        "azure",
        "active directory",
        "[MsIdWeb]",
        "microsoft.identity",
        "microsoft.keyvault",
        "microsoft.extensions",
        "microsoftonline",
        "microsoft entra",
        "microsoft graph",
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
_SHORT_TEXT = 20
"""Maximum letters and digits of a text that consists of little more than the signature's phrase."""
_KUBERNETES_API = re.compile(
    r"""https?://[^\s"/]{1,253}/(?:apis/[\w.-]{1,100}|api)/v\d
      | (?<![\w.-])[\w-]{1,80}\.[\w.-]{1,200}\\?\s\\{0,3}"[\w./-]{1,253}\\{0,3}"\snot\sfound(?!\sin\b)
      | \b(?:secret|configmap|serviceaccount)s?\s\\?"[\w./-]{1,253}\\?"\s(?:not\sfound(?!\sin\b)|is\sforbidden)""",
    re.VERBOSE | re.IGNORECASE,
)
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
    """Whether the text mentions Azure at all; a generic phrase proves nothing in an unrelated text."""
    return (
        evidence.credential is not None
        or (evidence.exception or "").lower().startswith(_AZURE_MODULES)
        or any(words in evidence.squashed for words in _AZURE)
        or "azure" in evidence.frames
        or any(word in evidence.tokenized for word in _AZURE_WORDS)
    )


def about_vault(evidence: Evidence) -> bool:
    """Whether the text mentions a vault: other services have audiences, too."""
    return "vault" in evidence.squashed


def about_other_vault(evidence: Evidence) -> bool:
    """Whether the text is about HashiCorp Vault."""
    return "hashicorp" in evidence.squashed or "x-vault-token" in evidence.lower_text


def calls_kubernetes_api(evidence: Evidence) -> bool:
    """Whether the API server of a Kubernetes cluster refused, by the path of its URL or by its words."""
    return _KUBERNETES_API.search(evidence.text) is not None


def is_not_of_kubernetes(evidence: Evidence) -> bool:
    """Whether the words are not those of a Kubernetes API: its objects may be named like those of Azure."""
    return not calls_kubernetes_api(evidence)


def has_no_status(evidence: Evidence) -> bool:
    """Whether the text has no HTTP status, so that the endpoint may not have answered at all."""
    return evidence.status is None


def about_azure_or_short(evidence: Evidence) -> bool:
    """Whether the text mentions Azure, or is so short that only the library's message was pasted."""
    return about_azure(evidence) or len(evidence.squashed) <= _SHORT_TEXT


def is_program_output(evidence: Evidence) -> bool:
    """Whether the text is program output, not prose: it has an exception, a status, an OS error or a connection."""
    return (
        evidence.exception is not None
        or evidence.status is not None
        or any(mark in evidence.squashed for mark in _PROGRAM)
    )


def about_azure_calls(evidence: Evidence) -> bool:
    """Whether the text names a class, function or argument of the Azure libraries."""
    return about_azure(evidence) or any(word in evidence.squashed for word in _AZURE_CALLS)


def is_not_client_error(evidence: Evidence) -> bool:
    """Whether the HTTP status is unknown or not a client error (4xx)."""
    return evidence.status is None or evidence.status // 100 != 4


def failed_in_azure_cli(evidence: Evidence) -> bool:
    """Whether the stack trace runs through Azure CLI itself, so Azure CLI failed and not the calling program."""
    frames = evidence.frames.replace("\\", "/")
    return any(mark in frames for mark in ("azure-cli", "azure/cli", "/knack/"))


def failed_in_token_cache(evidence: Evidence) -> bool:
    """Whether the stack trace contains Azure CLI's token cache (msal_extensions)."""
    return any(mark in evidence.frames for mark in ("msal_extensions", "binary_cache", "msal_token_cache"))


def has_broker_tag(evidence: Evidence) -> bool:
    """Whether the text has an error of the Windows broker: a number and a tag."""
    return _BROKER_TAG.search(evidence.text) is not None


def resource_looks_like_scope(evidence: Evidence) -> bool:
    """Whether the resource quoted by AADSTS500011 and related errors ends like a scope, so the scope was mistyped."""
    match = _NAMED_RESOURCE.search(evidence.text)
    if not match:
        return False
    name = match[1].rstrip("/.,").lower()
    return name.endswith(("default", "user_impersonation", "/.read", ".read", "//")) or not re.search("[a-z0-9]", name)
